package aggregate

import (
	"bytes"
	"errors"
	"fmt"

	"hushwatt/internal/wire"
	"hushwatt/meter"
	"hushwatt/prover/ristretto"
)

// Points are what an authority publishes when a sum was wrong: u·G_s + v·H for its
// share (u, v) of every meter that was counted. They hide the shares as the meters'
// commitments hide the readings. The shares themselves are never shown, not even one
// that is disputed: whoever holds the others would read a home.
type Points struct {
	_         struct{} `cbor:",toarray"`
	Presence  []byte   // hash
	Party     uint8
	C         []byte // elements in order of places, one after another
	Q         []byte // likewise of squares; empty in a registry without
	Signature []byte
}

// Bytes returns the form that DecodePoints reads.
func (p *Points) Bytes() []byte { return mustMarshal(p) }

// DecodePoints reads points; Blame checks them.
func DecodePoints(data []byte) (*Points, error) {
	var p Points
	if err := wire.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("points: %w", err)
	}
	return &p, nil
}

func (p *Points) body() []byte {
	unsigned := *p
	unsigned.Signature = nil
	return mustMarshal(&unsigned)
}

// Check checks that points are those of the party in a place of the charter for a
// presence, one for each meter; whether they are right, Blame finds.
func (p *Points) Check(r *meter.Registry, of *meter.Presence, party int) error {
	name, hash := r.Charter.Parties[party].Name, of.Hash()
	if int(p.Party) != party || !bytes.Equal(p.Presence, hash[:]) || !verifyPoints(r.Charter.Parties[party].Key, p) {
		return fmt.Errorf("points of %s: not signed by it for this slot", name)
	}
	lists := [][]byte{p.C}
	if r.Charter.Squares {
		lists = append(lists, p.Q)
	}
	for _, list := range lists {
		if _, err := decodePoints(list, of.Meters.Count()); err != nil {
			return fmt.Errorf("points of %s: %w", name, err)
		}
	}
	return nil
}

// Points returns this authority's points for a slot to which it has contributed.
func (a *Authority) Points(p *meter.Presence) (*Points, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	contributed, err := a.store.Get(slotKey("contribution", p.Day, p.Slot))
	if err != nil {
		return nil, err
	}
	if contributed == nil {
		return nil, errors.New("points: nothing was contributed to this slot")
	}
	if err := a.fix(p); err != nil {
		return nil, err
	}
	arrivals, err := a.counting(p)
	if err != nil {
		return nil, err
	}
	hash := p.Hash()
	out := &Points{Presence: hash[:], Party: uint8(a.keys.party)}
	base := ristretto.Slot(int(a.registry.Charter.N), int(p.Slot))
	for _, r := range arrivals {
		out.C = sharePoint(base, r.share.Wh, &r.share.Blinding).Append(out.C)
		if a.registry.Charter.Squares {
			out.Q = sharePoint(base, r.share.Squared, &r.share.BlindingQ).Append(out.Q)
		}
	}
	out.Signature = signPoints(a.key.signing, out)
	return out, nil
}

// sharePoint returns u·G_s + v·H in constant time.
func sharePoint(base *ristretto.Base, u uint64, v *ristretto.Scalar) *ristretto.Element {
	var k ristretto.Scalar
	e := base.Mul(k.SetUint64(u))
	return e.Add(e, ristretto.H().Mul(v))
}

// A Culprit is who made a sum wrong: an authority whose sum is not that of its own
// points, or a meter whose shares do not open its commitment. In the latter case an
// authority may have framed the meter by a wrong point; the meter knows which one,
// and nobody else can find out without reading it.
type Culprit struct {
	Party string // name of an authority, or
	Meter string // name of a meter
}

