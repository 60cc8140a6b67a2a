package meter

import (
	"bytes"
	"testing"

	"hushwatt/internal/wire"
)

// Every decoder: what parses re-encodes to the same bytes, and nothing panics.
// The seeds are asserted first: those of vectors that are accepted must parse.

func fuzzSeeds(f *testing.F, parse func([]byte) error, accepted, refused [][]byte) {
	for _, b := range accepted {
		if err := parse(b); err != nil {
			f.Fatalf("accepted seed: %v", err)
		}
		f.Add(b)
	}
	for _, b := range refused {
		if parse(b) == nil {
			f.Fatalf("refused seed was accepted: %x", b)
		}
		f.Add(b)
	}
}

// spoiled returns a cut, a longer and a changed form of b.
func spoiled(b []byte) [][]byte {
	return [][]byte{b[:len(b)-1], append(bytes.Clone(b), 0), flipByte(b, 0), {}}
}

func same(t *testing.T, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Fatalf("%x re-encodes to %x", want, got)
	}
}

func FuzzParseExport(f *testing.F) {
	st := newStage(f, "fuzz", smallSetup(ImportAndExport))
	days := makeDays(st.meter.Certificate(), firstDay, 3, 1)
	st.seal(f, days, 0)
	st.seal(f, makeDays(st.meter.Certificate(), firstDay+1, 1, 2), Late)
	good := st.meter.Export().Bytes()
	parse := func(b []byte) error { _, err := ParseExport(b); return err }
	fuzzSeeds(f, parse, [][]byte{good}, spoiled(good))
	f.Fuzz(func(t *testing.T, b []byte) {
		// Signatures stop nearly everything, so what lies behind them is run too.
		e, err := decodeExport(b)
		if err != nil {
			return
		}
		same(t, e.Bytes(), b)
		if e.replay() == nil {
			must(t, checkReplayed(e))
			e.Open(st.key)
		}
	})
}

// checkReplayed calls what may be called on an export once its chains fit.
func checkReplayed(e *Export) error {
	if _, err := e.Counts(); err != nil {
		return err
	}
	for day := int(e.First()); day <= int(e.Last()); day++ {
		e.Segment(uint16(day), e.Last(), 0)
	}
	return CheckEpochs(e, e)
}

func FuzzSegment(f *testing.F) {
	st := newStage(f, "fuzz", smallSetup(ImportAndExport))
	st.seal(f, makeDays(st.meter.Certificate(), firstDay, 3, 1), 0)
	st.seal(f, makeDays(st.meter.Certificate(), firstDay+1, 1, 2), Late)
	s, err := st.meter.Export().Segment(firstDay, firstDay+1, 0)
	must(f, err)
	check := func(b []byte) error {
		s, err := ParseSegment(b)
		if err == nil {
			_, err = s.Check(st.trusted(), nil)
		}
		return err
	}
	fuzzSeeds(f, check, [][]byte{s.Bytes()}, append(spoiled(s.Bytes()), flipByte(s.Bytes(), len(s.Bytes())/2)))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ParseSegment(b)
		if err != nil {
			return
		}
		same(t, got.Bytes(), b)
		c, err := got.Check(st.trusted(), nil)
		if verdict(err) == "refused" {
			t.Fatalf("error of no kind: %v", err)
		}
		if err == nil && !bytes.Equal(b, s.Bytes()) {
			t.Fatalf("a changed segment was accepted: %+v", c)
		}
	})
}

func FuzzParseHead(f *testing.F) {
	st := newStage(f, "fuzz", smallSetup(ImportOnly))
	st.seal(f, makeDays(st.meter.Certificate(), firstDay, 1, 1), 0)
	good := st.meter.Export().heads[0].Bytes()
	fuzzSeeds(f, func(b []byte) error { _, err := ParseHead(b); return err }, [][]byte{good}, spoiled(good))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := ParseHead(b); err == nil {
			same(t, h.Bytes(), b)
		}
	})
}

func FuzzParseCertificate(f *testing.F) {
	st := newStage(f, "fuzz", smallSetup(ImportOnly))
	good := mustMarshal(st.meter.Certificate())
	fuzzSeeds(f, func(b []byte) error { _, err := ParseCertificate(b); return err }, [][]byte{good}, spoiled(good))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c Certificate
		if wire.Unmarshal(b, &c) == nil && c.check() == nil {
			same(t, mustMarshal(&c), b)
			c.channels()
		}
		if _, err := ParseCertificate(b); err == nil && !bytes.Equal(b, good) {
			t.Fatal("a certificate that nobody signed")
		}
	})
}

func FuzzParseDelegation(f *testing.F) {
	good, err := newDelegation(node{1}, "M1", 1, firstDay, firstDay+30).Bytes()
	must(f, err)
	fuzzSeeds(f, func(b []byte) error { _, err := ParseDelegation(b); return err }, [][]byte{good}, spoiled(good))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseDelegation(b)
		if err != nil {
			return
		}
		again, err := d.Bytes()
		must(t, err)
		same(t, again, b)
		for _, day := range []uint16{0, d.First, d.Last, 1<<16 - 1} {
			if _, ok := d.keys().dayKey(day); ok != (day >= d.First && day <= d.Last) {
				t.Fatalf("day %d: reached %v", day, ok)
			}
		}
	})
}

func FuzzParseKey(f *testing.F) {
	st := newStage(f, "fuzz", smallSetup(ImportOnly))
	small, err := st.key.File()
	must(f, err)
	large, err := st.newCustomer(XWing).File()
	must(f, err)
	fuzzSeeds(f, func(b []byte) error { _, err := ParseKey(b); return err }, [][]byte{small, large}, spoiled(small))
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := ParseKey(b); err == nil {
			again, err := k.File()
			must(t, err)
			same(t, again, b)
		}
	})
}

// FuzzParseRecipient wraps raw bytes too: no fuzzer finds a checksum.
func FuzzParseRecipient(f *testing.F) {
	st := newStage(f, "fuzz", smallSetup(ImportOnly))
	small, large := st.key.Recipient().String(), st.newCustomer(XWing).Recipient().String()
	parse := func(b []byte) error { _, err := ParseRecipient(string(b)); return err }
	fuzzSeeds(f, parse, [][]byte{[]byte(small), []byte(large)}, spoiled([]byte(small)))
	f.Add(mustDecode(f, small))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range []string{string(b), wire.EncodeText(recipientName, b)} {
			if r, err := ParseRecipient(s); err == nil {
				same(t, []byte(r.String()), []byte(s))
				r.envelope(st.rand, nil, make([]byte, secretSize)) // refuses or seals, and never panics
			}
		}
	})
}

func FuzzParseAuthority(f *testing.F) {
	st := newStage(f, "fuzz", smallSetup(ImportOnly))
	good := st.authority.Authority().String()
	fuzzSeeds(f, func(b []byte) error { _, err := ParseAuthority(string(b)); return err }, [][]byte{[]byte(good)}, spoiled([]byte(good)))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range []string{string(b), wire.EncodeText(authorityName, b)} {
			if a, err := ParseAuthority(s); err == nil {
				same(t, []byte(a.String()), []byte(s))
			}
		}
	})
}
