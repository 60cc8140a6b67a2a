package server

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// Desk is what the supplier's staff do: publish tariffs, register authorities and
// meters, ask for bills and take a request back. The API, the portal and a demo
// share it. Errors that are someone's mistake are *Problem.
type Desk struct {
	Store     store.Store
	Key       *prover.SupplierKey
	PublicURL string
	Now       func() time.Time
}

// Desk returns the desk of this server.
func (s *Server) Desk() *Desk {
	return &Desk{Store: s.Store, Key: s.Key, PublicURL: s.PublicURL, Now: s.Now}
}

// CheckTariff reads a tariff document, bare or signed by this supplier, and judges
// it, without publishing it. A tariff whose bills cannot be proven, or which the
// privacy rules refuse, is a *Problem beside its report: no customer's device
// would answer for it.
func (d *Desk) CheckTariff(document []byte) (*tariffs.Tariff, *tariffs.Report, error) {
	t, a, err := tariffs.Read(document)
	if a != nil {
		err = errors.New("this is an addendum, not a tariff")
	}
	if err != nil {
		return nil, nil, problemOf(problemInvalid, http.StatusUnprocessableEntity, "%v", err)
	}
	public := d.Key.Public()
	if s := t.Supplier(); s != nil && string(s) != string(public[:]) {
		return nil, nil, problemOf(problemInvalid, http.StatusUnprocessableEntity, "the tariff is signed by another supplier")
	}
	report, err := judged(t)
	return t, report, err
}

// judged says whether customers' devices would answer for bills of a tariff; if
// not, the error is a *Problem.
func judged(t *tariffs.Tariff) (*tariffs.Report, error) {
	report, err := tariffs.Check(t)
	if err != nil {
		return nil, problemOf(problemInvalid, http.StatusUnprocessableEntity, "%v", err)
	}
	switch {
	case report.Provable != "yes":
		err = problemOf(problemTariffRefused, http.StatusUnprocessableEntity, "%s", report.Provable)
	case !report.Accepted:
		err = problemOf(problemTariffRefused, http.StatusUnprocessableEntity,
			"its bills would tell too much about a home: %s", strings.Join(report.Refused, "; "))
	}
	return report, err
}

// Publish checks a tariff, signs it and publishes it. Doing it again with the same
// document changes nothing.
func (d *Desk) Publish(ctx context.Context, document []byte) (*tariffs.Tariff, *tariffs.Report, error) {
	t, report, err := d.CheckTariff(document)
	if err != nil {
		return t, report, err
	}
	return t, report, d.Store.AddTariff(ctx, t, t.Signed(d.Key.Ed25519()), d.Now().Unix())
}

// CheckAddendum reads an addendum, bare or signed by this supplier, and judges its
// tariff with it and all that was published before, without publishing it. One
// under which no customer's device would answer is a *Problem beside the report.
func (d *Desk) CheckAddendum(ctx context.Context, document []byte) (*tariffs.Addendum, *tariffs.Tariff, *tariffs.Report, error) {
	a, err := tariffs.ParseAddendum(document)
	if err == nil && a.Supplier() == nil {
		a, err = tariffs.ParseAddendum(a.Signed(d.Key.Ed25519()))
	}
	if err != nil {
		return nil, nil, nil, problemOf(problemInvalid, http.StatusUnprocessableEntity, "%v", err)
	}
	id, err := hashOf(a.Tariff())
	if err != nil {
		return a, nil, nil, err
	}
	t, err := (&register{store: d.Store}).tariff(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = problemOf(problemInvalid, http.StatusUnprocessableEntity, "the addendum is of the tariff %s, which is not published", a.Tariff())
	}
	if err != nil {
		return a, nil, nil, err
	}
	before, err := d.Store.AddendaOf(ctx, id)
	if err != nil {
		return a, nil, nil, err
	}
	if t, err = announcing(t, a, before); err != nil {
		return a, nil, nil, err
	}
	report, err := judged(t)
	return a, t, report, err
}

// announcing returns a tariff with an addendum and those before it.
func announcing(t *tariffs.Tariff, a *tariffs.Addendum, before []store.Addendum) (*tariffs.Tariff, error) {
	as, err := new(register).addenda(before)
	if err != nil {
		return nil, err
	}
	hash := a.Hash()
	if !slices.ContainsFunc(before, func(b store.Addendum) bool { return b.ID == hash }) {
		as = append(as, a)
	}
	if t, err = t.With(as...); err != nil {
		return nil, problemOf(problemInvalid, http.StatusUnprocessableEntity, "%v", err)
	}
	return t, nil
}

// PublishAddendum checks an addendum, signs it and publishes it. Doing it again
// with the same document changes nothing.
func (d *Desk) PublishAddendum(ctx context.Context, document []byte) (*tariffs.Addendum, *tariffs.Report, error) {
	a, t, report, err := d.CheckAddendum(ctx, document)
	if err != nil {
		return a, report, err
	}
	return a, report, d.Store.AddAddendum(ctx, a, a.Signed(d.Key.Ed25519()), d.Now().Unix(), func(before []store.Addendum) error {
		_, err := announcing(t, a, before)
		return err
	})
}

