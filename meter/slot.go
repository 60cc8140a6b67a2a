package meter

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"hushwatt/internal/wire"
	"hushwatt/prover/ristretto"
)

// A SlotRecord is what a meter sends when a slot ends: what it commits to, and what
// the last authority needs to open it together with the others. It has at most 246
// bytes.
type SlotRecord struct {
	_           struct{} `cbor:",toarray"`
	Meter       []byte   // id of its enrolment, 8 bytes
	Day         uint16   // since 1970-01-01 UTC
	Slot        uint16   // 0 … n−1
	Commitments []byte   // C, or C ‖ Q
	Share       []byte   // for A_k, encrypted; empty in a masking registry
	Signature   []byte   // of the meter
}

// DecodeSlotRecord reads a record of a registry founded by the charter. Whose it is
// and whether it is signed is for Registry.CheckRecord.
func DecodeSlotRecord(data []byte, c *Charter) (*SlotRecord, error) {
	var r SlotRecord
	if err := wire.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("slot record: %w", err)
	}
	switch {
	case len(r.Meter) != IDSize:
		return nil, fmt.Errorf("slot record: meter of %d bytes", len(r.Meter))
	case r.Slot >= c.N:
		return nil, fmt.Errorf("slot record: %w: slot %d of a day of %d", ErrMixedSlots, r.Slot, c.N)
	case len(r.Commitments) != c.commitmentsSize():
		return nil, fmt.Errorf("slot record: %d bytes of commitments instead of %d", len(r.Commitments), c.commitmentsSize())
	case len(r.Share) != c.shareSize():
		return nil, fmt.Errorf("slot record: share of %d bytes instead of %d", len(r.Share), c.shareSize())
	}
	return &r, nil
}

// Bytes returns the form that DecodeSlotRecord reads.
func (r *SlotRecord) Bytes() []byte { return mustMarshal(r) }

// RecordHash returns the hash by which presence names a record.
func RecordHash(record []byte) [32]byte { return sha256.Sum256(record) }

// MessageID returns what a message stream may tell records apart by: equal for the
// same bytes sent again, different for two records of one slot, which must both
// arrive.
func MessageID(record []byte) string {
	h := RecordHash(record)
	return hex.EncodeToString(h[:16])
}

func (r *SlotRecord) body() []byte {
	unsigned := *r
	unsigned.Signature = nil
	return mustMarshal(&unsigned)
}

// header is what a share authenticates besides itself.
func (r *SlotRecord) header() []byte {
	bare := *r
	bare.Share, bare.Signature = nil, nil
	return mustMarshal(&bare)
}

// PeekSlotRecord returns the id and the commitments of a record that was decoded and
// checked before, several times faster than decoding it again.
func PeekSlotRecord(record []byte, c *Charter) (id, commitments []byte, err error) {
	const head = 3 // of the array, and of the byte string of 8
	at := head - 1 + IDSize
	for range 2 { // day and slot: an integer of one, two or three bytes
		if at >= len(record) {
			return nil, nil, errPeek
		}
		at += 1 + int([...]byte{0x18: 1, 0x19: 2, 0x1f: 0}[record[at]&0x1f])
	}
	at += 2 // of the byte string of 32 or 64
	if at+c.commitmentsSize() > len(record) {
		return nil, nil, errPeek
	}
	return record[head-1 : head-1+IDSize], record[at : at+c.commitmentsSize()], nil
}

var errPeek = errors.New("not a slot record")

// Elements decodes the commitments: C, and Q or nil.
func (r *SlotRecord) Elements() (c, q *ristretto.Element, err error) {
	return Elements(r.Commitments)
}

// Elements decodes C, or C ‖ Q.
func Elements(commitments []byte) (c, q *ristretto.Element, err error) {
	c = ristretto.NewElement()
	if err := c.Decode(commitments[:32]); err != nil {
		return nil, nil, fmt.Errorf("slot record: C: %w", err)
	}
	if len(commitments) == 64 {
		q = ristretto.NewElement()
		if err := q.Decode(commitments[32:]); err != nil {
			return nil, nil, fmt.Errorf("slot record: Q: %w", err)
		}
	}
	return c, q, nil
}

// slotOpening is a slot's reading with what opens its commitments.
func slotOpening(key *node, channel, slot int, wh uint32, squares bool) Share {
	s := Share{Wh: uint64(wh)}
	newSlotBlinding(wire.LabelBlind, key, channel, 0).at(&s.Blinding, slot, wh)
	if squares {
		s.Squared = uint64(wh) * uint64(wh)
		newSlotBlinding(wire.LabelBlindSq, key, channel, 0).at(&s.BlindingQ, slot, wh)
	}
	return s
}

// commitSlot returns C, or C ‖ Q, in constant time.
func commitSlot(n, slot int, o *Share, squares bool) []byte {
	base := ristretto.Slots(n)[slot : slot+1]
	c := ristretto.CombineShort(base, []uint32{uint32(o.Wh)})
	b := c.Add(c, ristretto.H().Mul(&o.Blinding)).Append(make([]byte, 0, 64))
	if squares {
		q := ristretto.CombineSquares(base, []uint64{o.Squared})
		b = q.Add(q, ristretto.H().Mul(&o.BlindingQ)).Append(b)
	}
	return b
}

// slotRecord makes the record of a slot. K_d is the day key.
func (p *membership) slotRecord(m *Meter, key *node, day uint16, slot int, wh uint32) (*SlotRecord, error) {
	c := p.charter
	opening := slotOpening(key, int(c.Channel), slot, wh, c.Squares)
	r := &SlotRecord{Meter: p.id, Day: day, Slot: uint16(slot), Commitments: commitSlot(int(c.N), slot, &opening, c.Squares)}
	if !c.Masking() {
		rest := opening
		last := len(p.keys) - 1
		for _, k := range p.keys[:last] {
			s, err := k.Derive(r)
			if err != nil {
				return nil, err
			}
			rest.Sub(&s)
		}
		if err := p.keys[last].seal(r, &rest, c.Squares); err != nil {
			return nil, err
		}
	}
	r.Signature = signSlot(m.key, r.body())
	return r, nil
}
