package meter

import (
	"bytes"
	"errors"
	"fmt"

	"hushwatt/internal/wire"
	"hushwatt/prover/ristretto"
)

// A Closing is a meter's end of a day for those who sum: the sealed record of the day
// with the head that signs it, and the commitments of the slots that were in no
// release. It opens nothing.
type Closing struct {
	_           struct{} `cbor:",toarray"`
	Meter       []byte   // id, 8 bytes
	Epoch       uint32
	Day         uint16
	Before      []byte   // day chain before the record
	Seals       []byte   // of the record
	Statuses    []byte   // of the record
	Head        []byte   // signed at the end of the day
	Slots       []uint16 // those in no release, ascending
	Commitments []byte   // of these slots, one after another
	Signature   []byte   // of the meter
}

// Bytes returns the form that DecodeClosing reads.
func (c *Closing) Bytes() []byte { return mustMarshal(c) }

// DecodeClosing reads a closing, which Registry.CheckClosing checks.
func DecodeClosing(data []byte) (*Closing, error) {
	var c Closing
	if err := wire.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("closing: %w", err)
	}
	return &c, nil
}

func (c *Closing) body() []byte {
	unsigned := *c
	unsigned.Signature = nil
	return mustMarshal(&unsigned)
}

// Closing closes a sealed day for the registry that sums a channel; released says of
// each slot whether the meter's reading was in a release. The record is the day's
// first version: what was sent in real time, whatever was corrected since.
func (m *Meter) Closing(day uint16, channel int, released []bool) (*Closing, error) {
	p, e := m.membershipOf(channel), m.epochOf(day)
	n := int(m.certificate.N)
	if p == nil || e == nil || len(released) != n {
		return nil, fmt.Errorf("day %s, %s: not sealed or not summed", DayText(day), channelText(channel))
	}
	i := int(day - e.export.First())
	seals, statuses, ciphertexts := e.export.day(i)
	keys := newWalker(e.root, 0, 0)
	opened, err := e.export.openRecord(keys, day, 0, seals, statuses, ciphertexts)
	if err != nil {
		return nil, err
	}
	c := &Closing{Meter: p.id, Epoch: e.export.Epoch(), Day: day, Before: e.export.before[i][:],
		Seals: seals, Statuses: statuses, Head: e.export.headOf(day).Bytes()}
	key, _ := keys.dayKey(day)
	for _, o := range opened.Channels {
		if o.Channel != channel {
			continue
		}
		for s, done := range released {
			if done {
				continue
			}
			opening := slotOpening(&key, channel, s, o.Wh[s], p.charter.Squares)
			c.Slots = append(c.Slots, uint16(s))
			c.Commitments = append(c.Commitments, commitSlot(n, s, &opening, p.charter.Squares)...)
		}
	}
	c.Signature = signClosing(m.key, c.body())
	return c, nil
}

// Closed is what a checked closing says of one channel.
type Closed struct {
	Place   int                // of the meter in the registry
	Seal    *ristretto.Element // V of version 0
	Squares *ristretto.Element // Q of version 0; nil in a registry without squares
	Slots   []uint16           // those in no release, ascending
	C, Q    []*ristretto.Element
}

// CheckClosing checks that a closing is of a meter of the registry, that its record is
// in the meter's day chain and all is signed.
func (r *Registry) CheckClosing(c *Closing) (*Closed, error) {
	i := r.Index(c.Meter)
	if i < 0 {
		return nil, ErrNotEnrolled
	}
	cert := &r.Meters[i].Certificate
	fail := func(what string) error {
		return fmt.Errorf("closing of meter %s on %s: %s", cert.Meter, DayText(c.Day), what)
	}
	sc := scope{cert, c.Epoch}
	head, err := ParseHead(c.Head)
	if err != nil {
		return nil, fail(err.Error())
	}
	if err := head.check(sc); err != nil {
		return nil, fail(err.Error())
	}
	if len(c.Before) != len(hash{}) || sc.checkSizes(1, c.Seals, c.Statuses) != nil {
		return nil, fail("record has the wrong size")
	}
	tip := sc.dayLink(hash(c.Before), c.Day, c.Seals, c.Statuses)
	switch {
	case !cert.validOn(c.Day, c.Day) || c.Day < r.First:
		return nil, fail("the meter is not certified or registered then")
	case head.Day != c.Day || !bytes.Equal(head.DayTip, tip[:]):
		return nil, fail("the head does not sign this record")
	case !verifyClosing(cert.Key, c.body(), c.Signature):
		return nil, fail("the meter did not sign it")
	}
	closed := &Closed{Place: i, Slots: c.Slots}
	if err := closed.decode(r, sc, c); err != nil {
		return nil, fail(err.Error())
	}
	return closed, nil
}

func (o *Closed) decode(r *Registry, sc scope, c *Closing) (err error) {
	channels := sc.certificate.channels()
	size := sc.sealsSize() / len(channels)
	for i, ch := range channels {
		if ch == int(r.Charter.Channel) {
			seal := part(c.Seals, i, size)
			if o.Seal, err = element(seal[:32]); err == nil && r.Charter.Squares {
				o.Squares, err = element(seal[32:])
			}
		}
	}
	if err != nil {
		return err
	}
	size = r.Charter.commitmentsSize()
	if len(c.Commitments) != size*len(c.Slots) {
		return errors.New("not as many commitments as slots")
	}
	for i, s := range c.Slots {
		if s >= r.Charter.N || i > 0 && s <= c.Slots[i-1] {
			return errors.New("slots are out of order or do not exist")
		}
		at := &SlotRecord{Commitments: part(c.Commitments, i, size)}
		e, q, err := at.Elements()
		if err != nil {
			return err
		}
		o.C = append(o.C, e)
		if q != nil {
			o.Q = append(o.Q, q)
		}
	}
	return nil
}

func element(b []byte) (*ristretto.Element, error) {
	e := ristretto.NewElement()
	return e, e.Decode(b)
}
