package meter

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"hushwatt/internal/wire"
)

// A Registry is the list of meters whose readings may be summed, and of the sets
// over which they are. The parties of its charter sign it.
type Registry struct {
	_          struct{} `cbor:",toarray"`
	Charter    Charter
	First      uint16     // first day for which it holds
	Before     []byte     // hash of the registry that it replaces; empty if there was none
	Meters     []Enrolled // ascending by enrolment
	Sets       []Set      // ascending by name; any two disjoint or one inside the other
	Signatures [][]byte   // of the charter's parties, in their order

	sum *[32]byte // its hash, once it was checked
}

// Enrolled is a meter of a registry.
type Enrolled struct {
	_           struct{} `cbor:",toarray"`
	Certificate Certificate
	Enrolment   []byte // hash
}

// ID returns the name by which records call the meter.
func (e *Enrolled) ID() []byte { return e.Enrolment[:IDSize] }

// A Set is a group of meters whose sum may be released, fixed beforehand.
type Set struct {
	_      struct{} `cbor:",toarray"`
	Name   string
	Meters Bitmap
}

// MaxRegistry is the greatest number of meters of a registry, MaxSets that of its sets.
const (
	MaxRegistry = 1 << 20
	MaxSets     = 1 << 12
)

// NewRegistry puts a registry together, unsigned: meters in order, sets by name over
// meters' names. It does not check it.
func NewRegistry(c *Charter, first uint16, enrolments []*Enrolment, sets map[string][]string) (*Registry, error) {
	r := &Registry{Charter: *c, First: first}
	for _, e := range enrolments {
		hash := e.Hash()
		r.Meters = append(r.Meters, Enrolled{Certificate: e.Certificate, Enrolment: hash[:]})
	}
	slices.SortFunc(r.Meters, func(a, b Enrolled) int { return bytes.Compare(a.Enrolment, b.Enrolment) })
	place := map[string]int{}
	for i := range r.Meters {
		place[r.Meters[i].Certificate.Meter] = i
	}
	for name, meters := range sets {
		s := Set{Name: name, Meters: NewBitmap(len(r.Meters))}
		for _, m := range meters {
			i, ok := place[m]
			if !ok {
				return nil, fmt.Errorf("set %s: meter %s is not enrolled", name, m)
			}
			s.Meters.Set(i)
		}
		r.Sets = append(r.Sets, s)
	}
	slices.SortFunc(r.Sets, func(a, b Set) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return r, nil
}

// ParseRegistry reads a registry and checks it and its signatures, not whether the
// issuer of its charter is trusted.
func ParseRegistry(data []byte) (*Registry, error) {
	var r Registry
	if err := wire.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	return &r, nil
}

// Bytes returns the form that ParseRegistry reads.
func (r *Registry) Bytes() []byte { return mustMarshal(r) }

func (r *Registry) body() []byte {
	unsigned := *r
	unsigned.Signatures = nil
	return mustMarshal(&unsigned)
}

// Hash returns the hash by which presence names the registry.
func (r *Registry) Hash() [32]byte {
	if r.sum != nil {
		return *r.sum
	}
	return hashRegistry(r.body())
}

func hashRegistry(body []byte) [32]byte {
	return sha256.Sum256(append([]byte(wire.LabelRegistryHash), body...))
}

// Check checks everything about a registry but trust in its charter's issuer.
func (r *Registry) Check() error {
	if err := r.CheckUnsigned(); err != nil {
		return err
	}
	body := r.body()
	if len(r.Signatures) != len(r.Charter.Parties) {
		return fmt.Errorf("registry %s: %d signatures of %d parties", r.Charter.Registry, len(r.Signatures), len(r.Charter.Parties))
	}
	for i := range r.Charter.Parties {
		if p := &r.Charter.Parties[i]; !verifyRegistry(p.Key, body, r.Signatures[i]) {
			return fmt.Errorf("registry %s: %s did not sign it", r.Charter.Registry, p.Name)
		}
	}
	if sum := hashRegistry(body); r.sum == nil || *r.sum != sum {
		r.sum = &sum // it must not be changed from here on
	}
	return nil
}

// CheckUnsigned is Check without signatures: what a party does before it signs.
func (r *Registry) CheckUnsigned() error {
	c := &r.Charter
	if err := c.Check(); err != nil {
		return err
	}
	fail := func(err error) error { return fmt.Errorf("registry %s: %w", c.Registry, err) }
	if len(r.Meters) > MaxRegistry || len(r.Sets) > MaxSets {
		return fail(fmt.Errorf("%d meters and %d sets are too many", len(r.Meters), len(r.Sets)))
	}
	if len(r.Before) != 0 && len(r.Before) != sha256.Size {
		return fail(errors.New("hash of the registry before is not one"))
	}
	names, keys := map[string]bool{}, map[string]bool{}
	for i := range r.Meters {
		m := &r.Meters[i]
		cert := &m.Certificate
		if len(m.Enrolment) != sha256.Size {
			return fail(fmt.Errorf("meter %s: enrolment hash is not one", cert.Meter))
		}
		if i > 0 && bytes.Compare(r.Meters[i-1].ID(), m.ID()) >= 0 {
			return fail(fmt.Errorf("meter %s is out of order or enrolled twice", cert.Meter))
		}
		if names[cert.Meter] || keys[string(cert.Key)] {
			return fail(fmt.Errorf("meter %s is enrolled twice", cert.Meter))
		}
		names[cert.Meter], keys[string(cert.Key)] = true, true
		if err := cert.Check(); err != nil {
			return fail(err)
		}
		if err := c.admits(cert); err != nil {
			return fail(err)
		}
		if !cert.validOn(r.First, r.First) {
			return fail(fmt.Errorf("meter %s: its certificate is not valid on %s", cert.Meter, DayText(r.First)))
		}
	}
	if err := r.checkSets(); err != nil {
		return fail(err)
	}
	return nil
}

func (r *Registry) checkSets() error {
	for i := range r.Sets {
		s := &r.Sets[i]
		if err := checkMeterName(s.Name); err != nil {
			return fmt.Errorf("set: %w", err)
		}
		if i > 0 && r.Sets[i-1].Name >= s.Name {
			return fmt.Errorf("set %s is out of order or there twice", s.Name)
		}
		if err := s.Meters.check(len(r.Meters)); err != nil {
			return fmt.Errorf("set %s: %w", s.Name, err)
		}
		if n := s.Meters.Count(); n < int(r.Charter.MinSum) {
			return fmt.Errorf("set %s: %d meters, fewer than %d", s.Name, n, r.Charter.MinSum)
		}
		if r.Charter.Masking() && (len(r.Sets) != 1 || s.Meters.Count() != len(r.Meters)) {
			return errors.New("masks add up over the whole registry: one set of all meters")
		}
	}
	return r.checkTree()
}

// checkTree checks that any two sets are disjoint or one inside the other: from small to
// large, a set must hold the whole of every largest set so far that it meets.
func (r *Registry) checkTree() error {
	order, sizes := make([]int, len(r.Sets)), make([]int, len(r.Sets))
	for i := range r.Sets {
		order[i], sizes[i] = i, r.Sets[i].Meters.Count()
	}
	slices.SortStableFunc(order, func(a, b int) int { return sizes[a] - sizes[b] })
	largest := make([]int, len(r.Meters)) // that a meter is in so far, plus 1
	for _, i := range order {
		met := map[int]int{}
		for place := range r.Meters {
			if r.Sets[i].Meters.Has(place) {
				met[largest[place]]++
				largest[place] = i + 1
			}
		}
		for j, n := range met {
			if j > 0 && n < sizes[j-1] {
				return fmt.Errorf("sets %s and %s overlap and neither holds the other: %w", r.Sets[j-1].Name, r.Sets[i].Name, ErrNotTree)
			}
		}
	}
	return nil
}

// ErrNotTree is returned for sets that are neither disjoint nor one inside the other.
var ErrNotTree = errors.New("sets must be a tree")

// CheckSuccessor checks a registry that is to replace another: from a later day on,
// and every set of the same name loses no meter or at least MinSum, and gains no meter
// or at least MinSum. Else its sums before and after would show a single home.
func CheckSuccessor(before, after *Registry) error {
	hash := before.Hash()
	switch {
	case !bytes.Equal(after.Before, hash[:]):
		return errors.New("registry does not name the one that it replaces")
	case after.First <= before.First:
		return errors.New("registry must begin on a later day than the one that it replaces")
	case after.Charter.MinSum < before.Charter.MinSum || after.Charter.MinVariance < before.Charter.MinVariance:
		return errors.New("registry lowers the minimum")
	}
	least := int(after.Charter.MinSum)
	for i := range after.Sets {
		s := &after.Sets[i]
		j := slices.IndexFunc(before.Sets, func(o Set) bool { return o.Name == s.Name })
		if j < 0 {
			continue
		}
		old, now := before.members(&before.Sets[j]), after.members(s)
		if left, came := without(old, now), without(now, old); left > 0 && left < least || came > 0 && came < least {
			return fmt.Errorf("set %s loses %d meters and gains %d: 0 or at least %d each, or another name: %w", s.Name, left, came, least, ErrFewChanged)
		}
	}
	return nil
}

// ErrFewChanged is returned for a set that changes by fewer meters than it may.
var ErrFewChanged = errors.New("too few meters change at once")

func (r *Registry) members(s *Set) map[string]bool {
	names := map[string]bool{}
	for i := range r.Meters {
		if s.Meters.Has(i) {
			names[r.Meters[i].Certificate.Meter] = true
		}
	}
	return names
}

// without counts what is in a and not in b.
func without(a, b map[string]bool) int {
	n := 0
	for name := range a {
		if !b[name] {
			n++
		}
	}
	return n
}

// Index returns a meter's place in the registry's bitmaps, −1 if it has none.
func (r *Registry) Index(id []byte) int {
	i, ok := slices.BinarySearchFunc(r.Meters, id, func(e Enrolled, id []byte) int { return bytes.Compare(e.ID(), id) })
	if !ok {
		return -1
	}
	return i
}

// ErrNotEnrolled is returned for a record of a meter that the registry does not have.
var ErrNotEnrolled = errors.New("the meter is not in the registry")

// NamedBy returns the place of the meter that a record names, if it is certified on the
// record's day. Anybody may have written the record; it costs a look-up to find out this.
func (r *Registry) NamedBy(s *SlotRecord) (int, error) {
	i := r.Index(s.Meter)
	if i < 0 {
		return -1, ErrNotEnrolled
	}
	cert := &r.Meters[i].Certificate
	if s.Day < r.First || !cert.validOn(s.Day, s.Day) {
		return -1, fmt.Errorf("slot record of meter %s: not certified or registered on %s", cert.Meter, DayText(s.Day))
	}
	return i, nil
}

// CheckRecord returns the place of the meter whose record this is, after checking
// that it is certified on the record's day and has signed it.
func (r *Registry) CheckRecord(s *SlotRecord) (int, error) {
	i, err := r.NamedBy(s)
	if err != nil {
		return -1, err
	}
	cert := &r.Meters[i].Certificate
	if !verifySlot(cert.Key, s.body(), s.Signature) {
		return -1, fmt.Errorf("slot record of meter %s: the meter did not sign it", cert.Meter)
	}
	return i, nil
}

// A Bitmap is a set of a registry's meters: one bit each in order of places, the
// first in the highest bit of the first byte, unused bits 0.
type Bitmap []byte

// NewBitmap returns an empty set among so many meters.
func NewBitmap(meters int) Bitmap { return make(Bitmap, (meters+7)/8) }

// Set puts the meter in a place into the set.
func (b Bitmap) Set(i int) { b[i/8] |= 0x80 >> (i % 8) }

// Clear takes the meter in a place out of the set.
func (b Bitmap) Clear(i int) { b[i/8] &^= 0x80 >> (i % 8) }

// Has reports whether the meter in a place is in the set.
func (b Bitmap) Has(i int) bool { return b[i/8]&(0x80>>(i%8)) != 0 }

// And returns the meters that are in both sets.
func (b Bitmap) And(o Bitmap) Bitmap {
	both := make(Bitmap, len(b))
	for i := range b {
		both[i] = b[i] & o[i]
	}
	return both
}

// AndNot returns the meters of b that are not in o.
func (b Bitmap) AndNot(o Bitmap) Bitmap {
	rest := make(Bitmap, len(b))
	for i := range b {
		rest[i] = b[i] &^ o[i]
	}
	return rest
}

// Count returns how many meters are in the set.
func (b Bitmap) Count() int {
	n := 0
	for _, x := range b {
		for ; x != 0; x &= x - 1 {
			n++
		}
	}
	return n
}

var errBitmap = errors.New("bitmap has another length or bits beyond the last meter")

func (b Bitmap) check(meters int) error {
	if len(b) != (meters+7)/8 || meters%8 != 0 && b[len(b)-1]<<(meters%8) != 0 {
		return errBitmap
	}
	return nil
}