// Authorise adds a meter authority, or changes its name and validity.
func (d *Desk) Authorise(ctx context.Context, a meter.Authority, name string, v store.Validity) error {
	if strings.TrimSpace(name) == "" || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return problemOf(problemInvalid, http.StatusUnprocessableEntity, "an authority’s name is text of one line, and not empty")
	}
	return d.Store.PutAuthority(ctx, store.Authority{Authority: a, Name: name, Validity: v, Added: d.Now().Unix()})
}

// Register adds a meter, or changes its entry.
func (d *Desk) Register(ctx context.Context, number string, authority meter.Authority, slots int, v store.Validity) error {
	if number == "" || strings.ContainsFunc(number, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return problemOf(problemInvalid, http.StatusUnprocessableEntity, "a meter’s number has letters, digits and signs without blanks")
	}
	if !meter.ValidSlots(slots) {
		return problemOf(problemInvalid, http.StatusUnprocessableEntity, "a UTC day has no %d slots", slots)
	}
	return d.Store.PutMeter(ctx, store.Meter{Number: number, Authority: authority.Hash(), Slots: slots, Validity: v, Added: d.Now().Unix()})
}

// Question is what a request asks.
type Question struct {
	Meters     []string     // registered ones
	Tariffs    [][32]byte   // their addenda count by themselves: all that are published
	Start, End tariffs.Date // of the tariff's clock, End exclusive
	AnswerBy   time.Time    // 90 days from now if zero
	Replaces   uint64       // serial of the request whose bill is to be replaced, 0 for none
}

// answerWithin is how long a request may be answered if nothing else is said.
const answerWithin = 90 * 24 * time.Hour

// Preview compiles a question, without asking it.
func (d *Desk) Preview(ctx context.Context, q Question) (*plan.Plan, error) {
	var meters []prover.MeterSlots
	var entries []*store.Meter
	for _, number := range q.Meters {
		m, err := d.Store.Meter(ctx, number)
		if errors.Is(err, store.ErrNotFound) {
			return nil, problemOf(problemInvalid, http.StatusUnprocessableEntity, "meter %.64s is not registered", number)
		}
		if err != nil {
			return nil, err
		}
		meters = append(meters, prover.MeterSlots{Meter: number, N: uint16(m.Slots)})
		entries = append(entries, m)
	}
	g, ts := &register{store: d.Store}, []*tariffs.Tariff(nil)
	for _, id := range q.Tariffs {
		t, err := g.current(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil, problemOf(problemInvalid, http.StatusUnprocessableEntity, "%v", err)
		}
		if err != nil {
			return nil, err
		}
		ts = append(ts, t)
	}
	p, err := plan.New(ts, q.Start, q.End, meters)
	if err == nil {
		_, err = prover.NewRequest(p.BillPlan)
	}
	if err == nil {
		err = takeTurns(entries, p.Period)
	}
	if err != nil {
		return nil, problemOf(problemInvalid, http.StatusUnprocessableEntity, "%v", err)
	}
	return p, nil
}

// takeTurns refuses meters that count on the same days of a period, but for the
// one day on which a meter takes another's place. A bill holds every slot once:
// of two meters side by side the customer could answer with the one that used less.
func takeTurns(meters []*store.Meter, p prover.Period) error {
	first, last := p.Days()
	for i, a := range meters {
		for _, b := range meters[:i] {
			from, to := max(first, int(a.First), int(b.First)), min(last, lastDay(a), lastDay(b))
			if from < to || from == to && lastDay(a) != int(b.First) && lastDay(b) != int(a.First) {
				return fmt.Errorf("meters %s and %s both count on %s: ask for each by itself, or say in the register when one took the other’s place",
					b.Number, a.Number, meter.DayText(uint16(from)))
			}
		}
	}
	return nil
}

// lastDay returns the last day on which a meter counts.
func lastDay(m *store.Meter) int {
	if m.Revoked != 0 {
		return min(int(m.Last), int(m.Revoked)-1)
	}
	return int(m.Last)
}

// Ask signs a request and makes it known. It is refused if the period was billed,
// or asked for, before.
func (d *Desk) Ask(ctx context.Context, q Question) (*prover.Request, error) {
	p, err := d.Preview(ctx, q)
	if err != nil {
		return nil, err
	}
	r, err := prover.NewRequest(p.BillPlan)
	if err != nil {
		return nil, err
	}
	if q.AnswerBy.IsZero() {
		q.AnswerBy = d.Now().Add(answerWithin)
	}
	r.NotAfter, r.ReturnTo = q.AnswerBy.Unix(), d.PublicURL
	if q.Replaces != 0 {
		replaced, err := d.Store.Item(ctx, q.Replaces, d.Now().Unix())
		if errors.Is(err, store.ErrNotFound) {
			return nil, problemOf(problemInvalid, http.StatusUnprocessableEntity, "there is no request %d to replace", q.Replaces)
		}
		if err != nil {
			return nil, err
		}
		r.Replaces = replaced.Request[:]
	}
	_, err = d.Store.AddRequest(ctx, d.Now().Unix(), func(serial uint64) (*prover.Request, error) {
		r.Serial = serial
		return r, r.Sign(d.Key)
	})
	return r, err
}

// Link is the address that a customer opens to answer a request. The request
// stands behind the #, which a browser sends to no one.
func (d *Desk) Link(request []byte) string {
	return strings.TrimSuffix(d.PublicURL, "/") + "/bill#r=" + base64.RawURLEncoding.EncodeToString(request)
}
