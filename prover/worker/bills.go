package worker

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/prover/messages"
	"hushwatt/prover/plan"
	"hushwatt/tariffs"
)

// A draft is a bill that was computed and not yet sent. It lives as long as the
// worker does; the page asks for it again after a restart.
type draft struct {
	id       string
	request  *prover.Request // nil: nobody asked
	plan     *plan.Plan      // nil if it cannot be proven
	compiled *tariffs.Plan   // of the shortest slots
	tariffs  []knownTariff
	files    []*readings
	use      *use
	told     *messages.Bill
	made     *prover.Bill // once proven
	bytes    []byte
}

const maxDrafts = 8

// bill computes a bill on this device.
func (d *Desk) bill(j *job, m *messages.AskBill) (any, error) {
	j.of = 4
	b, err := d.draftFor(j, m)
	if err != nil {
		return nil, err
	}
	if err := b.compile(); err != nil {
		return nil, err
	}
	if b.use, err = gather(b.files, b.compiled); err != nil {
		return nil, err
	}
	if err := b.use.covered(b.compiled); err != nil {
		return nil, err
	}
	if err := d.describeBill(b); err != nil {
		return nil, err
	}
	if err := j.phase("privacy", "Checking what the amount could give away"); err != nil {
		return nil, err
	}
	if b.told.Problem, err = d.problem(j, b); err != nil {
		return nil, err
	}
	b.permit()
	if len(d.drafts) >= maxDrafts {
		d.drafts = map[string]*draft{}
	}
	d.drafts[b.id] = b
	return b.told, nil
}

// draftFor finds the tariffs and opens the readings that a bill needs.
func (d *Desk) draftFor(j *job, m *messages.AskBill) (*draft, error) {
	if m.Request == "" {
		return d.draftUnasked(j, m)
	}
	_, r, err := d.heldAsk(m.Request)
	if err != nil {
		return nil, err
	}
	if err := d.known(j, r.Supplier); err != nil {
		return nil, err
	}
	b := &draft{id: m.Request, request: r, told: &messages.Bill{Request: m.Request}}
	var names []string
	for _, n := range r.Terms.Meters {
		names = append(names, n.Meter)
	}
	exports, err := d.sealed()
	if err != nil {
		return nil, err
	}
	exports = slices.DeleteFunc(exports, func(h heldExport) bool {
		return !slices.Contains(names, h.Facts.Meter) || len(m.Homes) > 0 && !slices.Contains(m.Homes, h.Facts.home())
	})
	if len(exports) == 0 {
		return nil, fail(messages.OtherMeter, "This request is about meter "+list(names)+", whose file is not on this device.", "")
	}
	if b.tariffs, err = d.named(j, r); err != nil {
		return nil, err
	}
	return b, d.openAll(j, b, exports)
}

// draftUnasked is a bill for a tariff and a period of the customer's choice.
func (d *Desk) draftUnasked(j *job, m *messages.AskBill) (*draft, error) {
	exports, err := d.exports(m.Homes...)
	if err != nil {
		return nil, err
	}
	if len(exports) == 0 {
		return nil, fail(messages.NotFound, "That home is not on this device any more.", "")
	}
	known, _, err := d.catalogue(j, false)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(known, func(t knownTariff) bool { return t.ID() == m.Tariff })
	if i < 0 {
		return nil, fail(messages.TariffNotFound, "That tariff is not known on this device.", "")
	}
	start, end, err := period(m.From, m.To)
	if err != nil {
		return nil, err
	}
	b := &draft{id: "own-" + short([]byte(m.Tariff+m.From+m.To+strings.Join(m.Homes, "+"))), tariffs: versions(known, known[i])}
	b.told = &messages.Bill{First: start.String(), Last: (end - 1).String()}
	return b, d.openAll(j, b, exports)
}

// period reads the first and the last day of a period; end is exclusive.
func period(first, last string) (start, end tariffs.Date, err error) {
	if start, err = tariffs.ParseDate(first); err == nil {
		end, err = tariffs.ParseDate(last)
	}
	if err == nil && end < start {
		err = errors.New("it ends before it begins")
	}
	if err != nil {
		return 0, 0, withDetail(fail(messages.BadCall, "These are not days of a period.", "Choose the first and the last day again."), err)
	}
	return start, end + 1, nil
}

// versions are the tariffs that are the same product of the same supplier, which
// follow each other in time.
func versions(known []knownTariff, of knownTariff) []knownTariff {
	return slices.DeleteFunc(slices.Clone(known), func(t knownTariff) bool {
		return t.supplier != of.supplier || t.PlanID != of.PlanID
	})
}

