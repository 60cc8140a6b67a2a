package main

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"hushwatt/aggregate"
	"hushwatt/meter"
	"hushwatt/server/store"
)

// Two registries of one charter, both signed, with sets that differ by one home: an
// authority works for the one for which it has worked first.
func TestTwoRegistriesOneLine(t *testing.T) {
	dir := t.TempDir()
	s := must(newStreet(dir, 24, 1))
	at := func(name string) string { return filepath.Join(dir, name) }
	key := must(readPartyKey(at(authorityFile(0))))
	other := *s.registry
	other.Sets = []meter.Set{{Name: "street-but-one", Meters: meter.NewBitmap(24)}}
	for place := range 23 {
		other.Sets[0].Meters.Set(place)
	}
	other.Signatures = nil
	for i := range s.registry.Charter.Parties {
		other.Signatures = append(other.Signatures, must(must(readPartyKey(at(authorityFile(i)))).SignRegistry(&other, nil)))
	}
	second := must(meter.ParseRegistry(other.Bytes()))
	st := must(store.Open(at("authority.db")))
	defer st.Close()
	none, enrolments := "", at(enrolmentsFile)
	o := &authority{clock: &none, cutOff: &none, catchUp: &none}
	for _, c := range []struct {
		r    *meter.Registry
		want error
	}{{s.registry, nil}, {second, aggregate.ErrSecondRegistry}, {s.registry, nil}} {
		if _, err := o.party(key, c.r, must(readEnrolments(enrolments, c.r)), st); !errors.Is(err, c.want) {
			t.Errorf("%v, not %v", err, c.want)
		}
	}
}

// A key whose mailbox was erased opens no enrolment, and its authority goes on.
func TestMailboxIsErased(t *testing.T) {
	dir := t.TempDir()
	s := must(newStreet(dir, 20, 1))
	at := func(name string) string { return filepath.Join(dir, name) }
	whole := must(readFile(at(authorityFile(0))))
	for range 2 {
		var said strings.Builder
		status := run([]string{"aggregate", "authority", "--erase-mailbox", "--key", at(authorityFile(0)), "--registry", at(registryFile),
			"--enrolments", at(enrolmentsFile), "--database", at("authority.db"), "--nats", "nats://127.0.0.1:1"}, io.Discard, &said)
		if status == 0 || !strings.Contains(said.String(), "message stream") {
			t.Fatalf("%d %s", status, said.String())
		}
	}
	key := must(readPartyKey(at(authorityFile(0))))
	if len(must(readFile(at(authorityFile(0))))) >= len(whole) || key.Party().Recipient != "" {
		t.Error("the mailbox is still in the key")
	}
	st := must(store.Open(at("new.db")))
	defer st.Close()
	none := ""
	if _, err := (&authority{clock: &none, cutOff: &none, catchUp: &none}).party(key, s.registry, must(readEnrolments(at(enrolmentsFile), s.registry)), st); err == nil {
		t.Error("an enrolment was opened without the mailbox")
	}
}
