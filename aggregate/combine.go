package aggregate

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"hushwatt/internal/wire"
	"hushwatt/meter"
	"hushwatt/prover/ristretto"
)

// A SlotFile is everything that is public about one slot of a registry, and enough
// to check its releases: registry, presence, the records that were counted and what
// was released.
type SlotFile struct {
	_        struct{} `cbor:",toarray"`
	Format   string
	Registry meter.Registry
	Presence meter.Presence
	Records  [][]byte // in order of places
	Releases []Release
}

// Bytes returns the form that ParseSlotFile reads.
func (f *SlotFile) Bytes() []byte { return mustMarshal(f) }

// Start returns when the slot begins, in Unix seconds; 0 in a file that would not
// verify.
func (f *SlotFile) Start() int64 {
	if f.Registry.Charter.N == 0 {
		return 0
	}
	return int64(f.Presence.Day)*secondsPerDay + int64(f.Presence.Slot)*secondsPerDay/int64(f.Registry.Charter.N)
}

// ParseSlotFile reads a release file; Verify says what it is worth.
func ParseSlotFile(data []byte) (*SlotFile, error) {
	var f SlotFile
	if err := wire.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("release file: %w", err)
	}
	if f.Format != wire.LabelRelease {
		return nil, errors.New("release file: not a hushwatt release file")
	}
	return &f, nil
}

// Verify checks a release file from what is in it: that the meter authorities that it
// leads to are trusted, everything is signed by whom it should be, the sets released
// are those that the rules allow, and every sum opens the meters' commitments.
func (f *SlotFile) Verify(trusted []meter.Authority) error {
	if err := f.Registry.Check(); err != nil {
		return err
	}
	if err := checkIssuer(&f.Registry, trusted); err != nil {
		return err
	}
	return f.VerifyIn(&f.Registry)
}

// VerifyIn is Verify for those who have checked the registry before.
func (f *SlotFile) VerifyIn(r *meter.Registry) error {
	if f.Registry.Hash() != r.Hash() {
		return errors.New("release file: of another registry")
	}
	if err := f.Presence.Check(r); err != nil {
		return err
	}
	counted, err := f.checkRecords(r)
	if err != nil {
		return err
	}
	return counted.checkReleases(f.Releases)
}

func checkIssuer(r *meter.Registry, trusted []meter.Authority) error {
	issuer, err := r.Charter.IssuedBy()
	if err != nil {
		return err
	}
	if slices.Contains(trusted, issuer) {
		return nil
	}
	return fmt.Errorf("registry %s: the issuer of its charter is not trusted", r.Charter.Registry)
}

// checkRecords checks that the records are those that the presence counts, each
// signed by its meter.
func (f *SlotFile) checkRecords(reg *meter.Registry) (*counted, error) {
	c := newCounted(reg, &f.Presence)
	hashes := make([][32]byte, len(f.Records))
	for i, b := range f.Records {
		a, r, err := checkRecord(reg, b)
		if err != nil {
			return nil, err
		}
		if i > 0 && a.Place <= c.places[i-1] || !f.Presence.Meters.Has(a.Place) || r.Day != f.Presence.Day || r.Slot != f.Presence.Slot {
			return nil, fmt.Errorf("record of meter %s is out of order or not counted", reg.Meters[a.Place].Certificate.Meter)
		}
		hashes[i] = a.Hash
		if err := c.add(a.Place, r.Commitments); err != nil {
			return nil, err
		}
	}
	if len(f.Records) != f.Presence.Meters.Count() || !bytes.Equal(meter.CountedHash(hashes), f.Presence.Records) {
		return nil, errors.New("the records are not those that the presence counts")
	}
	return c, nil
}

// counted are the commitments that a slot's presence counts.
type counted struct {
	registry *meter.Registry
	presence *meter.Presence
	places   []int
	c, q     []ristretto.Element
}

