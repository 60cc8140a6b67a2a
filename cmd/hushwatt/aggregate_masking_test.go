package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hushwatt/aggregate"
	"hushwatt/internal/freeport"
	"hushwatt/server/store"
)

// A registry says how it works, and the commands say what is missing for that.
func TestMaskingMisuse(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	s := must(makeStreet(at("masks"), 12, 0, true))
	must(newStreet(at("authorities"), 12, 0))
	masks, authorities := at("masks/"+registryFile), at("authorities/"+registryFile)
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"--masking"}, 2, "--masking goes with --demo"},
		{[]string{"--registry", masks, "--database", at("x.db")}, 2, "--key is missing"},
		{[]string{"--registry", authorities, "--database", at("x.db"), "--key", at("authorities/" + authorityFile(0))}, 2, "has authorities"},
		{[]string{"--registry", authorities, "--database", at("x.db"), "--work"}, 2, "has authorities"},
		{[]string{"--registry", masks, "--database", at("x.db"), "--stream", at("stream"), "--stream-listen", freeport.Address(t),
			"--key", at("authorities/" + authorityFile(0)), "--enrolments", at("masks/" + enrolmentsFile)}, 1, "not a party"},
	} {
		var said strings.Builder
		if status := run(append([]string{"aggregate", "serve"}, c.args...), io.Discard, &said); status != c.status || !strings.Contains(said.String(), c.says) {
			t.Errorf("%v: %d %s", c.args, status, said.String())
		}
	}
	if len(s.registry.Sets) != 1 || !s.registry.Charter.Masking() {
		t.Error("not a masking street")
	}
}

// A masking street is played and served, and what comes out is what anybody can verify.
func TestMaskingStreet(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) *string { path := filepath.Join(dir, name); return &path }
	s := must(makeStreet(dir, 20, 0, true))
	none, inner, page := "", "127.0.0.1:0", freeport.Address(t)
	long := "86400"
	o := collecting{registry: at(registryFile), database: at("sums.db"), listen: &page, nats: &none, stream: at("stream"), streamListen: &inner,
		mqtt: &none, fit: &none, clock: at(clockName), feeders: &[]string{}, party: aggregating{key: at(aggregatorFile),
			enrolments: at(enrolmentsFile), cutOff: &none, catchUp: &long, answering: &long, erase: new(bool), work: new(bool)}}
	address, stop, err := o.openStream()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	o.nats = &address
	ctx, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	quiet := &console{out: io.Discard, err: io.Discard}
	go func() {
		done <- together(ctx, func(ctx context.Context) error { return o.run(ctx, quiet) }, func(ctx context.Context) error { return s.play(ctx, address) })
	}()
	st := must(store.Open(*o.database))
	defer st.Close()
	memory := st.Party("collector " + registryName(s.registry))
	start := time.Unix(int64(s.registry.First)*86400, 0)
	for slot := range 3 {
		if err := s.setClock(start.Add(time.Duration(slot+1) * 30 * time.Minute)); err != nil {
			t.Fatal(err)
		}
		// The street sends at the end of the slot; only then may it be cut off.
		if !within(longest, func() bool { return len(must(memory.Arrivals(ctx, s.registry.First, uint16(slot)))) >= 18 }) {
			t.Fatalf("slot %d was not announced", slot)
		}
		if err := s.setClock(start.Add(time.Duration(slot+1)*30*time.Minute + 2*time.Minute)); err != nil {
			t.Fatal(err)
		}
		f := awaitSlot(t, memory, s.registry.First, uint16(slot))
		if f == nil || len(f.Releases) != 1 {
			t.Fatalf("slot %d was not released", slot)
		}
	}
	end()
	if err := <-done; err != nil {
		t.Error(err)
	}
	data := must(memory.File(t.Context(), s.registry.First, 1))
	if err := writeFile(*at("1.release"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	answer, err := verifyRelease(*at("1.release"), []string{*at("issuer.pub")})
	if v, ok := answer.(verifiedRelease); err != nil || !ok || v.Verdict != "accepted" || v.Present != int(must(aggregate.ParseSlotFile(data)).Releases[0].Meters) {
		t.Errorf("%+v %v", answer, err)
	}
}
