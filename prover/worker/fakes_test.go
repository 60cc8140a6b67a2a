package worker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hushwatt/meter"
	"hushwatt/meter/household"
	"hushwatt/prover"
	"hushwatt/prover/messages"
	"hushwatt/prover/plan"
	"hushwatt/tariffs"
)

// memory is a vault that forgets, and fails when told to.
type memory struct {
	mu      sync.Mutex
	records map[string][]byte
	damaged map[string]bool
	full    bool
	writes  int
	onWrite func(put map[string][]byte) // before a write
}

func newMemory() *memory { return &memory{records: map[string][]byte{}, damaged: map[string]bool{}} }

func (v *memory) Get(name string) ([]byte, error) {
	b, ok := v.records[name]
	if !ok {
		return nil, ErrNoRecord
	}
	if v.damaged[name] {
		return nil, ErrDamaged
	}
	return slices.Clone(b), nil
}

func (v *memory) Names(prefix string) ([]string, error) {
	var list []string
	for n := range v.records {
		if strings.HasPrefix(n, prefix) {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list, nil
}

func (v *memory) Write(put map[string][]byte, remove []string) error {
	if v.full {
		return ErrFull
	}
	if v.onWrite != nil {
		v.onWrite(put)
	}
	v.writes++
	for n, b := range put {
		v.records[n] = slices.Clone(b)
	}
	for _, n := range remove {
		delete(v.records, n)
	}
	return nil
}

func (v *memory) Clear() error {
	v.records = map[string][]byte{}
	return nil
}

func (v *memory) Exclusive(do func() error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return do()
}

// supplier is a supplier's server as the customer's device sees it.
type supplier struct {
	t         *testing.T
	key       *prover.SupplierKey
	name      string
	authority *meter.AuthorityKey
	tariffs   []*tariffs.Tariff
	addenda   []*tariffs.Addendum
	unlisted  map[string]bool // ids that are served and not listed
	documents map[string][]byte
	ledger    *prover.Memory
	now       func() time.Time
	files     map[string][]byte

	offline  bool
	dropping int       // so many answers are lost after the server has done its work
	reply    *Response // answered in place of anything else
	posted   [][]byte
	gets     []string
	waiting  chan struct{} // if set, a post waits for it
	arrived  chan struct{}
}

const origin = "https://demo.example"

var errOffline = errors.New("network is unreachable")

func newSupplier(t *testing.T, now func() time.Time) *supplier {
	key, err := prover.NewSupplierKey()
	if err != nil {
		t.Fatal(err)
	}
	ca, err := meter.NewAuthorityKey()
	if err != nil {
		t.Fatal(err)
	}
	return &supplier{t: t, key: key, name: "Demo Energy", authority: ca, documents: map[string][]byte{}, ledger: prover.NewMemory(), now: now, files: map[string][]byte{}}
}

func (s *supplier) publish(text string) *tariffs.Tariff {
	s.t.Helper()
	bare, err := tariffs.Parse([]byte(text))
	if err != nil {
		s.t.Fatal(err)
	}
	document := bare.Signed(s.key.Ed25519())
	signed, err := tariffs.Parse(document)
	if err != nil {
		s.t.Fatal(err)
	}
	s.tariffs = append(s.tariffs, signed)
	s.documents[signed.ID()] = document
	return signed
}

// announce publishes an addendum of one event on an afternoon.
func (s *supplier) announce(of *tariffs.Tariff, day string) *tariffs.Addendum {
	s.t.Helper()
	bare, err := tariffs.ParseAddendum(fmt.Appendf(nil, `{"tariff":%q,"events":[{"displayName":"Hot day","from":"%sT15:00:00Z","to":"%sT18:00:00Z"}]}`, of.ID(), day, day))
	if err != nil {
		s.t.Fatal(err)
	}
	document := bare.Signed(s.key.Ed25519())
	signed, err := tariffs.ParseAddendum(document)
	if err != nil {
		s.t.Fatal(err)
	}
	s.addenda = append(s.addenda, signed)
	s.documents[idOfAddendum(signed)] = document
	return signed
}

func (s *supplier) Get(_ context.Context, url string) (*Response, error) {
	if s.offline {
		return nil, errOffline
	}
	path, ours := strings.CutPrefix(url, origin)
	if !ours {
		s.t.Errorf("%s was fetched", url)
	}
	s.gets = append(s.gets, path)
	if path == "/api/v1/supplier" {
		b, _ := json.Marshal(map[string]any{"supplier": s.key.Public().String(), "name": s.name, "version": 1})
		return &Response{Status: 200, Type: "application/json", Body: b}, nil
	}
	if path == "/api/v1/tariffs" {
		list := []map[string]any{}
		for _, t := range s.tariffs {
			addenda := []map[string]string{}
			for _, a := range s.addenda {
				if id := idOfAddendum(a); a.Tariff() == t.ID() && !s.unlisted[id] {
					addenda = append(addenda, map[string]string{"id": id})
				}
			}
			list = append(list, map[string]any{"id": t.ID(), "addenda": addenda})
		}
		b, _ := json.Marshal(map[string]any{"tariffs": list})
		return &Response{Status: 200, Type: "application/json", Body: b}, nil
	}
	if id, ok := strings.CutPrefix(path, "/api/v1/tariffs/"); ok && s.documents[id] != nil {
		return &Response{Status: 200, Type: "application/json", Body: s.documents[id]}, nil
	}
	if f := s.files[path]; f != nil {
		return &Response{Status: 200, Body: f}, nil
	}
	return &Response{Status: 404, Type: "application/problem+json", Body: []byte(`{}`)}, nil
}

func (s *supplier) Post(ctx context.Context, url, contentType string, body []byte) (*Response, error) {
	if s.offline {
		return nil, errOffline
	}
	if url != origin+"/api/v1/bills" || contentType != prover.MediaType {
		s.t.Errorf("posted %s to %s", contentType, url)
	}
	s.posted = append(s.posted, slices.Clone(body))
	if s.arrived != nil {
		close(s.arrived)
		s.arrived = nil
	}
	if s.waiting != nil {
		select {
		case <-s.waiting:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if s.reply != nil {
		return s.reply, nil
	}
	checks := prover.Checks{Plan: func(r *prover.Request) (*prover.BillPlan, error) {
		ts, err := tariffs.WithAddenda(s.tariffs, s.addenda)
		if err != nil {
			return nil, err
		}
		p, err := plan.For(r, slices.DeleteFunc(ts, func(t *tariffs.Tariff) bool { return !slices.Contains(r.Terms.Tariffs, t.Hash()) }))
		if err != nil {
			return nil, err
		}
		return p.BillPlan, nil
	}}
	v := &prover.Verifier{Checks: checks, Key: s.key, Ledger: s.ledger, Now: s.now}
	v.Checks.Authorities = []meter.Authority{s.authority.Authority()}
	receipt, err := v.Submit(body)
	if s.dropping > 0 {
		s.dropping--
		return nil, errOffline
	}
	var refusal *prover.Refusal
	if errors.As(err, &refusal) {
		b, _ := json.Marshal(map[string]any{"reason": refusal.Reason, "request_id": "REF-7"})
		return &Response{Status: 422, Type: "application/problem+json", Body: b}, nil
	}
	if err != nil {
		s.t.Error(err)
		return &Response{Status: 500}, nil
	}
	return &Response{Status: 200, Type: "application/vnd.hushwatt.receipt+cbor", Body: receipt}, nil
}

// ask makes a signed request and makes it known.
func (s *supplier) ask(start, end string, meters []prover.MeterSlots, ts []*tariffs.Tariff, change func(*prover.Request)) *prover.Request {
	s.t.Helper()
	plan, err := plan.New(ts, date(s.t, start), date(s.t, end), meters)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := prover.NewRequest(plan.BillPlan)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Serial, r.NotAfter, r.ReturnTo = 7, s.now().Add(30*24*time.Hour).Unix(), origin
	if change != nil {
		change(r)
	}
	if err := r.Sign(s.key); err != nil {
		s.t.Fatal(err)
	}
	s.ledger.Open(r)
	return r
}

// A device is a desk with what it stands on. Restart gives a new desk on the same
// vault.
type device struct {
	*Desk
	t     *testing.T
	vault *memory
	net   Net
	clock *time.Time
	state messages.State
	seen  []messages.Progress
}

func newDevice(t *testing.T, net Net, now *time.Time) *device {
	d := &device{t: t, vault: newMemory(), net: net, clock: now}
	d.restart()
	return d
}

func (d *device) restart() {
	d.Desk = NewDesk(Host{
		Vault: d.vault, Net: d.net, Now: func() time.Time { return *d.clock }, Random: rand.Reader, Yield: func() {},
		Changed: func(s messages.State) { d.state = s }, Version: "test",
	})
	call[messages.State](d, messages.TypeHello, &messages.Hello{Origin: origin, Clock: "Europe/London"})
}

// try does a call and returns its error.
func try[T any](d *device, kind messages.Type, body any) (*T, *messages.Error) {
	d.t.Helper()
	text, parts, err := messages.Encode(body)
	if err != nil {
		d.t.Fatal(err)
	}
	text, parts, err = d.Call(context.Background(), kind, text, parts, func(p messages.Progress) { d.seen = append(d.seen, p) })
	var e *messages.Error
	if errors.As(err, &e) {
		if e.Sentence == "" || e.Next == "" {
			d.t.Errorf("%s: error without words: %+v", kind, e)
		}
		return nil, e
	}
	if err != nil {
		d.t.Fatalf("%s: %v", kind, err)
	}
	v := new(T)
	if err := messages.Decode(text, parts, v); err != nil {
		d.t.Fatal(err)
	}
	return v, nil
}

func call[T any](d *device, kind messages.Type, body any) *T {
	d.t.Helper()
	v, e := try[T](d, kind, body)
	if e != nil {
		d.t.Fatalf("%s: %s: %s (%s)", kind, e.Code, e.Sentence, e.Detail)
	}
	return v
}

func refused[T any](d *device, code messages.Code, kind messages.Type, body any) *messages.Error {
	d.t.Helper()
	_, e := try[T](d, kind, body)
	if e == nil {
		d.t.Fatalf("%s: done; want %s", kind, code)
	}
	if e.Code != code {
		d.t.Fatalf("%s: %s: %s (%s); want %s", kind, e.Code, e.Sentence, e.Detail, code)
	}
	return e
}

// A sealed home: its meter at work.
type sealedHome struct {
	t      *testing.T
	name   string
	step   int
	made   *household.Household
	meter  *meter.Meter
	key    *meter.Recipient
	adjust func([]meter.Day)
}

func (s *supplier) home(name string, step int, key *meter.Recipient) *sealedHome {
	h, err := household.New(household.Options{Seed: 11, Step: step, Point: name})
	if err != nil {
		s.t.Fatal(err)
	}
	m, err := meter.NewMeter(s.authority, meter.Setup{Meter: name, N: 86400 / step, Cap: 40000})
	if err != nil {
		s.t.Fatal(err)
	}
	return &sealedHome{t: s.t, name: name, step: step, made: h, meter: m, key: key}
}

func (h *sealedHome) slots() []prover.MeterSlots {
	return []prover.MeterSlots{{Meter: h.name, N: uint16(86400 / h.step)}}
}

// seal seals the UTC days [start, end) and returns the export file.
func (h *sealedHome) seal(start, end string) []byte {
	h.t.Helper()
	first, last := date(h.t, start), date(h.t, end)
	series, err := h.made.Series(int(first), int(last-first))
	if err != nil {
		h.t.Fatal(err)
	}
	days, err := meter.DaysFromSeries(series, meter.DaysOptions{N: 86400 / h.step, Channels: meter.ImportOnly})
	if err != nil {
		h.t.Fatal(err)
	}
	if h.adjust != nil {
		h.adjust(days)
	}
	if _, err := h.meter.Seal(h.key, days, 0); err != nil {
		h.t.Fatal(err)
	}
	return h.meter.Export().Bytes()
}

func idOf(r *prover.Request) string {
	h := r.Hash()
	return hex.EncodeToString(h[:])
}

func document2(name, id, stage, night, dayPrice string) string {
	s := strings.Replace(document, "STAGE", stage, 1)
	s = strings.Replace(s, `"planId": "two", "displayName": "Two rates"`, fmt.Sprintf(`"planId": %q, "displayName": %q`, id, name), 1)
	return strings.Replace(strings.Replace(s, `"0.09"`, `"`+night+`"`, 1), `"0.21"`, `"`+dayPrice+`"`, 1)
}

// A town is a supplier with two tariffs, a device with a key, and a home whose
// March and April were read.
type town struct {
	*supplier
	*device
	now   *time.Time
	two   *tariffs.Tariff
	flat  *tariffs.Tariff
	house *sealedHome
	opens *messages.Opened
}

func newTown(t *testing.T) *town {
	t.Helper()
	now := time.Date(2026, 5, 3, 18, 0, 0, 0, time.UTC)
	s := newSupplier(t, func() time.Time { return now })
	w := &town{supplier: s, now: &now}
	w.two = s.publish(document2("Night and day", "two", "bill", "0.09", "0.21"))
	w.flat = s.publish(document2("Almost flat", "flat", "net", "0.16", "0.17"))
	w.device = newDevice(t, s, &now)
	state := call[messages.State](w.device, messages.TypeNewKey, nil)
	key, err := meter.ParseRecipient(state.Recipient)
	if err != nil {
		t.Fatal(err)
	}
	w.house = s.home("home-1", 1800, key)
	w.opens = call[messages.Opened](w.device, messages.TypeOpen, &messages.Open{Name: "march.hushwatt", Data: w.house.seal("2026-02-28", "2026-05-02")})
	return w
}

// march asks for March and takes the request in.
func (w *town) march(change func(*prover.Request)) string {
	return w.month("2026-03-01", "2026-04-01", change)
}

func (w *town) month(start, end string, change func(*prover.Request)) string {
	r := w.ask(start, end, w.house.slots(), []*tariffs.Tariff{w.two}, change)
	call[messages.Ask](w.device, messages.TypeRequest, &messages.TakeRequest{Data: r.Bytes()})
	return idOf(r)
}

func (w *town) bill(request string) *messages.Bill {
	return call[messages.Bill](w.device, messages.TypeBill, &messages.AskBill{Request: request})
}
