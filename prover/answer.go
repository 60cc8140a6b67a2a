package prover

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"hushwatt/meter"
)

// Answer computes what a request asks for from the customer's opened exports and
// proves it. With a nil request it answers the plan unasked. The terms and the
// weights hash of the request must be those of the plan, which the customer makes
// from the tariff documents (ErrWeights if not); whether the request may be
// answered at all (the supplier's key, the date, the periods answered before, the
// privacy rules of the tariff) is for the caller to ask first. Random bytes are
// read from random.
func Answer(r *Request, plan *BillPlan, opened []*meter.Opened, random io.Reader) (*Bill, error) {
	return AnswerInSteps(noSteps, r, plan, opened, random)
}

// AnswerInSteps is Answer for a caller who wants to let others run meanwhile, or
// to stop it: step is called between parts of the proof, and ends it with its
// error.
func AnswerInSteps(step func() error, r *Request, plan *BillPlan, opened []*meter.Opened, random io.Reader) (*Bill, error) {
	d, err := newDraft(r, plan, opened)
	if err != nil {
		return nil, err
	}
	return d.prove(step, random)
}

// Expired reports whether an answer at the given time (Unix seconds) is too late.
func (r *Request) Expired(now int64) bool { return r.Signed() && now > r.NotAfter }

// draft is a submission before its proof.
type draft struct {
	request    *Request
	plan       *BillPlan
	segments   []*meter.Checked
	rows       []meter.Row
	openings   []Opening
	submission *Submission
}

func newDraft(r *Request, plan *BillPlan, opened []*meter.Opened) (*draft, error) {
	var err error
	if r == nil {
		if r, err = NewRequest(plan); err != nil {
			return nil, err
		}
	}
	if err := plan.Matches(r); err != nil {
		return nil, err
	}
	d := &draft{request: r, plan: plan, submission: &Submission{Request: r.Hash()}}
	pieces, err := choose(&r.Terms, opened)
	if err != nil {
		return nil, err
	}
	for _, p := range pieces {
		d.submission.Segments = append(d.submission.Segments, *p.segment)
		d.segments = append(d.segments, p.checked)
	}
	if d.rows, err = r.Terms.rows(d.segments, plan.Channels); err != nil {
		return nil, err
	}
	if err := d.open(pieces); err != nil {
		return nil, err
	}
	d.submission.Outputs, err = plan.reveal(d.rows, readingsOf(d.openings))
	return d, err
}

// piece is what one export contributes.
type piece struct {
	opened  *meter.Opened
	segment *meter.Segment
	checked *meter.Checked
}

// choose cuts out of each export the days that the period touches, and returns
// the pieces in the order of a submission. Of several exports of one epoch the
// newest is taken: an export holds all of its epoch.
func choose(t *Terms, opened []*meter.Opened) ([]piece, error) {
	exports := make([]*meter.Export, len(opened))
	for i, o := range opened {
		exports[i] = o.Export
	}
	if err := meter.CheckEpochs(exports...); err != nil {
		return nil, err
	}
	var pieces []piece
	for _, o := range newest(opened) {
		p, err := cut(t, o)
		if err != nil {
			return nil, err
		}
		if p != nil {
			pieces = append(pieces, *p)
		}
	}
	if len(pieces) == 0 {
		return nil, errors.New("none of the exports holds a day of the period for a meter that is asked for")
	}
	slices.SortFunc(pieces, func(a, b piece) int {
		x, y := a.checked, b.checked
		return cmp.Or(cmp.Compare(x.Meter, y.Meter), cmp.Compare(x.First, y.First), cmp.Compare(x.Epoch, y.Epoch),
			bytes.Compare(x.Authority[:], y.Authority[:]))
	})
	return pieces, nil
}

// newest drops exports of which a newer one of the same epoch is there.
func newest(opened []*meter.Opened) []*meter.Opened {
	var kept []*meter.Opened
	for _, o := range opened {
		i := slices.IndexFunc(kept, func(k *meter.Opened) bool { return epochOfExport(k.Export) == epochOfExport(o.Export) })
		switch {
		case i < 0:
			kept = append(kept, o)
		case o.Export.Last() > kept[i].Export.Last() ||
			o.Export.Last() == kept[i].Export.Last() && o.Export.Corrections() > kept[i].Export.Corrections():
			kept[i] = o
		}
	}
	return kept
}

func epochOfExport(e *meter.Export) Epoch {
	return Epoch{e.Certificate().AuthorityHash(), e.Certificate().Meter, e.Epoch()}
}

// cut returns the piece of one export, nil if no slot of it is asked for.
func cut(t *Terms, o *meter.Opened) (*piece, error) {
	cert := o.Export.Certificate()
	n := t.slots(cert.Meter)
	first, last := t.Period.Days()
	first, last = max(first, int(o.Export.First())), min(last, int(o.Export.Last()))
	if n == 0 || first > last {
		return nil, nil
	}
	if n != int(cert.N) {
		return nil, fmt.Errorf("meter %s has %d slots a day, %d are asked for", cert.Meter, cert.N, n)
	}
	segment, err := o.Export.Segment(uint16(first), uint16(last), 0)
	if err != nil {
		return nil, err
	}
	issuer, err := cert.Issuer()
	if err != nil {
		return nil, err
	}
	checked, err := segment.Check([]meter.Authority{issuer}, nil)
	if err != nil {
		return nil, err
	}
	if !t.Period.touches(checked.Rows) {
		return nil, nil
	}
	return &piece{o, segment, checked}, nil
}

// open finds the readings and blinding of every row.
func (d *draft) open(pieces []piece) error {
	type key struct {
		epoch   Epoch
		day     uint16
		channel int
	}
	known := map[key]*meter.OpenedChannel{}
	for _, p := range pieces {
		for i := range p.opened.Days {
			day := &p.opened.Days[i]
			for j := range day.Channels {
				ch := &day.Channels[j]
				known[key{epochOf(p.checked), day.Day, ch.Channel}] = ch
			}
		}
	}
	d.openings = make([]Opening, len(d.rows))
	for i := range d.rows {
		r := &d.rows[i]
		ch := known[key{Epoch{r.Authority, r.Meter, r.Epoch}, r.Day, r.Channel}]
		if ch == nil || !ch.Seal.Equal(r.Seal) {
			return fmt.Errorf("day %s of meter %s is not opened", meter.DayText(r.Day), r.Meter)
		}
		d.openings[i] = Opening{Values: ch.Wh, Blinding: ch.Blinding}
	}
	return nil
}

func readingsOf(openings []Opening) [][]uint32 {
	list := make([][]uint32, len(openings))
	for i := range openings {
		list[i] = openings[i].Values
	}
	return list
}

// prove makes the proof and with it the bill.
func (d *draft) prove(step func() error, random io.Reader) (*Bill, error) {
	s := d.submission
	if _, err := io.ReadFull(random, s.ID[:]); err != nil {
		return nil, fmt.Errorf("random bytes: %w", err)
	}
	claim, err := d.plan.claim(d.rows, s.Outputs)
	if err != nil {
		return nil, err
	}
	secrets, err := d.plan.secrets(d.rows, readingsOf(d.openings))
	if err != nil {
		return nil, err
	}
	if s.Proof, err = claim.ProveInSteps(step, d.header(), sealsOf(d.rows), d.openings, secrets, random); err != nil {
		return nil, err
	}
	return &Bill{Request: d.request, Submission: s}, nil
}

func (d *draft) header() []byte { return headerOf(d.request, d.submission, d.segments) }