// newCounted has room for what a presence of the registry counts.
func newCounted(r *meter.Registry, p *meter.Presence) *counted {
	n := p.Meters.Count()
	c := &counted{registry: r, presence: p, places: make([]int, 0, n), c: make([]ristretto.Element, 0, n)}
	if r.Charter.Squares {
		c.q = make([]ristretto.Element, 0, n)
	}
	return c
}

// add decodes a record's commitments.
func (c *counted) add(place int, commitments []byte) error {
	e, q, err := meter.Elements(commitments)
	if err != nil {
		return err
	}
	c.places, c.c = append(c.places, place), append(c.c, *e)
	if q != nil {
		c.q = append(c.q, *q)
	}
	return nil
}

// totals adds up the commitments of the present meters of a set.
func (c *counted) totals(s *Releasable) *totals {
	t := &totals{c: ristretto.NewElement(), q: ristretto.NewElement(),
		n: int(c.registry.Charter.N), slot: int(c.presence.Slot), meters: s.Count}
	for i, place := range c.places {
		if !s.Meters.Has(place) {
			continue
		}
		most := uint64(c.registry.Meters[place].Certificate.Cap)
		t.most, t.mostSq = t.most+most, t.mostSq+most*most
		t.c.Add(t.c, &c.c[i])
		if s.Squares {
			t.q.Add(t.q, &c.q[i])
		}
	}
	return t
}

// Errors of a release file.
var (
	ErrNotReleasable = errors.New("the rules do not allow its release in this slot")
	ErrReleasedTwice = errors.New("released twice or out of order")
)

// checkReleases checks releases, ascending by set, against the commitments.
func (c *counted) checkReleases(releases []Release) error {
	allowed := map[string]*Releasable{}
	for _, s := range Released(c.registry, c.presence.Meters) {
		allowed[s.Set] = &s
	}
	for i := range releases {
		r := &releases[i]
		s := allowed[r.Set]
		switch {
		case i > 0 && r.Set <= releases[i-1].Set:
			return fmt.Errorf("set %s: %w", r.Set, ErrReleasedTwice)
		case s == nil:
			return fmt.Errorf("set %s: %w", r.Set, ErrNotReleasable)
		case len(r.Squares) > 1 || (len(r.Squares) == 1) != s.Squares:
			return fmt.Errorf("set %s: squares: %w", r.Set, ErrNotReleasable)
		}
		if err := c.totals(s).check(r); err != nil {
			return err
		}
	}
	return nil
}

// Combine puts the authorities' contributions together: the file with all releases of
// the slot, each checked against the commitments before it is given out. records are
// those that the presence counts, which the caller has checked on arrival. If the sums
// are wrong it returns ErrWrongSum, and nothing is released: points say who lied.
func Combine(r *meter.Registry, p *meter.Presence, records [][]byte, contributions []*Contribution) (*SlotFile, error) {
	sets, sums, err := together(r, p, contributions)
	if err != nil {
		return nil, err
	}
	return release(r, p, records, sets, sums)
}

// together adds up the contributions of all authorities to a presence.
func together(r *meter.Registry, p *meter.Presence, contributions []*Contribution) ([]Releasable, []meter.Share, error) {
	if err := p.Check(r); err != nil {
		return nil, nil, err
	}
	sets := Released(r, p.Meters)
	sums := make([]meter.Share, len(sets))
	if len(contributions) != len(r.Charter.Parties) {
		return nil, nil, fmt.Errorf("%d contributions of %d authorities", len(contributions), len(r.Charter.Parties))
	}
	for i, c := range contributions {
		shares, err := c.check(r, p, i, sets)
		if err != nil {
			return nil, nil, err
		}
		for j := range sums {
			sums[j].Add(&shares[j])
		}
	}
	return sets, sums, nil
}