func plainTariffs(known []knownTariff) []*tariffs.Tariff {
	var ts []*tariffs.Tariff
	for _, t := range known {
		ts = append(ts, t.Tariff)
	}
	return ts
}

// openAll opens the exports that touch the draft's period.
func (d *Desk) openAll(j *job, b *draft, exports []heldExport) error {
	start, end, err := b.dates()
	if err != nil {
		return err
	}
	near := slices.DeleteFunc(slices.Clone(exports), func(h heldExport) bool {
		return h.Facts.To <= int64(start-1)*day || h.Facts.From >= int64(end+1)*day
	})
	if len(near) == 0 {
		first, last := exports[0].Facts.From, exports[len(exports)-1].Facts.To
		a, z := wholeDays(first, last, b.tariffs[0].Clock)
		return fail(messages.PeriodNotCovered, fmt.Sprintf("Your meter’s file holds %s, and the bill is for %s.", periodWords(a, z), periodWords(start, end)), "")
	}
	for i := range near {
		r, err := d.readings(j, &near[i])
		if err != nil {
			return err
		}
		b.files = append(b.files, r)
		f := &near[i].Facts
		if !slices.Contains(b.told.Homes, f.home()) {
			b.told.Homes, b.told.Meters = append(b.told.Homes, f.home()), append(b.told.Meters, f.Meter)
		}
	}
	return nil
}

// dates are those of the period, the second exclusive.
func (b *draft) dates() (start, end tariffs.Date, err error) {
	if b.request != nil {
		return datesOf(b.request)
	}
	return period(b.told.First, b.told.Last)
}

// compile makes the prices, and the plan of a proof if there can be one.
func (b *draft) compile() error {
	start, end, err := b.dates()
	if err != nil {
		return err
	}
	n := 0
	var meters []prover.MeterSlots
	for _, f := range b.files {
		n = max(n, f.n)
		if !slices.ContainsFunc(meters, func(m prover.MeterSlots) bool { return m.Meter == f.meter }) {
			meters = append(meters, prover.MeterSlots{Meter: f.meter, N: uint16(f.n)})
		}
	}
	ts := plainTariffs(b.tariffs)
	if b.compiled, err = tariffs.Compile(ts, start, end, n); err != nil {
		return withDetail(fail(messages.TariffNotFound, "The tariff has no price for some of this period.", ""), err)
	}
	if b.plain() {
		return nil
	}
	if b.request != nil {
		b.plan, err = plan.For(b.request, ts)
	} else {
		b.plan, err = plan.New(ts, start, end, meters)
	}
	if errors.Is(err, tariffs.ErrNotProvable) {
		return nil
	}
	if err != nil {
		return withDetail(fail(messages.TariffNotFound, "The request does not fit the tariff that it names.", ""), err)
	}
	return nil
}

// plain reports whether readings of the bill are not sealed.
func (b *draft) plain() bool {
	return slices.ContainsFunc(b.files, func(f *readings) bool { return f.export == nil })
}

// opened are the exports of the bill, all of which are sealed.
func (b *draft) opened() []*meter.Opened {
	var list []*meter.Opened
	for _, f := range b.files {
		list = append(list, f.export)
	}
	return list
}

// problem says why a bill can be neither sent nor saved, or only saved; nil if
// it can be sent. The most telling reason comes first.
func (d *Desk) problem(j *job, b *draft) (*messages.Error, error) {
	var e *messages.Error
	err := d.obstacle(j, b)
	if errors.As(err, &e) {
		return e, nil
	}
	return nil, err
}

func (d *Desk) obstacle(j *job, b *draft) error {
	if r := b.request; r != nil {
		if err := d.mayAnswer(r, b.id); err != nil {
			return err
		}
		if r.Expired(d.host.Now().Unix()) {
			return fail(messages.RequestExpired, "This request was to be answered by "+momentWords(r.NotAfter, clockOf(b.compiled.Clock))+".", "")
		}
	}
	if b.plain() {
		return fail(messages.NotCertified, notCertified, "")
	}
	if b.plan == nil {
		return fail(messages.TariffNotProvable, "A bill of this tariff can be worked out here, but not proven.", "")
	}
	if b.request != nil {
		if err := b.plan.Matches(b.request); err != nil {
			return withDetail(fail(messages.WeightsDiffer, "The prices in this request are not those of the supplier’s published tariff.", ""), err)
		}
	}
	for i := range b.tariffs {
		if err := d.everybodys(j, &b.tariffs[i], b.compiled); err != nil {
			return err
		}
	}
	if err := d.judge(b.plan); err != nil {
		return err
	}
	if b.request == nil {
		return fail(messages.NothingAsked, "Nobody has asked for this bill, so there is nobody to send it to.", "")
	}
	if d.address(b.request, b.told.Supplier) == "" {
		return fail(messages.NoWayToSend, "This page cannot reach "+b.told.Supplier.Name+".", "")
	}
	return nil
}

