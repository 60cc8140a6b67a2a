package worker

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"hushwatt/prover"
	"hushwatt/prover/messages"
	"hushwatt/prover/plan"
	"hushwatt/tariffs"
)

// The leakage ledger: every number that was ever released, with its weights, is
// kept in the history entry of its bill from before the first send. The privacy
// rules of docs/protocol.md, section 6, are applied to a new bill together with
// all of them that speak of the same readings.

// releases returns what a bill would tell about each of its meters.
func releases(p *plan.Plan) ([]releasedRow, error) {
	var list []releasedRow
	for i, c := range p.Compiled {
		rows, err := c.Released()
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			list = append(list, packRow(p.Meters[i].Meter, c.N, c.Clock, r))
		}
	}
	return list, nil
}

// released are all rows of the history.
func (d *Desk) released() ([]releasedRow, error) {
	var list []releasedRow
	err := d.each(entryPrefix, func(_ string, data []byte) error {
		var r entryRecord
		err := unpack(data, &r)
		list = append(list, r.Released...)
		return err
	})
	return list, err
}

// judge applies the privacy rules to a plan and all that was released before.
func (d *Desk) judge(p *plan.Plan) error {
	if p.Kind != prover.BillRounded {
		return fail(messages.TariffRefusedPrivacy, "The supplier asks for more than one rounded amount, which could be used to read single hours.", "")
	}
	wanted, err := releases(p)
	if errors.Is(err, tariffs.ErrNotProvable) {
		return withDetail(fail(messages.TariffNotProvable, "A bill of this tariff cannot be proven.", ""), err)
	}
	if err != nil {
		return err
	}
	before, err := d.released()
	if err != nil {
		return err
	}
	for i, c := range p.Compiled {
		if err := d.judgeMeter(p, c, ofMeter(wanted, p.Meters[i].Meter), before); err != nil {
			return err
		}
	}
	return nil
}

func ofMeter(rows []releasedRow, name string) []releasedRow {
	return slices.DeleteFunc(slices.Clone(rows), func(r releasedRow) bool { return r.Meter != name })
}

// toldWith returns the rows told before that are to be judged together with those
// of a bill; what the bill tells again is no news.
func toldWith(wanted, before []releasedRow) []releasedRow {
	is := func(a releasedRow) func(releasedRow) bool {
		return func(b releasedRow) bool { return same(a, b) }
	}
	var told []releasedRow
	for _, w := range wanted {
		for _, r := range together(w, before)[1:] {
			if !slices.ContainsFunc(told, is(r)) && !slices.ContainsFunc(wanted, is(r)) {
				told = append(told, r)
			}
		}
	}
	return told
}

// together returns a row and those of the same meter that speak of the same
// readings, or of such as others of them speak of, and the neighbours in time of
// the row itself: three hours or a day may lie in two bills. The others are
// independent of it.
func together(wanted releasedRow, before []releasedRow) []releasedRow {
	set := []releasedRow{wanted}
	rest := slices.DeleteFunc(slices.Clone(before), func(r releasedRow) bool {
		return r.Meter != wanted.Meter || r.N != wanted.N || same(r, wanted)
	})
	for found := true; found; {
		found = false
		for i := 0; i < len(rest); i++ {
			if slices.ContainsFunc(set, func(s releasedRow) bool { return overlap(s.extent(0), rest[i].extent(0)) }) {
				set, found = append(set, rest[i]), true
				rest = slices.Delete(rest, i, i+1)
				i--
			}
		}
	}
	for _, r := range rest {
		if overlap(r.extent(0), wanted.extent(int(wanted.N))) {
			set = append(set, r)
		}
	}
	return set
}

// extent returns the first and the last slot with a price, counted from 1970,
// widened by more slots on both sides.
func (p *releasedRow) extent(more int) [2]int {
	var at int
	first, last := -1, -1
	for _, runs := range [][]weightRun{p.Runs, p.Export} {
		at = p.FirstDay * int(p.N)
		for _, run := range runs {
			if run.Weight != 0 {
				if first < 0 || at < first {
					first = at
				}
				last = max(last, at+int(run.Slots)-1)
			}
			at += int(run.Slots)
		}
	}
	return [2]int{first - more, last + more}
}

func overlap(a, b [2]int) bool { return a[0] <= b[1] && b[0] <= a[1] }

// same reports whether two rows are one: what is told again is no news.
func same(a, b releasedRow) bool { return string(pack(&a)) == string(pack(&b)) }

// judgeMeter applies the rules to what a bill tells about one meter, whatever the
// comparisons in it come to, and what was told before. Verdicts are kept: a bill is
// judged when it is shown and again when it is sent.
func (d *Desk) judgeMeter(p *plan.Plan, c *tariffs.Plan, wanted, before []releasedRow) error {
	told := toldWith(wanted, before)
	weights := p.WeightsHash()
	key := sha256.Sum256(append(weights[:], pack(append(slices.Clone(wanted), told...))...))
	if verdict, known := d.judged[key]; known {
		return verdict
	}
	rows := make([]tariffs.Row, len(told))
	for i := range told {
		var err error
		if rows[i], err = told[i].row(); err != nil {
			return err
		}
	}
	_, err := c.Private(rows)
	if err != nil {
		err = refusedForPrivacy(err, len(rows) > 0)
	}
	d.judged[key] = err
	return err
}

func refusedForPrivacy(err error, joint bool) error {
	var r *tariffs.Refusal
	if !errors.As(err, &r) {
		return withDetail(fail(messages.TariffRefusedPrivacy, "So much was told about these days before that nothing more can be judged safe.", ""), err)
	}
	from := "this bill"
	if joint {
		from = "this bill, together with what you sent before,"
	}
	return withDetail(fail(messages.TariffRefusedPrivacy,
		fmt.Sprintf("From %s your supplier could work out how much you used at certain times: %s.", from, list(r.Readable)), ""), err)
}

// answered is the memory of the requests that were answered, from the history.
func (d *Desk) answered() (*prover.Answered, error) {
	a := new(prover.Answered)
	err := d.each(entryPrefix, func(_ string, data []byte) error {
		var r entryRecord
		if err := unpack(data, &r); err != nil {
			return err
		}
		e, err := r.summary()
		if err != nil {
			return err
		}
		if !counts(e) {
			return nil
		}
		q, err := prover.ParseRequest(r.Request)
		if err != nil {
			return errors.Join(errRecord, err)
		}
		if q.Signed() {
			a.Add(q)
		}
		return nil
	})
	return a, err
}

// counts reports whether an entry answers its request: not if it was refused, or
// declined, or if only the memory of waiting to be sent is left.
func counts(e *messages.Entry) bool {
	switch e.State {
	case messages.EntryAccepted, messages.EntrySaved:
		return true
	case messages.EntryWaiting:
		return e.Whole
	}
	return false
}

// mayAnswer refuses a request whose period was billed before, or leaves a gap.
func (d *Desk) mayAnswer(r *prover.Request, id string) error {
	entries, err := d.entries()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Request == id && counts(&e) {
			refusal := fail(messages.AlreadyAnswered, "You have answered this request before.", "")
			refusal.Entry = e.ID
			return refusal
		}
	}
	a, err := d.answered()
	if err != nil {
		return err
	}
	err = a.Check(r)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, prover.ErrPeriodGap):
		return withDetail(fail(messages.PeriodGap, "This request leaves out days between it and the bills before.", ""), err)
	}
	return withDetail(fail(messages.PeriodOverlaps, "Part of this period was billed before.", ""), err)
}