// Remaining is Combine for a slot in which Blame names nobody: a meter has committed to
// what it cannot measure. The file has those sets whose sums are right. among are the
// smallest of the others, by name: each holds such a meter. No meter is summed that the
// rules would not sum, and no set is cut: what is released is part of what would have
// been (docs/notes.md).
func Remaining(r *meter.Registry, p *meter.Presence, records [][]byte, contributions []*Contribution) (f *SlotFile, among []string, err error) {
	sets, sums, err := together(r, p, contributions)
	if err != nil {
		return nil, nil, err
	}
	c, err := decodeRecords(r, p, records)
	if err != nil {
		return nil, nil, err
	}
	f = &SlotFile{Format: wire.LabelRelease, Registry: *r, Presence: *p, Records: records}
	var wrong []Releasable
	for i := range sets {
		release := newRelease(&sets[i], &sums[i])
		switch err := c.totals(&sets[i]).check(&release); {
		case err == nil:
			f.Releases = append(f.Releases, release)
		case errors.Is(err, ErrWrongSum):
			wrong = append(wrong, sets[i])
		default:
			return nil, nil, err
		}
	}
	for i := range wrong {
		smaller := func(o Releasable) bool {
			return o.Count < wrong[i].Count && o.Meters.AndNot(wrong[i].Meters).Count() == 0
		}
		if !slices.ContainsFunc(wrong, smaller) {
			among = append(among, wrong[i].Set)
		}
	}
	return f, among, nil
}

// release checks sums and makes the file.
func release(r *meter.Registry, p *meter.Presence, records [][]byte, sets []Releasable, sums []meter.Share) (*SlotFile, error) {
	c, err := decodeRecords(r, p, records)
	if err != nil {
		return nil, err
	}
	f := &SlotFile{Format: wire.LabelRelease, Registry: *r, Presence: *p, Records: records}
	for i := range sets {
		f.Releases = append(f.Releases, newRelease(&sets[i], &sums[i]))
	}
	if err := c.checkReleases(f.Releases); err != nil {
		return nil, err
	}
	return f, nil
}

// decodeRecords decodes records that were checked when they came.
func decodeRecords(r *meter.Registry, p *meter.Presence, records [][]byte) (*counted, error) {
	c := newCounted(r, p)
	for i, b := range records {
		id, commitments, err := meter.PeekSlotRecord(b, &r.Charter)
		if err != nil {
			return nil, err
		}
		place := r.Index(id)
		if place < 0 || i > 0 && place <= c.places[i-1] || !p.Meters.Has(place) {
			return nil, errors.New("the records are not those that the presence counts")
		}
		if err := c.add(place, commitments); err != nil {
			return nil, err
		}
	}
	if len(records) != p.Meters.Count() {
		return nil, errors.New("the records are not those that the presence counts")
	}
	return c, nil
}

// Check checks that a contribution is that of the party in a place of the charter to a
// presence, in its form; whether it is right, Combine finds.
func (c *Contribution) Check(r *meter.Registry, p *meter.Presence, party int) error {
	_, err := c.check(r, p, party, Released(r, p.Meters))
	return err
}

// check returns the shares of a contribution after checking who gave them for what.
func (c *Contribution) check(r *meter.Registry, p *meter.Presence, party int, sets []Releasable) ([]meter.Share, error) {
	name := r.Charter.Parties[party].Name
	hash := p.Hash()
	switch {
	case int(c.Party) != party || !bytes.Equal(c.Presence, hash[:]) || len(c.Sums) != len(sets):
		return nil, fmt.Errorf("contribution of %s: for another presence, party or sets", name)
	case !verifyContribution(r.Charter.Parties[party].Key, c):
		return nil, fmt.Errorf("contribution of %s: not signed by it", name)
	}
	shares := make([]meter.Share, len(sets))
	for i := range sets {
		if c.Sums[i].Set != sets[i].Set {
			return nil, fmt.Errorf("contribution of %s: for other sets", name)
		}
		var err error
		if shares[i], err = meter.ParseShare(c.Sums[i].Share, sets[i].Squares); err != nil {
			return nil, fmt.Errorf("contribution of %s: %w", name, err)
		}
	}
	return shares, nil
}