// permit sets what may be done with a bill.
func (b *draft) permit() {
	p := b.told.Problem
	b.told.CanSend = p == nil
	b.told.CanSave = p == nil || p.Code == messages.NothingAsked || p.Code == messages.NoWayToSend
}

// address is where a bill goes. A page reaches nobody but its own supplier.
func (d *Desk) address(r *prover.Request, s messages.Supplier) string {
	if d.origin != "" && (s.Own || r.ReturnTo == d.origin || strings.HasPrefix(r.ReturnTo, d.origin+"/")) {
		return d.origin + "/api/v1/bills"
	}
	return ""
}

func (d *Desk) heldDraft(id string) (*draft, error) {
	if b := d.drafts[id]; b != nil {
		return b, nil
	}
	return nil, fail(messages.NotFound, "This bill is not open any more.", "Open the request again.")
}

func (d *Desk) prove(j *job, m *messages.Prove) (any, error) {
	b, err := d.heldDraft(m.Bill)
	if err != nil {
		return nil, err
	}
	if err := d.makeProof(j, b); err != nil {
		return nil, err
	}
	answer := *b.told.Proof
	answer.Bytes = slices.Clone(b.bytes)
	return &answer, nil
}

// makeProof proves a draft, once. It stores nothing and sends nothing.
func (d *Desk) makeProof(j *job, b *draft) error {
	if p := b.told.Problem; p != nil && !b.told.CanSave {
		return p
	}
	if b.made != nil {
		return nil
	}
	j.of = j.done + 2
	if err := j.phase("proving", "Proving that the amount is right"); err != nil {
		return err
	}
	began := d.host.Now()
	made, err := prover.AnswerInSteps(j.pause, b.request, b.plan.BillPlan, b.opened(), d.host.Random)
	if j.ctx.Err() != nil {
		return stopped()
	}
	if err != nil {
		return proofFailed(err)
	}
	if err := d.agrees(b, made); err != nil {
		return err
	}
	if err := j.phase("proving", "Putting the bill together"); err != nil {
		return err
	}
	b.made, b.bytes = made, made.Bytes()
	b.told.Proof = &messages.Proof{
		Bill: b.id, Size: len(b.bytes), ProofSize: len(made.Submission.Proof), Hash: hashText(b.bytes),
		Pieces: piecesOf(made, len(b.bytes)), Millis: int(d.host.Now().Sub(began).Milliseconds()),
	}
	b.told.Leaves = b.leaves()
	b.told.Proof.Leaves = b.told.Leaves
	return nil
}

// agrees compares what the proof reveals with what the customer was shown: two
// ways of arithmetic, one amount.
func (d *Desk) agrees(b *draft, made *prover.Bill) error {
	var outputs []*big.Int
	for _, o := range made.Submission.Outputs {
		outputs = append(outputs, o.Int())
	}
	total, err := b.plan.Total(outputs)
	if err != nil {
		return err
	}
	if total != b.told.Total.Amount {
		return fmt.Errorf("proof is of %s, bill of %s", total, b.told.Total.Amount)
	}
	return nil
}

// proofFailed turns the refusals that a proof meets before it is made into
// sentences.
func proofFailed(err error) error {
	r := new(prover.Refusal)
	switch {
	case errors.Is(err, meter.ErrCoverage):
		return withDetail(fail(messages.DaysMissing, "Your meter’s files do not hold every half-hour of the period exactly once.", ""), err)
	case errors.Is(err, prover.ErrWeights):
		return withDetail(fail(messages.WeightsDiffer, "The prices in this request are not those of the supplier’s published tariff.", ""), err)
	case errors.As(err, &r) && r.Reason == prover.ReasonStatus:
		return withDetail(fail(messages.DaysMissing, "The tariff does not allow a bill with missing or estimated half-hours.", ""), err)
	}
	return fmt.Errorf("prove: %w", err)
}
