package meter

import (
	"errors"
	"strings"
	"testing"
)

// TestRefusedDays: what a meter does not seal, and how it says so.
func TestRefusedDays(t *testing.T) {
	for name, c := range map[string]struct {
		change func(days []Day) []Day
		say    string
	}{
		"reading above cap":   {func(d []Day) []Day { d[1].Channels[0].Wh[2] = 5001; d[1].Channels[0].Status[2] = 0; return d }, "more than the certified 5000"},
		"missing with energy": {func(d []Day) []Day { d[1].Channels[0].Wh[2] = 1; d[1].Channels[0].Status[2] = Missing; return d }, "where there is none"},
		"status unknown":      {func(d []Day) []Day { d[1].Channels[0].Status[2] = 5; return d }, "status 5"},
		"slots missing":       {func(d []Day) []Day { d[1].Channels[0].Wh = d[1].Channels[0].Wh[1:]; return d }, "instead of 24"},
		"channel missing":     {func(d []Day) []Day { d[1].Channels = d[1].Channels[:1]; return d }, "channels instead of"},
		"order of days":       {func(d []Day) []Day { d[0], d[1] = d[1], d[0]; return d }, "comes after"},
		"day twice":           {func(d []Day) []Day { d[1].Day = d[0].Day; return d }, "comes after"},
		"before validity":     {func(d []Day) []Day { d[0].Day = firstDay - 1; return d }, "not valid"},
		"after validity":      {func(d []Day) []Day { d[2].Day = firstDay + 100; return d }, "not valid"},
	} {
		h := newHouse(t, Setup{Meter: "M1", N: 24, Channels: ImportAndExport, Cap: 5000, First: firstDay, Last: firstDay + 99})
		days := c.change(makeDays(h.meter.Certificate(), firstDay, 3, 1))
		_, err := h.meter.Seal(h.key.Recipient(), days, 0)
		if err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", name, err)
		}
		if h.meter.Export() != nil {
			t.Errorf("%s: something was sealed", name)
		}
	}
}

func TestChainsDoNotGrowBackwards(t *testing.T) {
	h := newHouse(t, smallSetup(ImportOnly))
	h.seal(t, makeDays(h.meter.Certificate(), firstDay+3, 2, 1), 0)
	_, err := h.meter.Seal(h.key.Recipient(), makeDays(h.meter.Certificate(), firstDay, 1, 1), Late)
	if err == nil || !strings.Contains(err.Error(), "before the first sealed day") {
		t.Fatal(err)
	}
}

// TestNewTenant: a new recipient gets later days only, and nothing that opens the
// former tenant's.
func TestNewTenant(t *testing.T) {
	h := newHouse(t, smallSetup(ImportOnly))
	days := makeDays(h.meter.Certificate(), firstDay, 8, 1)
	h.seal(t, days[:4], 0)
	former := h.parsed(t)
	tenant := newTestKey(t)
	if _, err := h.meter.Seal(tenant.Recipient(), days[:4], 0); err == nil {
		t.Fatal("days of the former tenant were sealed again")
	}
	done, err := h.meter.Seal(tenant.Recipient(), days, 0)
	must(t, err)
	if want := (Sealing{Skipped: 4, Sealed: 4}); done != want {
		t.Fatalf("%+v, want %+v", done, want)
	}
	e := h.parsed(t)
	if e.Epoch() != 2 || e.First() != firstDay+4 {
		t.Fatalf("epoch %d from %s", e.Epoch(), DayText(e.First()))
	}
	opened, err := e.Open(tenant)
	must(t, err)
	sameDays(t, days[4:], opened)
	if _, err := former.Open(tenant); !errors.Is(err, ErrWrongKey) {
		t.Fatal(err)
	}
	if _, err := e.Open(h.key); !errors.Is(err, ErrWrongKey) {
		t.Fatal(err)
	}
	must(t, CheckEpochs(former, e))
	// A correction of the former tenant's days goes to the former tenant's chain.
	days[1].Channels[0] = missingDay(days[1].Day, h.meter.Certificate()).Channels[0]
	done, err = h.meter.Seal(tenant.Recipient(), days, Fault)
	must(t, err)
	if done.Corrected != 1 || h.meter.ExportEpoch(1).Corrections() != 1 || h.meter.Export().Corrections() != 0 {
		t.Fatalf("%+v", done)
	}
}

// TestDelegatedDays: a third party reads the days it was given, as the customer
// does, corrections too.
func TestDelegatedDays(t *testing.T) {
	h := newHouse(t, smallSetup(ImportOnly))
	days := makeDays(h.meter.Certificate(), firstDay, 10, 1)
	h.seal(t, days, 0)
	days[4] = makeDays(h.meter.Certificate(), firstDay+4, 1, 7)[0]
	h.seal(t, days, Estimate)
	e := h.parsed(t)
	d, err := e.Delegate(h.key, firstDay+3, firstDay+6)
	must(t, err)
	opened, err := e.OpenDelegated(d)
	must(t, err)
	sameDays(t, days[3:7], opened)
	if opened.Days[1].Version != 1 {
		t.Fatal("the correction is not the one that counts")
	}
}

