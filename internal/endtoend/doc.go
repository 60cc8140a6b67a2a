// Package endtoend holds the tests that run across rooms: the bill that is
// quoted, the bill that is proven and verified, and the bill of a slow oracle
// that shares no code with either must agree to the penny, on real meter files.
// It exports nothing.
package endtoend
