package tariffs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
)

// An Addendum announces the hours of a tariff's events: a document of its own,
// which names the tariff and is signed by the same supplier
// (docs/protocol.md, section 6.1).
type Addendum struct {
	tariff    []byte // id
	events    []Event
	root      *value
	canonical []byte
	supplier  []byte
	signature []byte
}

// An Event is one announced event of a tariff: its name there, and its hours, To
// exclusive, in seconds since 1970.
type Event struct {
	Name     string
	From, To int64
}

// ParseAddendum reads an addendum in any layout, bare or signed.
func ParseAddendum(data []byte) (*Addendum, error) {
	root, err := readJSON(data)
	var a *Addendum
	if err == nil {
		a, err = parseAddendum(root)
	}
	if err != nil {
		return nil, fmt.Errorf("addendum: %w", err)
	}
	return a, nil
}

func parseAddendum(root *value) (*Addendum, error) {
	if root.kind != kindObject {
		return nil, fmt.Errorf("document is %s, must be an object", root.kind)
	}
	var err error
	top := object{value: root, used: map[string]bool{}, err: &err}
	if !top.has("addendum") {
		return parseBareAddendum(root)
	}
	bare := top.object("addendum")
	supplier := parsed(top, "supplier", "a supplier's key like hushwatt-supplier1…", supplierKey)
	signature := parsed(top, "signature", "a signature, 64 bytes in base64url without padding", signatureBytes)
	if top.done(); err != nil {
		return nil, err
	}
	a, err := parseBareAddendum(bare.value)
	if err != nil {
		return nil, err
	}
	a.supplier, a.signature = supplier, signature
	if weakKey(supplier) {
		return nil, errors.New("supplier: not a safe Ed25519 key")
	}
	if !ed25519.Verify(supplier, a.message(), signature) {
		return nil, ErrSignature
	}
	return a, nil
}

func parseBareAddendum(root *value) (*Addendum, error) {
	var err error
	top := object{value: root, used: map[string]bool{}, err: &err}
	a := &Addendum{root: root}
	a.tariff = parsed(top, "tariff", "the id of a tariff, 64 lower-case hexadecimal digits", tariffID)
	for _, item := range top.objects("events", true) {
		e := Event{Name: item.text("displayName")}
		e.From = parsed(item, "from", "an instant like 2025-07-10T16:00:00-07:00", instant)
		e.To = parsed(item, "to", "an instant like 2025-07-10T16:00:00-07:00", instant)
		if e.To <= e.From || e.To-e.From > daySeconds {
			item.fail("to", "is not after from, by a day at most")
		}
		item.done()
		a.events = append(a.events, e)
	}
	if top.done(); err != nil {
		return nil, err
	}
	a.canonical = appendCanonical(nil, root)
	return a, nil
}

// Canonical returns the addendum in its canonical form, without a signature.
func (a *Addendum) Canonical() []byte { return bytes.Clone(a.canonical) }

// Tariff returns the id of the tariff that it belongs to.
func (a *Addendum) Tariff() string { return hex.EncodeToString(a.tariff) }

// Hash returns SHA-256 of the label "hushwatt/v1/addendum" and the
// canonical form. It is part of what a bill is bound to (Plan.Documents).
func (a *Addendum) Hash() [32]byte { return sha256.Sum256(a.message()) }

// Events returns what is announced, in the order of the document.
func (a *Addendum) Events() []Event { return slices.Clone(a.events) }

// During reports whether an event, or a part of it, lies in [from, to).
func (a *Addendum) During(from, to int64) bool {
	return slices.ContainsFunc(a.events, func(e Event) bool { return e.From < to && from < e.To })
}

// Supplier returns the Ed25519 key that signed the addendum, nil if it is bare.
func (a *Addendum) Supplier() []byte { return bytes.Clone(a.supplier) }

// Signed returns the signed form, {"addendum":…,"signature":…,"supplier":…}.
func (a *Addendum) Signed(key ed25519.PrivateKey) []byte {
	return signedForm("addendum", a.root, a.message(), key)
}

func (a *Addendum) message() []byte {
	return append([]byte(wire.LabelAddendum), a.canonical...)
}

