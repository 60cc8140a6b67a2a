// Package bench measures what bills cost: to seal, to prove, to verify one by one
// and in batches, natively and in WebAssembly, and the same with the obvious way
// instead of day seals, one Pedersen commitment per reading. The program in report
// runs it all, with benchmarks of sums, files and sealing that are beside their
// code, and writes docs/benchmarks.md. It exports nothing.
package bench
