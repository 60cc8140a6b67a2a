package meter

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// twoMeters is a registry of two meters and two authorities, signed by both.
func twoMeters(t testing.TB) (*Registry, *parties) {
	h := newHouse(t, Setup{Meter: "M1", N: 24})
	charter, p := h.charter(t, 2, Charter{N: 24})
	second, err := NewMeter(h.authority, Setup{Meter: "M2", N: 24})
	must(t, err)
	var list []*Enrolment
	for _, m := range []*Meter{h.meter, second} {
		e, err := m.Enrol(charter, firstDay)
		must(t, err)
		list = append(list, e)
	}
	return p.registry(t, charter, list), p
}

// A draft gets its signatures in any order, and is a registry once it has them all.
func TestDraft(t *testing.T) {
	whole, p := twoMeters(t)
	draft := *whole
	draft.Signatures = nil
	for _, i := range []int{1, 0, 0} {
		got, err := ParseDraft(draft.Bytes())
		must(t, err)
		must(t, got.AddSignature(SignRegistry(p.keys[i].key, got)))
		if !got.HasSigned(i) {
			t.Errorf("%d has not signed", i)
		}
		_, err = ParseRegistry(got.Bytes())
		if all := got.HasSigned(0) && got.HasSigned(1); all != (err == nil) {
			t.Errorf("signed by all: %v, but %v", all, err)
		}
		draft = *got
	}
	if string(draft.Bytes()) != string(whole.Bytes()) {
		t.Error("signed one by one it is another registry")
	}
}

func TestDraftRefuses(t *testing.T) {
	whole, p := twoMeters(t)
	other, err := NewAuthorityKey()
	must(t, err)
	draft := *whole
	for _, signature := range [][]byte{nil, make([]byte, 64), SignRegistry(other.key, whole), append(SignRegistry(p.keys[0].key, whole), 0)} {
		if err := draft.AddSignature(signature); !errors.Is(err, ErrNoPartySigned) {
			t.Errorf("%d bytes: %v", len(signature), err)
		}
	}
	for _, signatures := range [][][]byte{{nil}, {nil, nil, nil}, {whole.Signatures[1], nil}, {nil, {1}}} {
		draft.Signatures = signatures
		if _, err := ParseDraft(draft.Bytes()); err == nil {
			t.Errorf("%d signatures pass", len(signatures))
		}
	}
	draft = *whole
	draft.First++ // after all have signed
	if _, err := ParseDraft(draft.Bytes()); err == nil {
		t.Error("a registry was changed under its signatures")
	}
}

func TestPartyText(t *testing.T) {
	r, _ := twoMeters(t)
	p := r.Charter.Parties[0]
	got, err := ParseParty(p.String())
	must(t, err)
	if got.Name != p.Name || string(got.Key) != string(p.Key) || got.Recipient != p.Recipient {
		t.Errorf("%+v", got)
	}
	bare, nameless, weak := p, p, p
	bare.Recipient, nameless.Name, weak.Key = "", "two words", make([]byte, 32)
	for _, q := range []*Party{&bare, &nameless, &weak} {
		if _, err := ParseParty(q.String()); err == nil {
			t.Errorf("%+v passes", q)
		}
	}
	if _, err := ParseParty(strings.ToUpper(p.String())); err == nil {
		t.Error("upper case passes")
	}
}

// The key of an authority that certifies many meters is in none of their directories.
func TestCreateCertifiedMeter(t *testing.T) {
	authority, err := NewAuthorityKey()
	must(t, err)
	dir := t.TempDir()
	m, err := CreateCertifiedMeter(dir, authority, Setup{Meter: "M1", N: 48, Squares: true})
	must(t, err)
	must(t, m.Close())
	m, err = OpenMeter(dir)
	must(t, err)
	defer m.Close()
	if by, err := m.Certificate().Issuer(); err != nil || by != authority.Authority() || !m.Certificate().Squares {
		t.Errorf("certified by %v, %v", by, err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	for _, name := range names {
		data, err := os.ReadFile(name)
		must(t, err)
		if strings.Contains(string(data), authority.String()) {
			t.Errorf("%s holds the authority's key", name)
		}
	}
	if e, c := m.Enrolled(ImportChannel); e != nil || c != nil {
		t.Error("a new meter is enrolled")
	}
}
