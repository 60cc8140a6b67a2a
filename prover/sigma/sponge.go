// Package sigma proves knowledge of secret scalars that satisfy a system of
// linear equations between group elements. It follows the CFRG drafts on
// Fiat–Shamir and on sigma proofs for linear relations (editors' copies of
// August 2026): duplex sponge over SHAKE128, codecs, relations with
// coefficients, batchable and compact proofs. A proof can also run inside a
// sponge that already holds a larger protocol, as Hushwatt's claims need it.
package sigma

import "crypto/sha3"

const (
	// SessionSize is the length of a session identifier in bytes.
	SessionSize = 32

	rate    = 168                                // block size of SHAKE128
	sidSeed = "irtf-cfrg-fiat-shamir/session-id" // 32 bytes, separates DeriveSessionID
)

// Sponge is the duplex sponge of draft-irtf-cfrg-fiat-shamir: prover messages
// are absorbed, challenges are squeezed, in any order. Absorbing inserts no
// separators, so what is absorbed must be prefix-free by itself.
type Sponge struct {
	in  sha3.SHAKE  // everything absorbed so far, never finalised
	out *sha3.SHAKE // the output stream while squeezing, else nil
}

// NewSponge starts a sponge for the 32-byte session identifier. It panics on
// another length: an identifier is made by the program, never received.
func NewSponge(sessionID []byte) *Sponge {
	if len(sessionID) != SessionSize {
		panic("sigma: a session identifier is 32 bytes")
	}
	// The identifier fills one block of its own.
	var block [rate]byte
	copy(block[:], sessionID)
	s := &Sponge{in: *sha3.NewSHAKE128()}
	s.in.Write(block[:])
	return s
}

// DeriveSessionID maps a tag, a byte string that names application, version,
// suite, flavour and context, to a 32-byte session identifier.
func DeriveSessionID(tag []byte) []byte {
	s := NewSponge([]byte(sidSeed))
	s.Absorb(tag)
	return s.Squeeze(SessionSize)
}

// Absorb adds b to the transcript. Nothing happens if b is empty.
func (s *Sponge) Absorb(b []byte) {
	if len(b) == 0 {
		return
	}
	s.in.Write(b)
	s.out = nil
}

// Squeeze returns the next n bytes. They depend on everything absorbed so far;
// squeezing again without absorbing continues the same stream.
func (s *Sponge) Squeeze(n int) []byte {
	if s.out == nil {
		// Finalise a copy: the original goes on absorbing.
		stream := s.in
		s.out = &stream
	}
	b := make([]byte, n)
	s.out.Read(b)
	return b
}
