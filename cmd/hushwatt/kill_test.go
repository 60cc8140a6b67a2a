package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"hushwatt/internal/freeport"
	"hushwatt/internal/pgtest"
	"hushwatt/meter"
	"hushwatt/meter/household"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/server"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// The kill test runs the real program under load and kills it, again and again,
// in the middle of its work. A killed process loses what it had not given to the
// operating system; that the system had it on the disk is SQLite's promise
// (synchronous=FULL), which a test without cutting the power cannot see.

const (
	killRounds    = 50 // HUSHWATT_KILLS sets another number
	billsPerRound = 16
	killHomes     = 40

	longest = 2 * time.Minute // that one thing takes, on the slowest machine
)

// A victim is the server's program with its database, and its customers.
type victim struct {
	t         *testing.T
	dir       string
	database  string // a file's name or a URL
	address   string // host:port
	supplier  prover.Supplier
	customers []*customer
	process   *exec.Cmd
	starts    []time.Duration // how long each took

	mu       sync.Mutex
	budget   int // bills that may still be sent for the first time in this round
	accepted int
	answered int // sends
	cut      int // sends that a kill left without an answer
}

// A customer answers the requests of one meter, day by day, and keeps every
// receipt.
type customer struct {
	mu       sync.Mutex     // one sender at a time
	bills    []*prover.Bill // one a day
	rivals   []*prover.Bill // another answer to the same request, nil for most
	next     int
	receipts map[[32]byte][]byte // by hash of the submission
}

func TestKill(t *testing.T) {
	rounds := killRounds
	if text := os.Getenv("HUSHWATT_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		rounds = n
	} else if testing.Short() {
		rounds = 10
	}
	v := newVictim(t, rounds)
	for round := range rounds {
		for before := v.cut; v.cut == before; { // a kill that hits nothing does not count
			v.start()
			v.round(round)
			if t.Failed() {
				return
			}
		}
	}
	v.start()
	v.finish(longest)
	v.kill()
	v.fsck()
	t.Logf("%d kills, %d sends cut off, %d bills, slowest start %v", rounds, v.cut, v.accepted, slices.Max(v.starts))
}

func newVictim(t *testing.T, rounds int) *victim {
	t.Helper()
	v := &victim{t: t, dir: t.TempDir(), database: pgtest.Place(t), address: freeport.Address(t)}
	if err := v.seed((rounds*billsPerRound + killHomes - 1) / killHomes); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.kill)
	return v
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// seed makes the database and, in memory, all bills that will be sent.
func (v *victim) seed(days int) error {
	st, err := store.Open(v.database)
	if err != nil {
		return err
	}
	defer st.Close()
	key, err := keyAt(filepath.Join(v.dir, supplierKeyFile))
	if err != nil {
		return err
	}
	v.supplier = key.Public()
	ctx := context.Background()
	if err := st.Supplier(ctx, v.supplier); err != nil {
		return err
	}
	desk := &server.Desk{Store: st, Key: key, PublicURL: "http://" + v.address, Now: time.Now}
	tariff, _, err := desk.Publish(ctx, []byte(killTariff))
	if err != nil {
		return err
	}
	authority := must(meter.NewAuthorityKey())
	if err := desk.Authorise(ctx, authority.Authority(), "Meters", store.Always); err != nil {
		return err
	}
	first := must(tariffs.ParseDate("2013-01-01"))
	series := must(must(household.New(household.Options{Seed: 1})).Series(int(first), days))
	sealed := must(meter.DaysFromSeries(series, meter.DaysOptions{N: 48, Channels: meter.ImportOnly}))
	for i := range killHomes {
		name := fmt.Sprint("meter-", i)
		device := must(meter.NewMeter(authority, meter.Setup{Meter: name, N: 48}))
		own := must(meter.NewKey(meter.X25519))
		must(device.Seal(own.Recipient(), sealed, 0))
		opened := must(device.Export().Open(own))
		if err := desk.Register(ctx, name, authority.Authority(), 48, store.Always); err != nil {
			return err
		}
		c := &customer{receipts: map[[32]byte][]byte{}}
		for d := range tariffs.Date(days) {
			r := must(desk.Ask(ctx, server.Question{Meters: []string{name}, Tariffs: [][32]byte{tariff.Hash()}, Start: first + d, End: first + d + 1}))
			c.add(r, tariff, opened)
		}
		v.customers = append(v.customers, c)
	}
	return nil
}

