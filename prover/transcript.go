package prover

import (
	"crypto/sha3"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"

	"hushwatt/internal/wire"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// The order of a claim's transcript (docs/protocol.md, section 4.2). What the
// prover sends is absorbed in the order in which it stands in the proof:
//
//	session id      the tag and the header: every public input of the exchange
//	statement       columns, rows, functionals, weights' hash, seals, ranges
//	X_j, Y_j, A, S  → y, z (only with ranges)
//	and with hidden vectors, where ranges are digits and A, S are left out:
//	  rows          → λ, τ_1 … τ_m
//	  A_i1 … A_i4   → s_i, round by round of the zero-check
//	  Q, W, Z
//	                → ω
//	A_i0, A_i2      → r_i, round by round
//	relation, T     → e
//	responses, T_1, T_2 → x     from here on only with ranges
//	τ_x, μ, t̂       → w
//	L_i, R_i        → u_i
//	a, b

// sessionID binds a proof to its header, the canonical bytes of every public
// input.
func sessionID(header []byte) []byte {
	tag := append([]byte(wire.TagClaim), 0)
	return sigma.DeriveSessionID(append(tag, header...))
}

// statement returns the bytes that are absorbed before any commitment. Its
// layout is that of docs/protocol.md, section 4.3.
func (c *Claim) statement(seals []sigma.Point) []byte {
	le, f := binary.LittleEndian, c.form
	b := le.AppendUint32(nil, uint32(len(f.columns.kinds)))
	for _, n := range f.columns.kinds {
		b = le.AppendUint32(b, uint32(n))
	}
	b = le.AppendUint32(b, uint32(len(c.rows)))
	b = le.AppendUint32(b, uint32(len(c.functionals)))
	b = append(b, f.hash[:]...)
	for _, v := range seals {
		b = v.Append(b)
	}
	b = le.AppendUint32(b, uint32(len(f.sent)))
	b = le.AppendUint32(b, uint32(len(f.ranges)))
	for _, r := range f.ranges {
		b = c.appendCommitment(b, r.l)
		b = appendUint256(b, r.bound)
		b = le.AppendUint32(b, uint32(r.width))
	}
	return f.vector.appendStatement(b)
}

// requirements returns what the claim requires beyond its ranges: reveals, linear
// requirements, products. In the transcript the relation holds them.
func (c *Claim) requirements() (b []byte) {
	le, f := binary.LittleEndian, c.form
	for _, group := range [][]Linear{f.reveals, f.zeros} {
		b = le.AppendUint32(b, uint32(len(group)))
		for _, l := range group {
			b = c.appendCommitment(b, l)
		}
	}
	b = le.AppendUint32(b, uint32(len(f.products)))
	for _, p := range f.products {
		b = c.appendCommitment(b, p.z)
		b = c.appendCommitment(b, p.x)
		b = c.appendCommitment(b, p.y)
	}
	return b
}

// appendCommitment appends Com(l): the number of its terms, then each as index
// and coefficient.
func (c *Claim) appendCommitment(b []byte, l Linear) []byte {
	ts := c.commitment(l)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(ts)))
	for _, t := range ts {
		b = binary.LittleEndian.AppendUint32(b, uint32(t.index))
		b = t.k.Append(b)
	}
	return b
}

// committed is one term of a commitment to an expression: k times the element
// of that index, where 0 is G, 1 … J are the X_j, and then come the Y_j.
type committed struct {
	index int
	k     ristretto.Scalar
}

// commitment returns Com(l) as a combination of what is committed to, in order
// of index, without zero coefficients.
func (c *Claim) commitment(l Linear) []committed {
	ts := make([]committed, 0, len(l.parts)+1)
	if l.c().Sign() != 0 {
		ts = append(ts, committed{k: publicScalar(l.c())})
	}
	for _, p := range l.parts {
		i := 1 + p.atom.i
		if p.atom.secret {
			i = 1 + len(c.functionals) + c.form.place[p.atom.i]
		}
		ts = append(ts, committed{i, publicScalar(p.k)})
	}
	return ts
}

func publicScalar(v *big.Int) (k ristretto.Scalar) {
	k.SetBig(v)
	return k
}

// appendUint256 appends v, 0 ≤ v < 2^256, as 32 little-endian bytes.
func appendUint256(b []byte, v *big.Int) []byte {
	var buf [32]byte
	publicInt(v).put(buf[:])
	return append(b, buf[:]...)
}

// nonces returns the stream from which a prover draws everything random, 64
// bytes a scalar, in order of use. It hangs on the secrets and on everything that
// is claimed as well as on fresh bytes, so neither a broken generator nor a
// repeated state can give two claims the same nonces.
func (c *Claim) nonces(w *witness, session, statement []byte, rand io.Reader) (io.Reader, error) {
	var fresh [32]byte
	if _, err := io.ReadFull(rand, fresh[:]); err != nil {
		return nil, fmt.Errorf("fresh randomness: %w", err)
	}
	secret := w.bytes()
	h := sha3.NewSHAKE256()
	h.Write([]byte(wire.LabelNonce))
	h.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(secret))))
	h.Write(secret)
	h.Write(session)
	h.Write(statement)
	h.Write(c.requirements())
	h.Write(fresh[:])
	return h, nil
}
