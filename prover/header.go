package prover

import (
	"crypto/sha256"
	"encoding/binary"

	"hushwatt/internal/wire"
	"hushwatt/meter"
)

// header is every public input of a submission's proof, in a fixed order
// (docs/protocol.md, section 4.2). Its encoding names the session in which the
// proof is made; a proof under another header does not verify.
type header struct {
	_        struct{} `cbor:",toarray"`
	Suite    string
	Kind     Kind
	Supplier [32]byte // hash of the supplier's key, zeros if nobody asked
	Request  [32]byte
	Segments []headerSegment
	Period   Period
	Tariffs  [][32]byte
	Weights  [32]byte
	Policy   StatusPolicy
	Outputs  []Output
	ID       [16]byte // of the submission, so that no one else can rename it
}

type headerSegment struct {
	_         struct{} `cbor:",toarray"`
	Authority [32]byte // hash of the authority's key
	Meter     string
	Epoch     uint32
	N         uint16
	Cap       uint32
	First     uint16 // first and last UTC day
	Last      uint16
	Heads     [32]byte // hash of the two heads' bytes
}

// headerOf returns the header's bytes for a submission that answers r.
func headerOf(r *Request, s *Submission, segments []*meter.Checked) []byte {
	h := header{
		Suite:    Suite,
		Kind:     r.Terms.Kind,
		Supplier: r.Supplier.Hash(),
		Request:  s.Request,
		Period:   r.Terms.Period,
		Tariffs:  r.Terms.Tariffs,
		Weights:  r.Weights,
		Policy:   r.Terms.Policy,
		Outputs:  s.Outputs,
		ID:       s.ID,
	}
	for _, c := range segments {
		h.Segments = append(h.Segments, headerSegment{
			Authority: c.Authority, Meter: c.Meter, Epoch: c.Epoch, N: uint16(c.N), Cap: c.Cap,
			First: c.First, Last: c.Last, Heads: headsHash(c.PeriodHead.Bytes(), c.StateHead.Bytes()),
		})
	}
	return mustMarshal(&h)
}

// headsHash returns SHA-256(label ‖ u32be length ‖ period head ‖ state head).
func headsHash(period, state []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte(wire.LabelHeads))
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(period))))
	h.Write(period)
	h.Write(state)
	return [32]byte(h.Sum(nil))
}