// add makes the answer to a request, and sometimes a rival one.
func (c *customer) add(r *prover.Request, t *tariffs.Tariff, opened *meter.Opened) {
	p := must(plan.For(r, []*tariffs.Tariff{t}))
	answer := func() *prover.Bill {
		return must(prover.Answer(r, p.BillPlan, []*meter.Opened{opened}, rand.Reader))
	}
	var rival *prover.Bill
	if len(c.bills)%4 == 0 {
		rival = answer()
	}
	c.bills, c.rivals = append(c.bills, answer()), append(c.rivals, rival)
}

const killTariff = `{"planId":"flat","displayName":"Flat","brandName":"Test Energy","effectiveFrom":"2013-01-01",
"electricityContract":{"pricingModel":"SINGLE_RATE","timeZone":"LOCAL","tariffPeriod":[{"displayName":"All year","startDate":"01-01","endDate":"12-31",
"dailySupplyCharge":"0.25","rateBlockUType":"singleRate","singleRate":{"displayName":"Energy","rates":[{"unitPrice":"0.1531"}]}}]},
"x-hushwatt":{"clock":"Etc/UTC","currency":"GBP","pricesIncludeTax":false,"taxes":[{"name":"VAT","rate":"0.05"}],
"rounding":{"stage":"bill","digits":2,"mode":"half-up"}}}`

// start runs the program and waits until it answers.
func (v *victim) start() {
	v.t.Helper()
	log := must(os.Create(filepath.Join(v.dir, "log")))
	defer log.Close()
	v.process = exec.Command(program, "serve", "--listen", v.address, "--public-url", "http://"+v.address,
		"--database", v.database, "--key", filepath.Join(v.dir, supplierKeyFile), "--token-file", filepath.Join(v.dir, "token"), "--rate", "0")
	v.process.Stderr = log
	began := time.Now()
	if err := v.process.Start(); err != nil {
		v.t.Fatal(err)
	}
	if !within(longest, func() bool {
		r, err := http.Get("http://" + v.address + "/healthz")
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK
	}) {
		v.t.Fatalf("it does not start:\n%s", must(os.ReadFile(log.Name())))
	}
	v.starts = append(v.starts, time.Since(began))
}

// within waits until something is true, and says whether it became so in time.
func within(longest time.Duration, is func() bool) bool {
	for end := time.Now().Add(longest); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

func (v *victim) kill() {
	if v.process != nil {
		v.process.Process.Kill()
		v.process.Wait()
		v.process = nil
	}
}

// round lets customers send until the program is killed at a random moment: some
// time after it has given so many answers, however fast it is.
func (v *victim) round(n int) {
	v.mu.Lock()
	v.budget = billsPerRound
	until := v.answered + mrand.IntN(billsPerRound)
	v.mu.Unlock()
	ctx, stop := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	const senders = 6
	for k := range senders {
		random := mrand.New(mrand.NewPCG(uint64(n), uint64(k)))
		wait.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				v.one(v.customers[(i*senders+k)%len(v.customers)], random)
			}
		})
	}
	if !within(longest, func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.answered >= until
	}) {
		v.t.Error("it does not answer")
	}
	time.Sleep(time.Duration(mrand.IntN(10_000)) * time.Microsecond)
	v.kill()
	stop()
	wait.Wait()
}

// one lets a customer send its next bill, or, if this round has had enough new
// ones, one of its old ones again.
func (v *victim) one(c *customer, random *mrand.Rand) {
	if !c.mu.TryLock() {
		return
	}
	defer c.mu.Unlock()
	v.mu.Lock()
	fresh := v.budget > 0 && c.next < len(c.bills)
	if fresh {
		v.budget--
	}
	v.mu.Unlock()
	if fresh {
		v.answer(c)
	} else if c.next > 0 {
		v.again(c, c.bills[random.IntN(c.next)])
	}
}