// TestTwoHeadsAreKept: the evidence names both heads, each with the meter's
// signature.
func TestTwoHeadsAreKept(t *testing.T) {
	st := newStage(t, "two heads", smallSetup(ImportOnly))
	st.seal(t, makeDays(st.meter.Certificate(), firstDay, 6, 1), 0)
	known := twinState(t, st)
	_, err := st.segment(st.meter.Export(), 0).Check(st.trusted(), known)
	var evidence *TwoHeads
	if !errors.As(err, &evidence) || !errors.Is(err, ErrChain) {
		t.Fatalf("no evidence in %v", err)
	}
	sc := scope{st.meter.Certificate(), 1}
	must(t, evidence.A.check(sc))
	must(t, evidence.B.check(sc))
	if evidence.A.Day != evidence.B.Day || string(evidence.A.DayTip) == string(evidence.B.DayTip) {
		t.Fatal("the two heads do not contradict each other")
	}
	if err := known.CheckHead(evidence.B); !errors.As(err, &evidence) {
		t.Fatal(err)
	}
	must(t, known.CheckHead(known.Head))
	must(t, (*Accepted)(nil).CheckHead(known.Head))
}

// TestEveryDayHasItsHead: each day's head can end a segment, and its rows are the
// ones of that day.
func TestEveryDayHasItsHead(t *testing.T) {
	h := newHouse(t, smallSetup(ImportAndExport))
	days := makeDays(h.meter.Certificate(), firstDay, 7, 1)
	h.seal(t, days, 0)
	days[2] = makeDays(h.meter.Certificate(), firstDay+2, 1, 9)[0]
	h.seal(t, days, Fault)
	e := h.parsed(t)
	for first := e.First(); first <= e.Last(); first++ {
		for last := first; last <= e.Last(); last++ {
			s, err := e.Segment(first, last, 0)
			must(t, err)
			c, err := s.Check(h.trusted(), nil)
			must(t, err)
			if len(c.Rows) != 2*int(last-first+1) || c.First != first || c.Last != last {
				t.Fatalf("%d rows from %d to %d", len(c.Rows), c.First, c.Last)
			}
			for _, r := range c.Rows {
				if (r.Day == firstDay+2) != (r.Version == 1) {
					t.Fatalf("day %s has version %d", DayText(r.Day), r.Version)
				}
			}
		}
	}
	for _, c := range []struct {
		first, last uint16
		from        uint32
	}{{firstDay - 1, firstDay, 0}, {firstDay, firstDay + 7, 0}, {firstDay + 1, firstDay, 0}, {firstDay, firstDay, 2}} {
		if _, err := e.Segment(c.first, c.last, c.from); err == nil {
			t.Errorf("segment %+v was made", c)
		}
	}
}

// TestSegmentSize: its length says nothing about the readings.
func TestSegmentSize(t *testing.T) {
	sizes := map[int]bool{}
	for seed := range uint64(8) {
		h := newHouse(t, Setup{Meter: "MAC000002", N: 48})
		h.seal(t, makeDays(h.meter.Certificate(), firstDay, 31, seed), 0)
		s, err := h.meter.Export().Segment(firstDay, firstDay+30, 0)
		must(t, err)
		sizes[len(s.Bytes())] = true
	}
	if len(sizes) != 1 {
		t.Fatalf("sizes of segments of one shape: %v", sizes)
	}
	for size := range sizes {
		if size > 2500 {
			t.Errorf("a month takes %d bytes", size)
		}
	}
}

func TestCounts(t *testing.T) {
	var c Counts
	c.Add([]Status{Measured, Missing, Estimated, ClockAdjusted, NotHere, Measured},
		[]Status{Measured, Measured, Measured, Measured, NotHere, Missing})
	if want := (Counts{Slots: 5, Measured: 2, Missing: 2, Estimated: 1}); c != want {
		t.Fatalf("%+v, want %+v", c, want)
	}
}

// TestTwoMetersOfOneName: a device that replaces another may take over its name,
// certified by another authority; the two have nothing to do with each other.
func TestTwoMetersOfOneName(t *testing.T) {
	a, b := newHouse(t, smallSetup(ImportOnly)), newHouse(t, smallSetup(ImportOnly))
	a.seal(t, makeDays(a.meter.Certificate(), firstDay, 2, 1), 0)
	b.seal(t, makeDays(b.meter.Certificate(), firstDay+2, 2, 1), 0)
	must(t, CheckEpochs(a.parsed(t), b.parsed(t)))
	var list []*Checked
	var rows []Row
	for i, h := range []*house{a, b} {
		s, err := h.parsed(t).Segment(uint16(firstDay+2*i), uint16(firstDay+2*i+1), 0)
		must(t, err)
		c, err := s.Check(append(a.trusted(), b.trusted()...), nil)
		must(t, err)
		list, rows = append(list, c), append(rows, c.Rows...)
		if _, err := s.Check(append(a.trusted(), b.trusted()...), &list[0].State); (err == nil) != (i == 0) {
			t.Fatalf("device %d against the state of device 0: %v", i, err)
		}
	}
	must(t, CheckOrder(list))
	must(t, CheckCoverage(rows, ImportChannel, firstDay*secondsPerDay, (firstDay+4)*secondsPerDay))
}
