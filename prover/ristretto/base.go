package ristretto

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/bwesterb/go-ristretto/edwards25519"

	"hushwatt/internal/wire"
)

// A Base is a fixed element with tables for fast multiplication, made on first
// use. A Base is safe for concurrent use and is never modified. Bases of the
// protocol come from G, H, Slot and Named and are the same pointer every time,
// which is how Sum recognises them.
type Base struct {
	e *Element

	small atomic.Pointer[[]niels] // 1·P, 2·P … 8·P, for secret scalars
	odd   atomic.Pointer[[]niels] // 1·P, 3·P … for Sum

	hasFull  bool // G and H: multiples at every position
	fullOnce sync.Once
	full     *fullTable
}

func newBase(e *Element) *Base { return &Base{e: e} }

// Element returns a copy of the base as an element.
func (b *Base) Element() *Element { return NewElement().Set(b.e) }

// Mul returns k·b in constant time.
func (b *Base) Mul(k *Scalar) *Element {
	if b.hasFull {
		return b.fullTable().mul(k)
	}
	return Combine([]*Base{b}, []Scalar{*k})
}

func (b *Base) fullTable() *fullTable {
	b.fullOnce.Do(func() { b.full = newFullTable(b.e.point()) })
	return b.full
}

// A tableKind says which multiples of a base a table holds, and where the base
// keeps it.
type tableKind struct {
	size int
	fill func(out []edwards25519.ExtendedPoint, p *edwards25519.ExtendedPoint)
	slot func(b *Base) *atomic.Pointer[[]niels]
}

// tables returns the tables of all bases. Those that are missing are made
// together, with one inversion; two goroutines may make the same table, which
// is wasteful and harmless.
func (kind *tableKind) tables(bases []*Base) [][]niels {
	var missing []*Base
	for _, b := range bases {
		if kind.slot(b).Load() == nil {
			missing = append(missing, b)
		}
	}
	points := make([]edwards25519.ExtendedPoint, len(missing)*kind.size)
	for i, b := range missing {
		kind.fill(points[i*kind.size:(i+1)*kind.size], b.e.point())
	}
	made := make([]niels, len(points))
	toNiels(made, points)
	for i, b := range missing {
		t := made[i*kind.size : (i+1)*kind.size]
		kind.slot(b).Store(&t)
	}
	out := make([][]niels, len(bases))
	for i, b := range bases {
		out[i] = *kind.slot(b).Load()
	}
	return out
}

// G returns the base point of RFC 9496, in which values are committed.
func G() *Base { return baseG() }

// H returns the base of blindings, H2G("hushwatt/v1/blinding").
func H() *Base { return baseH() }

var baseG = sync.OnceValue(func() *Base {
	e := NewElement()
	e.out().SetBase()
	return &Base{e: e, hasFull: true}
})

var baseH = sync.OnceValue(func() *Base {
	return &Base{e: HashToGroup([]byte(wire.LabelBlinding)), hasFull: true}
})

// slotCounts are the numbers of slots that a day may have.
var slotCounts = [...]int{24, 48, 96, 144, 288}

var slotBases = func() map[int]func() []*Base {
	m := make(map[int]func() []*Base)
	for _, n := range slotCounts {
		m[n] = sync.OnceValue(func() []*Base { return makeSlots(n) })
	}
	return m
}()

// makeSlots hashes to the bases of a day of n slots.
func makeSlots(n int) []*Base {
	bases := make([]*Base, n)
	for s := range bases {
		label := binary.BigEndian.AppendUint16([]byte(wire.LabelSlot), uint16(n))
		label = binary.BigEndian.AppendUint16(label, uint16(s))
		bases[s] = newBase(HashToGroup(label))
	}
	return bases
}

// Slot returns the base of slot s of a day of n slots,
// H2G("hushwatt/v1/slot/" ‖ u16be n ‖ u16be s). It panics unless n is 24, 48,
// 96, 144 or 288 and 0 ≤ s < n: whoever decodes n and s has checked them.
func Slot(n, s int) *Base { return Slots(n)[s] }

// Slots returns all bases of a day of n slots, in order. The slice is shared
// and must not be changed.
func Slots(n int) []*Base {
	bases, ok := slotBases[n]
	if !ok {
		panic(fmt.Sprintf("ristretto: no day has %d slots", n))
	}
	return bases()
}

// Extra returns base i, 0 ≤ i < 2^16, of those that lengthen the rows of hidden
// vectors beyond the slots of a day, H2G("hushwatt/v1/vector/" ‖ u16be i).
func Extra(i int) *Base {
	return Named(string(binary.BigEndian.AppendUint16([]byte(wire.LabelVector), uint16(i))))
}

var named struct {
	sync.Mutex
	m map[string]*Base
}

// Named returns the base H2G(label). It is kept for the life of the process,
// so labels must come from a small fixed set (the bases of range proofs and of
// hidden vectors).
func Named(label string) *Base {
	named.Lock()
	defer named.Unlock()
	b := named.m[label]
	if b == nil {
		if named.m == nil {
			named.m = make(map[string]*Base)
		}
		b = newBase(HashToGroup([]byte(label)))
		named.m[label] = b
	}
	return b
}
