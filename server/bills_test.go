package server

import (
	"bytes"
	"context"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"hushwatt/meter"
	"hushwatt/meter/household"
	"hushwatt/prover"
	"hushwatt/server/store"
)

func TestBillAndReceipt(t *testing.T) {
	w := newTown(t)
	h := w.home("meter-1", 1, 60)
	bill := w.answer(h, w.ask(h, 0, 31))
	first := w.send(bill.Bytes())
	receipt := body(t, first)
	if first.StatusCode != http.StatusOK || first.Header.Get("Content-Type") != ReceiptType {
		t.Fatalf("%d %s: %s", first.StatusCode, first.Header.Get("Content-Type"), receipt)
	}
	r, err := prover.CheckReceipt(receipt, bill, w.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	if r.Serial != 1 || r.Time != townTime.Unix() {
		t.Errorf("receipt %d at %d", r.Serial, r.Time)
	}
	w.wait(200 * 24 * time.Hour)
	again := w.send(bill.Bytes())
	if got := body(t, again); again.StatusCode != http.StatusOK || !bytes.Equal(got, receipt) {
		t.Errorf("sent again: %d, the same receipt: %v", again.StatusCode, bytes.Equal(got, receipt))
	}
	id := hex.EncodeToString(bill.Submission.ID[:])
	if got := body(t, w.call(call{path: "/api/v1/receipts/" + id})); !bytes.Equal(got, receipt) {
		t.Errorf("receipt by id: %q", got)
	}
	it, err := w.store.Item(context.Background(), 1, w.clock().Unix())
	if err != nil {
		t.Fatal(err)
	}
	if it.State != store.Accepted || it.Answer == nil || it.Answer.Total == "" || it.Answer.Currency != "GBP" || it.Answer.Slots != 31*48 {
		t.Errorf("%+v, %+v", it, it.Answer)
	}
}

func TestRefusedBills(t *testing.T) {
	w := newTown(t)
	h, other := w.home("meter-1", 1, 120), w.home("meter-2", 2, 40)
	january := w.ask(h, 0, 31)
	good := w.answer(h, january)

	bad := must(prover.ParseBill(good.Bytes()))
	bad.Submission.Proof[len(bad.Submission.Proof)-32] ^= 1
	expectRefused(t, w.send(bad.Bytes()), http.StatusUnprocessableEntity, prover.ReasonProof)
	p := expectRefused(t, w.send(bad.Bytes()), http.StatusUnprocessableEntity, prover.ReasonProof)
	it := must(w.store.Item(context.Background(), 1, w.clock().Unix()))
	if it.State != store.RefusedState || len(it.Refusals) != 1 || it.Refusals[0].Times != 2 || it.Refusals[0].Reference != p.RequestID {
		t.Errorf("after two equal refusals: %+v", it)
	}
	if kept := must(w.store.RefusedBytes(context.Background(), p.RequestID)); !bytes.Equal(kept, bad.Bytes()) {
		t.Error("other bytes are kept than were sent")
	}

	expectRefused(t, w.send([]byte{0x82}), http.StatusBadRequest, prover.ReasonMalformed)
	expectRefused(t, w.send(append(good.Bytes(), 0)), http.StatusBadRequest, prover.ReasonMalformed)
	foreign := newTown(t)
	foreign.authority = w.authority
	if err := foreign.server.Desk().Authorise(context.Background(), w.authority.Authority(), "Test authority", store.Always); err != nil {
		t.Fatal(err)
	}
	fh := foreign.home("meter-1", 1, 40)
	expectRefused(t, w.send(foreign.answer(fh, foreign.ask(fh, 0, 31)).Bytes()), http.StatusUnprocessableEntity, prover.ReasonRequest)

	swapped := *good.Submission
	swapped.Segments = w.answer(other, w.ask(other, 0, 31)).Submission.Segments
	expectRefused(t, w.send((&prover.Bill{Request: january, Submission: &swapped}).Bytes()), http.StatusUnprocessableEntity, prover.ReasonRequest)

	if got := w.send(good.Bytes()); got.StatusCode != http.StatusOK {
		t.Fatalf("the honest answer after all that: %d %s", got.StatusCode, body(t, got))
	}
	expectRefused(t, w.send(w.answer(h, january).Bytes()), http.StatusUnprocessableEntity, prover.ReasonRequest)
	sameID := w.answer(h, w.ask(h, 31, 28))
	sameID.Submission.ID = good.Submission.ID
	expectRefused(t, w.send(sameID.Bytes()), http.StatusUnprocessableEntity, prover.ReasonRequest)
	expectRefused(t, w.send(w.answer(h, w.ask(h, 59, 31)).Bytes()), http.StatusUnprocessableEntity, prover.ReasonRequest) // leaves a gap
}

func expectRefused(t testing.TB, r *http.Response, status int, reason prover.Reason) Problem {
	t.Helper()
	p := problemIn(t, r)
	if p.Status != status || p.Reason != string(reason) || p.Type != problemPrefix+problemBillRefused || p.Detail != reasonSentence[reason] {
		t.Errorf("want %d %s, got %+v", status, reason, p)
	}
	return p
}

func TestStatesOfARequest(t *testing.T) {
	w := newTown(t)
	h := w.home("meter-1", 1, 120)
	ctx := context.Background()
	states := func(want string) {
		t.Helper()
		var got []string
		for _, it := range must(w.store.Items(ctx, store.Filter{Now: w.clock().Unix()})) {
			got = append([]string{string(it.State)}, got...)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("states %v, want %s", got, want)
		}
	}
	soon := func(q *Question) { q.AnswerBy = w.clock().Add(time.Hour) }
	expired := w.ask(h, 0, 31, soon)
	late := w.answer(h, expired)
	w.wait(2 * time.Hour)
	states("expired")
	expectRefused(t, w.send(late.Bytes()), 422, prover.ReasonRequest)
	states("refused")

	withdrawn := w.ask(h, 0, 31)
	answer := w.answer(h, withdrawn)
	if r := w.call(call{method: "POST", path: "/api/v1/requests/2/withdrawal", staff: true}); r.StatusCode != http.StatusNoContent {
		t.Errorf("withdraw: %d %s", r.StatusCode, body(t, r))
	}
	states("refused withdrawn")
	expectRefused(t, w.send(answer.Bytes()), 422, prover.ReasonRequest)

	first := w.ask(h, 0, 31)
	states("refused withdrawn awaited")
	if r := w.send(w.answer(h, first).Bytes()); r.StatusCode != 200 {
		t.Fatalf("%s", body(t, r))
	}
	if r := w.call(call{method: "POST", path: "/api/v1/requests/3/withdrawal", staff: true}); r.StatusCode != http.StatusConflict {
		t.Errorf("withdraw an answered request: %d", r.StatusCode)
	}
	replacing := w.ask(h, 0, 31, func(q *Question) { q.Replaces = 3 })
	states("refused withdrawn accepted awaited")
	if r := w.send(w.answer(h, replacing).Bytes()); r.StatusCode != 200 {
		t.Fatalf("%s", body(t, r))
	}
	states("refused withdrawn replaced accepted")
	it := must(w.store.Item(ctx, 3, w.clock().Unix()))
	if it.ReplacedBy != 4 {
		t.Errorf("request 3 is replaced by %d", it.ReplacedBy)
	}
	counts := must(w.store.Counts(ctx, store.Filter{Now: w.clock().Unix()}))
	if counts[store.Accepted] != 1 || counts[store.Replaced] != 1 || counts[store.Withdrawn] != 1 || counts[store.RefusedState] != 1 {
		t.Errorf("counts %v", counts)
	}
}

// A period is asked for, and billed, once.
func TestAskedOnce(t *testing.T) {
	w := newTown(t)
	h := w.home("meter-1", 1, 120)
	w.ask(h, 0, 31)
	ask := func(first, days int, replaces uint64) int {
		q := Question{Meters: []string{h.number}, Tariffs: [][32]byte{w.tariff.Hash()},
			Start: january + dates(first), End: january + dates(first+days), Replaces: replaces}
		_, err := w.server.Desk().Ask(context.Background(), q)
		if err == nil {
			return http.StatusCreated
		}
		p, ok := storeProblem(err).(*Problem)
		if !ok {
			t.Fatal(err)
		}
		return p.Status
	}
	for _, c := range []struct {
		name                  string
		first, days, replaces int
		want                  int
	}{
		{"the same period", 0, 31, 0, 409}, {"a part of it", 3, 10, 0, 409}, {"over its end", 30, 31, 0, 409},
		{"the next", 31, 28, 0, 201}, {"replaces what is not billed", 59, 31, 1, 409}, {"replaces nothing", 59, 31, 99, 422},
		{"an empty period", 59, 0, 0, 422},
	} {
		if got := ask(c.first, c.days, uint64(c.replaces)); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// Meters of one request follow each other. If two counted on the same days either
// would answer for both.
func TestMetersTakeTurns(t *testing.T) {
	w := newTown(t)
	for i, number := range []string{"meter-1", "meter-2"} {
		w.home(number, uint64(i), 40)
	}
	desk, ctx := w.server.Desk(), context.Background()
	day := func(n int) uint16 { return uint16(int(january) + n) }
	until := func(n int) store.Validity { return store.Validity{First: 0, Last: day(n)} }
	from := func(n int) store.Validity { return store.Validity{First: day(n), Last: 1<<16 - 1} }
	revoked := store.Always
	revoked.Revoked = day(12)
	for _, c := range []struct {
		name             string
		one, two         store.Validity
		first, days, err int
	}{
		{"side by side", store.Always, store.Always, 0, 31, 422},
		{"side by side for a day", store.Always, store.Always, 5, 1, 422},
		{"one after the other", until(11), from(12), 0, 31, 0},
		{"replaced in the course of a day", until(12), from(12), 0, 31, 0},
		{"the other way round", from(12), until(12), 0, 31, 0},
		{"two days together", until(13), from(12), 0, 31, 422},
		{"two days together, after the period", until(31), from(30), 0, 30, 0},
		{"revoked before", revoked, from(12), 0, 31, 0},
		{"revoked too late", revoked, from(10), 0, 31, 422},
	} {
		for number, v := range map[string]store.Validity{"meter-1": c.one, "meter-2": c.two} {
			if err := desk.Register(ctx, number, w.authority.Authority(), 48, v); err != nil {
				t.Fatal(err)
			}
		}
		_, err := desk.Preview(ctx, Question{Meters: []string{"meter-1", "meter-2"}, Tariffs: [][32]byte{w.tariff.Hash()},
			Start: january + dates(c.first), End: january + dates(c.first+c.days)})
		status := 0
		if p, ok := err.(*Problem); ok {
			status = p.Status
		} else if err != nil {
			t.Fatal(err)
		}
		if status != c.err {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Meters and authorities count on the days that the register says.
func TestRevocation(t *testing.T) {
	w := newTown(t)
	h := w.home("meter-1", 1, 120)
	desk, ctx := w.server.Desk(), context.Background()
	first := w.answer(h, w.ask(h, 0, 31)).Bytes()
	second := w.answer(h, w.ask(h, 31, 28)).Bytes()
	day := func(n int) uint16 { return uint16(int(january) + n) }
	set := func(m, a store.Validity) {
		t.Helper()
		if err := desk.Register(ctx, "meter-1", w.authority.Authority(), 48, m); err != nil {
			t.Fatal(err)
		}
		if err := desk.Authorise(ctx, w.authority.Authority(), "Test authority", a); err != nil {
			t.Fatal(err)
		}
	}
	revoked := func(n int) store.Validity { v := store.Always; v.Revoked = day(n); return v }
	for name, v := range map[string][2]store.Validity{
		"meter revoked on the last day":     {revoked(30), store.Always},
		"meter registered too late":         {store.Validity{First: day(1), Last: 1<<16 - 1}, store.Always},
		"meter registered too short":        {store.Validity{First: 0, Last: day(29)}, store.Always},
		"authority revoked on the last day": {store.Always, revoked(30)},
		"authority valid too late":          {store.Always, store.Validity{First: day(1), Last: 1<<16 - 1}},
	} {
		set(v[0], v[1])
		t.Run(name, func(t *testing.T) { expectRefused(t, w.send(first), 422, prover.ReasonCertificate) })
	}
	other := must(newAuthority())
	if err := desk.Authorise(ctx, other.Authority(), "Other", store.Always); err != nil {
		t.Fatal(err)
	}
	if err := desk.Register(ctx, "meter-1", other.Authority(), 48, store.Always); err != nil {
		t.Fatal(err)
	}
	expectRefused(t, w.send(first), 422, prover.ReasonCertificate)
	set(revoked(31), revoked(31)) // the day after January
	if r := w.send(first); r.StatusCode != 200 {
		t.Errorf("January, all of it before the revocation: %s", body(t, r))
	}
	expectRefused(t, w.send(second), 422, prover.ReasonCertificate)
}

// However many send at once, a bill counts once and a period is billed once.
func TestConcurrency(t *testing.T) {
	w := newTown(t)
	h := w.home("meter-1", 1, 40)
	r := w.ask(h, 0, 31)
	const n = 100
	one := w.answer(h, r).Bytes()
	rivals := make([][]byte, 8)
	for i := range rivals {
		rivals[i] = w.answer(h, r).Bytes()
	}
	var mu sync.Mutex
	receipts := map[string]int{}
	refused := 0
	var wait sync.WaitGroup
	for i := range n {
		bill := one
		if i%2 == 1 {
			bill = rivals[i/2%len(rivals)]
		}
		wait.Go(func() {
			got := w.send(bill)
			data := body(t, got)
			mu.Lock()
			defer mu.Unlock()
			if got.StatusCode == 200 {
				receipts[string(data)]++
			} else if got.StatusCode == 422 {
				refused++
			} else {
				t.Errorf("%d %s", got.StatusCode, data)
			}
		})
	}
	wait.Wait()
	if len(receipts) != 1 {
		t.Fatalf("%d receipts for one request", len(receipts))
	}
	for _, times := range receipts {
		if times+refused != n || times < n/2/len(rivals) {
			t.Errorf("%d receipts and %d refusals", times, refused)
		}
	}
	accepted := 0
	if err := w.store.Stored(context.Background(), func(*store.StoredBill) error { accepted++; return nil }); err != nil {
		t.Fatal(err)
	}
	if accepted != 1 {
		t.Errorf("%d bills are stored", accepted)
	}
}

// Answers to a request are kept, but not without bound.
func TestRefusalsAreBounded(t *testing.T) {
	w := newTown(t)
	h := w.home("meter-1", 1, 40)
	r := w.ask(h, 0, 31)
	good := w.answer(h, r).Bytes()
	for i := range 9 {
		bad := must(prover.ParseBill(good))
		bad.Submission.Proof[len(bad.Submission.Proof)-32] ^= byte(i + 1)
		expectRefused(t, w.send(bad.Bytes()), 422, prover.ReasonProof)
	}
	if it := must(w.store.Item(context.Background(), 1, 0)); len(it.Refusals) != 5 {
		t.Errorf("%d refused bills are kept", len(it.Refusals))
	}
}

// A receipt's time is the time that is stored, though the clock ticks meanwhile.
func TestOneTimeInABatch(t *testing.T) {
	ticks := townTime
	w := newTown(t, func(c *Config) {
		c.Now = func() time.Time { ticks = ticks.Add(time.Second); return ticks }
	})
	h := w.home("meter-1", 1, 40)
	expectAccepted(t, w, w.answer(h, w.ask(h, 0, 31)))
	if r := check(t, w.store); len(r.Findings) != 0 {
		t.Errorf("%+v", r.Findings)
	}
}

// What was accepted of a meter is remembered: nobody goes back behind a
// correction, nor leaves it out.
func TestCorrectionsAreRemembered(t *testing.T) {
	w := newTown(t)
	h := w.home("meter-1", 1, 60)
	old := *h
	series := must(must(household.New(household.Options{Seed: 99, Point: "meter-1"})).Series(int(january)+3, 1))
	days := must(meter.DaysFromSeries(series, meter.DaysOptions{N: 48, Channels: h.device.Certificate().Channels}))
	if _, err := h.device.Seal(h.key.Recipient(), days, meter.Late); err != nil {
		t.Fatal(err)
	}
	h.opened = must(must(meter.ParseExport(h.device.Export().Bytes())).Open(h.key))
	if h.opened.Export.Corrections() != 1 {
		t.Fatal("the device made no correction")
	}
	expectAccepted(t, w, w.answer(h, w.ask(h, 0, 31)))
	february := w.ask(h, 31, 28)
	expectRefused(t, w.send(w.answer(&old, february).Bytes()), 422, prover.ReasonChain)
	omitted := w.answer(h, february)
	omitted.Submission.Segments[0].Corrections = nil
	expectRefused(t, w.send(omitted.Bytes()), 422, prover.ReasonChain)
	expectAccepted(t, w, w.answer(h, february))
	if r := check(t, w.store); len(r.Findings) != 0 {
		t.Errorf("%+v", r.Findings)
	}
	states := must(w.store.States(context.Background()))
	if len(states) != 1 {
		t.Fatalf("%d states", len(states))
	}
	for _, a := range states {
		if len(a.Corrections) != 1 {
			t.Errorf("%d corrections are remembered", len(a.Corrections))
		}
	}
}