// Blame finds out from the points of all authorities who made a slot's sums wrong.
func Blame(r *meter.Registry, p *meter.Presence, records [][]byte, contributions []*Contribution, points []*Points) ([]Culprit, error) {
	if len(points) != len(r.Charter.Parties) || len(contributions) != len(points) || len(records) != p.Meters.Count() {
		return nil, errors.New("blame: contributions and points of all authorities are needed, and all records")
	}
	j := &judge{registry: r, presence: p, base: ristretto.Slot(int(r.Charter.N), int(p.Slot)), sets: Released(r, p.Meters)}
	for _, b := range records {
		record, err := meter.DecodeSlotRecord(b, &r.Charter)
		if err != nil {
			return nil, err
		}
		c, q, err := record.Elements()
		if err != nil {
			return nil, err
		}
		j.places = append(j.places, r.Index(record.Meter))
		j.c, j.q = append(j.c, c), append(j.q, q)
	}
	var culprits []Culprit
	for i := range points {
		honest, err := j.party(i, contributions[i], points[i])
		if err != nil {
			return nil, err
		}
		if !honest {
			culprits = append(culprits, Culprit{Party: r.Charter.Parties[i].Name})
		}
	}
	for i, place := range j.places {
		if !j.meter(i) {
			culprits = append(culprits, Culprit{Meter: r.Meters[place].Certificate.Meter})
		}
	}
	return culprits, nil
}

// judge compares points with what they should add up to.
type judge struct {
	registry *meter.Registry
	presence *meter.Presence
	base     *ristretto.Base
	sets     []Releasable
	places   []int
	c, q     []*ristretto.Element   // the meters' commitments
	pc, pq   [][]*ristretto.Element // by party and meter: points
}

// party reports whether an authority's sums are those of its points.
func (j *judge) party(i int, c *Contribution, p *Points) (bool, error) {
	name, hash := j.registry.Charter.Parties[i].Name, j.presence.Hash()
	if int(p.Party) != i || !bytes.Equal(p.Presence, hash[:]) || !verifyPoints(j.registry.Charter.Parties[i].Key, p) {
		return false, fmt.Errorf("points of %s: not signed by it for this slot", name)
	}
	pc, err := decodePoints(p.C, len(j.places))
	if err != nil {
		return false, fmt.Errorf("points of %s: %w", name, err)
	}
	j.pc, j.pq = append(j.pc, pc), append(j.pq, nil)
	if j.registry.Charter.Squares {
		if j.pq[i], err = decodePoints(p.Q, len(j.places)); err != nil {
			return false, fmt.Errorf("points of %s: %w", name, err)
		}
	}
	shares, err := c.check(j.registry, j.presence, i, j.sets)
	if err != nil {
		return false, err
	}
	for k := range j.sets {
		s := &j.sets[k]
		if !j.addsUp(s, pc, shares[k].Wh, &shares[k].Blinding) ||
			s.Squares && !j.addsUp(s, j.pq[i], shares[k].Squared, &shares[k].BlindingQ) {
			return false, nil
		}
	}
	return true, nil
}

func decodePoints(b []byte, count int) ([]*ristretto.Element, error) {
	if len(b) != count*ristretto.ElementSize {
		return nil, errors.New("not one for each meter")
	}
	list := make([]*ristretto.Element, count)
	for i := range list {
		list[i] = ristretto.NewElement()
		if err := list[i].Decode(b[i*ristretto.ElementSize:][:ristretto.ElementSize]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// addsUp reports whether the points of a set are u·G_s + v·H, u being known mod 2^64.
func (j *judge) addsUp(s *Releasable, points []*ristretto.Element, u uint64, v *ristretto.Scalar) bool {
	rest := ristretto.NewElement().Neg(sharePoint(j.base, u, v))
	for i, place := range j.places {
		if s.Meters.Has(place) {
			rest.Add(rest, points[i])
		}
	}
	return j.carries(rest, s.Count)
}

// meter reports whether the points of all authorities add up to a meter's commitments.
func (j *judge) meter(i int) bool {
	c := ristretto.NewElement().Neg(j.c[i])
	for _, p := range j.pc {
		c.Add(c, p[i])
	}
	if !j.carries(c, len(j.pc)) {
		return false
	}
	if j.q[i] == nil {
		return true
	}
	q := ristretto.NewElement().Neg(j.q[i])
	for _, p := range j.pq {
		q.Add(q, p[i])
	}
	return j.carries(q, len(j.pq))
}

// carries reports whether e is m·2^64·G_s for some 0 ≤ m < terms.
func (j *judge) carries(e *ristretto.Element, terms int) bool {
	var k ristretto.Scalar
	k.SetUint64(1 << 32)
	step := j.base.Mul(k.Mul(&k, &k))
	rest := ristretto.NewElement().Set(e)
	for range terms {
		if rest.IsIdentity() {
			return true
		}
		rest.Sub(rest, step)
	}
	return false
}
