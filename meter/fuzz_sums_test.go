package meter

import (
	"bytes"
	"testing"
)

// What parses re-encodes to the same bytes.
func FuzzSlotRecord(f *testing.F) {
	h := newHouse(f, Setup{Meter: "M1", N: 24, Squares: true})
	charter, _ := h.charter(f, 2, Charter{N: 24, Squares: true})
	_, err := h.meter.Enrol(charter, firstDay)
	must(f, err)
	live, err := h.meter.Live(h.key.Recipient(), firstDay)
	must(f, err)
	records, err := live.Slot(0, []Reading{{Wh: 5}})
	must(f, err)
	f.Add(records[0].Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := DecodeSlotRecord(data, charter)
		id, commitments, peeked := PeekSlotRecord(data, charter) // must not panic
		if err != nil {
			return
		}
		if peeked != nil || !bytes.Equal(id, r.Meter) || !bytes.Equal(commitments, r.Commitments) {
			t.Fatal("a peek sees something else")
		}
		if !bytes.Equal(r.Bytes(), data) {
			t.Fatal("another encoding parses")
		}
		_, _, _ = r.Elements()
	})
}

func FuzzRegistry(f *testing.F) {
	h := newHouse(f, Setup{Meter: "M1", N: 24})
	charter, p := h.charter(f, 2, Charter{N: 24})
	second, err := NewMeter(h.authority, Setup{Meter: "M2", N: 24})
	must(f, err)
	var list []*Enrolment
	for _, m := range []*Meter{h.meter, second} {
		e, err := m.Enrol(charter, firstDay)
		must(f, err)
		list = append(list, e)
	}
	r := p.registry(f, charter, list)
	hash := r.Hash()
	presence := &Presence{Registry: hash[:], Day: firstDay, Meters: NewBitmap(2), Records: CountedHash(nil)}
	for _, k := range p.keys {
		presence.Signatures = append(presence.Signatures, SignPresence(k.key, presence))
	}
	f.Add(r.Bytes())
	draft := *r
	draft.Signatures = [][]byte{nil, r.Signatures[1]}
	f.Add(draft.Bytes())
	f.Add(charter.Bytes())
	f.Add(list[0].Bytes())
	f.Add(presence.Bytes())
	f.Add((&Answer{Meter: r.Meters[0].ID(), Masked: make([]byte, 40), Tag: make([]byte, TagSize)}).Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := ParseRegistry(data); err == nil && !bytes.Equal(got.Bytes(), data) {
			t.Fatal("registry: another encoding parses")
		}
		if got, err := ParseDraft(data); err == nil && !bytes.Equal(got.Bytes(), data) {
			t.Fatal("draft: another encoding parses")
		}
		if got, err := ParseCharter(data); err == nil && !bytes.Equal(got.Bytes(), data) {
			t.Fatal("charter: another encoding parses")
		}
		if got, err := ParseEnrolment(data, charter); err == nil && !bytes.Equal(got.Bytes(), data) {
			t.Fatal("enrolment: another encoding parses")
		}
		if got, err := ParsePresence(data, r); err == nil && !bytes.Equal(got.Bytes(), data) {
			t.Fatal("presence: another encoding parses")
		}
		if c, err := DecodeClosing(data); err == nil {
			if !bytes.Equal(c.Bytes(), data) {
				t.Fatal("closing: another encoding parses")
			}
			_, _ = r.CheckClosing(c)
		}
		if i, err := DecodeIntroduction(data); err == nil && !bytes.Equal(i.Bytes(), data) {
			t.Fatal("introduction: another encoding parses")
		}
		if a, err := DecodeAnswer(data); err == nil && !bytes.Equal(a.Bytes(), data) {
			t.Fatal("answer: another encoding parses")
		}
	})
}

func FuzzParty(f *testing.F) {
	h := newHouse(f, Setup{Meter: "M1", N: 24})
	c, _ := h.charter(f, 2, Charter{N: 24})
	f.Add(c.Parties[0].String())
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := ParseParty(s); err == nil && p.String() != s {
			t.Fatal("another encoding parses")
		}
	})
}
