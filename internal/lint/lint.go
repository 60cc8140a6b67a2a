// Package lint holds the rules of the house as tests, so that `go test` finds
// a breach the day it is written: which room may import which, no floating
// point where money and readings live, one source of time zones, one place for
// labels. It exports nothing.
package lint