// With returns the tariff with the events of its addenda, in any order, which
// are all there are: events that none of them announces do not take place. The
// addenda must be of this tariff, signed by its supplier if it is signed, and
// announce events that it has, not more in a calendar year of its clock than it
// allows, none of one name overlapping.
func (t *Tariff) With(as ...*Addendum) (*Tariff, error) {
	loc, err := Zone(t.Clock)
	if err != nil {
		return nil, err
	}
	id := t.Hash()
	out := *t
	out.addenda = slices.Clone(as)
	slices.SortFunc(out.addenda, func(a, b *Addendum) int { return bytes.Compare(a.key(), b.key()) })
	for i, a := range out.addenda {
		switch {
		case !bytes.Equal(a.tariff, id[:]):
			return nil, fmt.Errorf("addendum is of the tariff %s, not of %s", a.Tariff(), t.ID())
		case !bytes.Equal(a.supplier, t.supplier):
			return nil, a.notSigned(t)
		case i > 0 && bytes.Equal(a.key(), out.addenda[i-1].key()):
			return nil, errors.New("an addendum is there twice")
		}
		for _, e := range a.events {
			if !slices.ContainsFunc(t.tracks, func(k track) bool { return k.event != nil && k.event.rate.name == e.Name }) {
				return nil, fmt.Errorf("addendum announces %q, which the tariff does not have", e.Name)
			}
		}
	}
	for _, k := range t.tracks {
		if k.event == nil {
			continue
		}
		years := map[int]int{}
		for i, e := range out.occurrences(k.event) {
			if i > 0 && e.From < out.occurrences(k.event)[i-1].To {
				return nil, fmt.Errorf("addendum: two events %q at %s", e.Name, utcStamp(e.From))
			}
			year := dateIn(loc, e.From).time().Year()
			if years[year]++; years[year] > k.event.maximum {
				return nil, fmt.Errorf("addendum: more than %d events %q in %d", k.event.maximum, e.Name, year)
			}
		}
	}
	return &out, nil
}

// notSigned says how the signatures of an addendum and its tariff differ.
func (a *Addendum) notSigned(t *Tariff) error {
	switch {
	case a.supplier == nil:
		return errors.New("addendum is not signed, and its tariff is")
	case t.supplier == nil:
		return errors.New("addendum is signed, and its tariff is not")
	}
	return errors.New("addendum is not signed by the supplier of its tariff")
}

// WithAddenda returns the tariffs, each with those of the addenda that are of it
// (Tariff.With) and no others. An addendum of none of them is an error.
func WithAddenda(ts []*Tariff, as []*Addendum) ([]*Tariff, error) {
	of := map[string][]*Addendum{}
	for _, a := range as {
		of[a.Tariff()] = append(of[a.Tariff()], a)
	}
	out := make([]*Tariff, len(ts))
	for i, t := range ts {
		var err error
		if out[i], err = t.With(of[t.ID()]...); err != nil {
			return nil, err
		}
		delete(of, t.ID())
	}
	for id := range of {
		return nil, fmt.Errorf("addendum is of the tariff %s, which is not there", id)
	}
	return out, nil
}

// Addenda returns what the tariff was given by With, in ascending order of hashes.
func (t *Tariff) Addenda() []*Addendum { return slices.Clone(t.addenda) }

// Named returns the tariff with those of its addenda alone whose hashes are among
// some ids: an addendum that came later is not part of an earlier request.
func (t *Tariff) Named(ids [][32]byte) *Tariff {
	out := *t
	out.addenda = slices.DeleteFunc(slices.Clone(t.addenda), func(a *Addendum) bool { return !slices.Contains(ids, a.Hash()) })
	return &out
}

// key orders addenda: by their hash.
func (a *Addendum) key() []byte {
	h := a.Hash()
	return h[:]
}

// occurrences returns the announced events of one kind in order of time.
func (t *Tariff) occurrences(e *event) []Event {
	var out []Event
	for _, a := range t.addenda {
		for _, o := range a.events {
			if o.Name == e.rate.name {
				out = append(out, o)
			}
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].From < out[j].From })
	return out
}

// Documents returns what a bill is bound to: the ids of the tariffs in force in
// the period in order of time, each followed by the hashes of those of its addenda
// that announce anything in the period, in ascending order.
func (p *Plan) Documents() [][32]byte {
	var out [][32]byte
	for _, t := range p.Tariffs {
		out = append(out, t.Hash())
		for _, a := range t.addenda {
			if a.During(p.From, p.To) {
				out = append(out, a.Hash())
			}
		}
	}
	return out
}