// answer sends the customer's next bill, and its rival at the same time; both are
// sent again in a later round until each has a verdict.
func (v *victim) answer(c *customer) {
	bill, rival := c.bills[c.next], c.rivals[c.next]
	var first, second verdict
	if rival == nil {
		first, second = v.send(bill), refused
	} else {
		var wait sync.WaitGroup
		wait.Go(func() { second = v.send(rival) })
		first = v.send(bill)
		wait.Wait()
	}
	if first == nil || second == nil {
		return // not answered: the server is dead
	}
	if first.accepted() == second.accepted() {
		v.t.Errorf("of two answers to one request, accepted: %v and %v", first.accepted(), second.accepted())
	}
	for i, w := range []verdict{first, second} {
		if w.accepted() {
			counts := []*prover.Bill{bill, rival}[i]
			c.bills[c.next] = counts
			c.receipts[counts.Submission.Hash()] = w
		}
	}
	c.next++
	v.mu.Lock()
	v.accepted++
	v.mu.Unlock()
}

// again sends a bill that has its receipt: the same receipt must come back.
func (v *victim) again(c *customer, bill *prover.Bill) {
	if w := v.send(bill); w != nil && !bytes.Equal(w, c.receipts[bill.Submission.Hash()]) {
		v.t.Errorf("another receipt than before: %q", w)
	}
}

// A verdict is the bytes of a receipt, empty if the bill was refused, nil if no
// whole answer came.
type verdict []byte

var refused = verdict{}

func (w verdict) accepted() bool { return len(w) > 0 }

var sender = &http.Client{Timeout: longest, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

func (v *victim) send(bill *prover.Bill) verdict {
	r, err := sender.Post("http://"+v.address+"/api/v1/bills", server.BillType, bytes.NewReader(bill.Bytes()))
	if err != nil {
		v.mu.Lock()
		v.cut++
		v.mu.Unlock()
		return nil
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode == http.StatusServiceUnavailable {
		return nil
	}
	v.mu.Lock()
	v.answered++
	v.mu.Unlock()
	if r.StatusCode == http.StatusUnprocessableEntity {
		var p server.Problem
		if err := json.Unmarshal(data, &p); err == nil && p.Reason != string(prover.ReasonRequest) {
			v.t.Errorf("refused: %s", data)
		}
		return refused
	}
	if r.StatusCode != http.StatusOK {
		v.t.Errorf("%d %s", r.StatusCode, data)
		return nil
	}
	if _, err := prover.CheckReceipt(data, bill, v.supplier); err != nil {
		v.t.Error(err)
	}
	return data
}

// finish sends what is left, and everything else once more. It sends a bill that gets no
// answer again for as long as patience lasts.
func (v *victim) finish(patience time.Duration) {
	next := make(chan *customer, len(v.customers))
	for _, c := range v.customers {
		next <- c
	}
	close(next)
	var wait sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for c := range next {
				for c.next < len(c.bills) {
					before := c.next
					if !within(patience, func() bool { v.answer(c); return c.next > before }) {
						break
					}
				}
				for _, b := range c.bills[:c.next] {
					v.again(c, b)
				}
			}
		})
	}
	wait.Wait()
}

// fsck runs the program's own check, and compares with what customers hold.
func (v *victim) fsck() {
	out, err := exec.Command(program, "fsck", "--json", "--database", v.database).Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		v.t.Errorf("fsck: %s\n%s", out, exit.Stderr)
		return
	}
	var report server.Report
	if err := json.Unmarshal(out, &report); err != nil {
		v.t.Fatalf("%v: %s", err, out)
	}
	held := 0
	for _, c := range v.customers {
		held += len(c.receipts)
		if c.next != len(c.bills) {
			v.t.Errorf("%d of %d bills were answered", c.next, len(c.bills))
		}
	}
	if report.Bills != held || report.Requests != held || len(report.Findings) != 0 {
		v.t.Errorf("customers hold %d receipts; fsck: %+v", held, report)
	}
}
