package meter

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"

	"hushwatt/internal/wire"
)

// Day keys are the leaves of a tree of Goldreich, Goldwasser and Micali over the
// 16 bits of the day number, top bit first. The tenancy key is its root; whoever
// holds an inner node can derive exactly the days below it.

const (
	treeDepth = 16
	nodeSize  = 32
)

type node [nodeSize]byte

// child returns the node below at the given depth (1 … 16) on the side of bit.
func (k *node) child(depth int, bit uint16) node {
	info := wire.LabelGGM + string([]byte{byte(depth), byte(bit)})
	key, err := hkdf.Expand(sha256.New, k[:], info, nodeSize)
	if err != nil {
		panic(err) // the length is fixed and allowed
	}
	return node(key)
}

// descend walks from a node at the given depth to the node at depth to on the
// way to day.
func descend(k node, depth, to int, day uint16) node {
	for d := depth + 1; d <= to; d++ {
		k = k.child(d, day>>(treeDepth-d)&1)
	}
	return k
}

// dayKeys yields keys of days; ok is false for a day that it does not reach.
type dayKeys interface {
	dayKey(day uint16) (key node, ok bool)
}

// walker derives day keys below one node, keeping the path to the last one: days
// in order then cost two derivations each instead of sixteen.
type walker struct {
	depth int
	index uint16 // the node's place among those of its depth
	day   uint16
	path  [treeDepth + 1]node
	begun bool
}

func newWalker(root node, depth int, index uint16) *walker {
	w := &walker{depth: depth, index: index}
	w.path[depth] = root
	return w
}

func (w *walker) dayKey(day uint16) (node, bool) {
	if index(day, w.depth) != w.index {
		return node{}, false
	}
	from := w.depth
	if w.begun {
		from = max(from, bits.LeadingZeros16(day^w.day))
	}
	for d := from + 1; d <= treeDepth; d++ {
		w.path[d] = w.path[d-1].child(d, day>>(treeDepth-d)&1)
	}
	w.day, w.begun = day, true
	return w.path[treeDepth], true
}

// index returns the place among the nodes of a depth of the one above day.
func index(day uint16, depth int) uint16 {
	return uint16(uint32(day) >> (treeDepth - depth))
}

// place is a node's position: its depth 0 … 16 and its index there.
type place struct {
	depth int
	index uint16
}

// days returns the first and last day below the place.
func (p place) days() (first, last uint16) {
	width := uint32(1) << (treeDepth - p.depth)
	start := uint32(p.index) * width
	return uint16(start), uint16(start + width - 1)
}

// cover returns the canonical minimal cover of a range of days: the fewest
// subtrees that hold these days and no other, in order of days.
func cover(first, last uint16) []place {
	var list []place
	for at := uint32(first); at <= uint32(last); {
		size := min(bits.TrailingZeros32(at|1<<treeDepth), bits.Len32(uint32(last)-at+1)-1)
		list = append(list, place{treeDepth - size, uint16(at >> size)})
		at += 1 << size
	}
	return list
}

// Errors of a delegation's check.
var (
	ErrCoverNotMinimal   = errors.New("delegation: cover is not the minimal one of its days")
	ErrCoverOutsideRange = errors.New("delegation: a key reaches outside its days")
	ErrOtherEpoch        = errors.New("delegation: it is for another meter or epoch")
)

// A Delegation hands the day keys of a range of days to someone else, who can
// then read these days of one meter and epoch and no others.
type Delegation struct {
	_     struct{} `cbor:",toarray"`
	Meter string
	Epoch uint32
	First uint16
	Last  uint16
	Nodes []DelegatedNode // canonical minimal cover, in order of days
}

// A DelegatedNode is a subtree of day keys.
type DelegatedNode struct {
	_     struct{} `cbor:",toarray"`
	Depth uint8    // 0 … 16
	Index uint16   // place among the nodes of that depth
	Key   []byte
}

func newDelegation(root node, meter string, epoch uint32, first, last uint16) *Delegation {
	d := &Delegation{Meter: meter, Epoch: epoch, First: first, Last: last}
	for _, p := range cover(first, last) {
		day, _ := p.days()
		key := descend(root, 0, p.depth, day)
		d.Nodes = append(d.Nodes, DelegatedNode{Depth: uint8(p.depth), Index: p.index, Key: key[:]})
	}
	return d
}

// ParseDelegation reads a delegation and checks that its keys are the canonical
// cover of its days.
func ParseDelegation(data []byte) (*Delegation, error) {
	var d Delegation
	if err := wire.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("delegation: %w", err)
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	return &d, nil
}

// Bytes returns the form that ParseDelegation reads. It is secret.
func (d *Delegation) Bytes() ([]byte, error) { return wire.Marshal(d) }

func (d *Delegation) check() error {
	if err := checkMeterName(d.Meter); err != nil {
		return fmt.Errorf("delegation: %w", err)
	}
	if d.First > d.Last {
		return errors.New("delegation: ends before it begins")
	}
	for _, n := range d.Nodes {
		if n.Depth > treeDepth || uint32(n.Index)>>n.Depth != 0 || len(n.Key) != nodeSize {
			return errors.New("delegation: not a node of the tree")
		}
		first, last := place{int(n.Depth), n.Index}.days()
		if first < d.First || last > d.Last {
			return ErrCoverOutsideRange
		}
	}
	want := cover(d.First, d.Last)
	if len(want) != len(d.Nodes) {
		return ErrCoverNotMinimal
	}
	for i, n := range d.Nodes {
		if (place{int(n.Depth), n.Index}) != want[i] {
			return ErrCoverNotMinimal
		}
	}
	return nil
}

// keys returns the delegated day keys.
func (d *Delegation) keys() dayKeys {
	var list delegatedKeys
	for _, n := range d.Nodes {
		list = append(list, newWalker(node(n.Key), int(n.Depth), n.Index))
	}
	return list
}

type delegatedKeys []*walker

func (l delegatedKeys) dayKey(day uint16) (node, bool) {
	for _, w := range l {
		if key, ok := w.dayKey(day); ok {
			return key, true
		}
	}
	return node{}, false
}
