package main

import "strings"

// cold are packages that run too seldom in the customer's worker for inlining
// to be worth its bytes: without it the download is 75 kB smaller, and the
// arithmetic, hashes and prices keep theirs. A later pattern wins over an
// earlier one.
var cold = strings.Fields(`
	fmt reflect time strconv internal/strconv strings bytes sort slices maps errors context
	os io/fs path path/filepath bufio compress/... encoding/... unicode/... syscall
	internal/fmtsort internal/poll internal/reflectlite internal/godebug internal/bisect
	math/big crypto/cipher crypto/ed25519 crypto/internal/fips140/ed25519
	crypto/internal/fips140/edwards25519/... crypto/internal/fips140/aes/... crypto/internal/fips140/drbg
	golang.org/x/crypto/cryptobyte/... github.com/fxamacker/cbor/v2 github.com/x448/float16
	hushwatt/prover/worker hushwatt/prover/messages hushwatt/prover/plan
	hushwatt/meter/slots hushwatt/internal/wire hushwatt/wasm/prover`)

// sparing are the compiler's flags for a program. The reader's own work is
// reading, which stays fast.
func sparing(name string) []string {
	if name == "app" {
		return nil
	}
	var flags []string
	for _, pattern := range cold {
		flags = append(flags, "-gcflags="+pattern+"=-l")
	}
	flags = append(flags, "-gcflags=encoding/binary=")
	if name == "reader" {
		flags = append(flags, "-gcflags=hushwatt/meter/source=")
	}
	return flags
}
