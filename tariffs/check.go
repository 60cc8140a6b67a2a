package tariffs

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// A Report is what `tariff check` prints: the document is valid; can its bills
// be proven; and what could a bill of a calendar month under it tell.
type Report struct {
	ID          string `json:"id"`
	PlanID      string `json:"planId"`
	DisplayName string `json:"displayName"`
	BrandName   string `json:"brandName"`
	Signed      bool   `json:"signed"`
	From        string `json:"effectiveFrom"`
	To          string `json:"effectiveTo,omitempty"`
	TZVersion   string `json:"tzdata"`

	Accepted bool     `json:"accepted"` // by the privacy rules
	Refused  []string `json:"refused,omitempty"`

	Provable string `json:"provable"` // "yes", or the sentence that says why not

	SlotMinutes int    `json:"slot_minutes"`
	Months      int    `json:"months"`  // calendar months looked at
	Assumes     string `json:"assumes"` // what the figures below hold for

	Bits       int    `json:"bits"` // a month's bill carries at most so many
	Slot       string `json:"explained_slot"`
	ThreeHours string `json:"explained_three_hours"`
	Day        string `json:"explained_day"`
	LeastSlots int    `json:"least_slots"` // in a month, of those that share a price
}

// checkCap is the greatest reading that `tariff check` supposes, Wh per slot:
// no home in the data we know reaches it in half an hour.
const checkCap = 1<<16 - 1

// maxMonths bounds what is looked at for a tariff of many years, openMonths for
// one without an end and without later holidays.
const (
	maxMonths  = 120
	openMonths = 24
)

// Check judges a tariff by itself: every calendar month of its clock that it is
// in force in, as if in force for the whole month. Where dynamic prices are
// known for a part of a month only, their mean stands for the rest. An error
// means that no meter's slots fit the tariff; a tariff that the
// privacy rules refuse is in the report.
func Check(t *Tariff) (*Report, error) {
	r := &Report{
		ID: t.ID(), PlanID: t.PlanID, DisplayName: t.DisplayName, BrandName: t.BrandName, Signed: t.supplier != nil,
		From: t.From.String(), TZVersion: TZVersion(), Provable: "yes",
	}
	if t.To != OpenEnded {
		r.To = t.To.String()
	}
	plans, filled, err := checkPlans(t)
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	r.SlotMinutes = minutesOfDay / plans[0].N
	r.Months = len(plans)
	r.Assumes = fmt.Sprintf("a bill of one calendar month, readings of 0 to %d Wh in %d minutes", checkCap, r.SlotMinutes)
	if slices.ContainsFunc(t.tracks, func(k track) bool { return k.event != nil }) {
		r.Assumes += fmt.Sprintf(", events announced in addenda: %d", len(t.addenda))
	}
	if filled {
		r.Assumes += ", the mean of the dynamic prices known so far where none is known"
	}
	var worst Explained
	for _, p := range plans {
		if err := r.add(p, &worst); err != nil {
			return nil, fmt.Errorf("check: %w", err)
		}
	}
	r.Accepted = len(r.Refused) == 0
	for _, m := range []struct {
		share Share
		text  *string
	}{{worst.Slot, &r.Slot}, {worst.ThreeHours, &r.ThreeHours}, {worst.Day, &r.Day}} {
		if m.share.Value != nil {
			*m.text = m.share.Decimal()
		}
	}
	return r, nil
}

// add judges one month.
func (r *Report) add(p *Plan, worst *Explained) error {
	if err := p.Provable(); err != nil {
		r.Provable = err.Error()
	}
	r.Bits = max(r.Bits, p.Bits(checkCap))
	if n, err := p.LeastSlots(); err == nil && (r.LeastSlots == 0 || n < r.LeastSlots) {
		r.LeastSlots = n
	}
	e, err := p.Private(nil)
	if errors.Is(err, ErrNotProvable) {
		return nil // numbers too large to bill: nothing can be released
	}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		if len(r.Refused) < maxRefusals {
			r.Refused = append(r.Refused, fmt.Sprintf("bill from %s to %s (exclusive): %v", p.Start, p.End, err))
		}
	} else if err != nil {
		return err
	}
	if e != nil {
		worst.raise(e)
	}
	return nil
}

const maxRefusals = 3

func (s *Share) raise(other Share) {
	if other.Value == nil {
		return
	}
	if s.Value == nil || other.Value.Cmp(s.Value) > 0 {
		*s = other
	}
}

// Bits returns ⌈log₂⌉ of the number of different amounts that a proof under
// this plan could reveal if readings are 0 to most Wh.
func (p *Plan) Bits(most int64) int {
	lines, rules := p.lineBounds(most), p.ruleBounds(most)
	var all bounds
	if p.perLine() {
		all = bounds{new(big.Int), new(big.Int)}
		for i := range p.items {
			it := &p.items[i]
			if p.Rounding.Stage != StageInterval || it.line < 0 {
				all.add(p.round(it.amount.bounds(lines, rules)))
			}
		}
		if p.Rounding.Stage == StageInterval {
			all.add(p.roundedSlots(most))
		}
	} else {
		all = p.round(p.total().bounds(lines, rules))
	}
	return new(big.Int).Sub(all.hi, all.lo).BitLen() // values lo … hi: hi − lo + 1 of them
}

func (b *bounds) add(o bounds) {
	b.lo, b.hi = new(big.Int).Add(b.lo, o.lo), new(big.Int).Add(b.hi, o.hi)
}

// round turns bounds in fine units into such of minor units.
func (p *Plan) round(b bounds) bounds {
	unit := p.minorUnit()
	return bounds{p.Rounding.Mode.round(b.lo, unit), p.Rounding.Mode.round(b.hi, unit)}
}

// lineBounds returns bounds of what each line of energy costs, in pico units.
func (p *Plan) lineBounds(most int64) []bounds {
	out := make([]bounds, len(p.Energy))
	for i := range out {
		out[i] = bounds{new(big.Int), new(big.Int)}
	}
	x := new(big.Int)
	for _, layer := range p.layers {
		for s, l := range layer.line {
			if price := layer.price[s]; l >= 0 && price < 0 {
				out[l].lo.Add(out[l].lo, x.Mul(x.SetInt64(price), big.NewInt(most)))
			} else if l >= 0 && price > 0 {
				out[l].hi.Add(out[l].hi, x.Mul(x.SetInt64(price), big.NewInt(most)))
			}
		}
	}
	return out
}

// roundedSlots returns bounds of the slots' money, each rounded, in minor units.
func (p *Plan) roundedSlots(most int64) bounds {
	all := bounds{new(big.Int), new(big.Int)}
	x := new(big.Int)
	for _, layer := range p.layers {
		for _, price := range layer.price {
			v := p.Rounding.minor(x.Mul(x.SetInt64(price), big.NewInt(most)))
			if price < 0 {
				all.lo.Add(all.lo, v)
			} else {
				all.hi.Add(all.hi, v)
			}
		}
	}
	return all
}

// bounds returns bounds in fine units.
func (e *expr) bounds(lines, rules []bounds) bounds {
	out := bounds{e.konst, e.konst}
	for l, m := range e.lines {
		out.add(lines[l].times(m))
	}
	for r, m := range e.hidden {
		out.add(rules[r].times(m))
	}
	return out
}

// checkPlans compiles the months to look at, with the longest common slots, up
// to half an hour, that fit all of them.
func checkPlans(t *Tariff) (plans []*Plan, filled bool, err error) {
	months := t.months()
	for _, n := range []int{48, 96, 144, 288} {
		plans, filled = nil, false
		for _, m := range months {
			var p *Plan
			always, partly, zoneErr := t.always(m)
			if zoneErr != nil {
				return nil, false, zoneErr
			}
			if p, err = Compile([]*Tariff{always}, m, nextMonth(m), n); err != nil {
				break
			}
			plans, filled = append(plans, p), filled || partly
		}
		if err == nil {
			return plans, filled, nil
		}
	}
	return nil, false, err
}

// months returns the first days of the months to look at.
func (t *Tariff) months() []Date {
	end := min(t.To, lastDate)
	if t.To == OpenEnded {
		end = t.From
		for range openMonths {
			end = nextMonth(end)
		}
		for d := range t.holidays {
			end = max(end, d+1)
		}
	}
	var all, priced []Date
	for m := monthOf(t.From); m < end && len(all) < maxMonths && nextMonth(m) <= lastDate; m = nextMonth(m) {
		all = append(all, m)
	}
	for _, m := range t.eventful() {
		if !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	for _, m := range all {
		if t.hasPrices(m) {
			priced = append(priced, m)
		}
	}
	if len(priced) > 0 {
		return priced
	}
	return all[:min(1, len(all))]
}

// eventful returns the first days of the months in which events begin, each once.
func (t *Tariff) eventful() (months []Date) {
	loc, err := Zone(t.Clock)
	if err != nil {
		return nil
	}
	for _, a := range t.addenda {
		for _, e := range a.events {
			d := dateIn(loc, e.From)
			if m := monthOf(d); d >= t.From && d < t.To && nextMonth(m) <= lastDate && !slices.Contains(months, m) {
				months = append(months, m)
			}
		}
	}
	slices.Sort(months)
	return months
}

func monthOf(d Date) Date {
	y, m, _ := d.time().Date()
	return max(dateOf(y, int(m), 1), firstDate)
}

func nextMonth(d Date) Date {
	y, m, _ := d.time().Date()
	return dateOf(y, int(m)+1, 1)
}

// hasPrices reports whether a month has prices of its own, not only a mean: a season with windows, or dynamic rows that touch it.
func (t *Tariff) hasPrices(month Date) bool {
	from, to := int64(month)*daySeconds, int64(nextMonth(month))*daySeconds
	for d := month; d < nextMonth(month); d++ {
		for i := range t.tracks {
			k := &t.tracks[i]
			if k.event != nil {
				continue
			}
			s := &k.seasons[seasonOf(k.seasons, d)]
			if len(s.rows) == 0 || s.rows[0].from < to && s.rows[len(s.rows)-1].to > from {
				return true
			}
		}
	}
	return false
}

// always returns the tariff as if it were in force at all times, its dynamic
// rows filled up over a month; filled says whether that was needed.
func (t *Tariff) always(month Date) (out *Tariff, filled bool, err error) {
	loc, err := Zone(t.Clock)
	if err != nil {
		return nil, false, err
	}
	from, to := midnight(loc, month), midnight(loc, nextMonth(month))
	out = &Tariff{}
	*out = *t
	out.From, out.To = firstDate, OpenEnded
	out.tracks = slices.Clone(t.tracks)
	for i := range out.tracks {
		k := &out.tracks[i]
		k.seasons = slices.Clone(k.seasons)
		for j := range k.seasons {
			if s := &k.seasons[j]; len(s.rows) > 0 && !covers(s.rows, from, to) {
				s.rows, filled = fill(s.rows, from, to), true
			}
		}
	}
	return out, filled, nil
}

func covers(rows []row, from, to int64) bool {
	for _, r := range rows {
		if r.from <= from && r.to > from {
			from = r.to
		}
	}
	return from >= to
}

// fill covers [from, to): where the rows name no price it is their mean, to a
// multiple of what divides all of their prices, so that it needs no more digits
// than they do.
func fill(rows []row, from, to int64) []row {
	mean := meanPrice(rows)
	var out []row
	at := min(from, rows[0].from)
	for _, r := range append(slices.Clone(rows), row{from: max(to, rows[len(rows)-1].to)}) {
		if at < r.from {
			out = append(out, row{at, r.from, mean})
		}
		if r.from < r.to {
			out = append(out, r)
		}
		at = r.to
	}
	return out
}

func meanPrice(rows []row) int64 {
	var common uint64
	money, seconds := new(big.Int), new(big.Int)
	for _, r := range rows {
		common = gcd(common, magnitude(r.price))
		length := big.NewInt(r.to - r.from)
		seconds.Add(seconds, length)
		money.Add(money, length.Mul(length, big.NewInt(r.price)))
	}
	if common == 0 {
		return 0 // all prices are
	}
	unit := big.NewInt(int64(common))
	multiple := HalfUp.round(money, seconds.Mul(seconds, unit))
	return multiple.Mul(multiple, unit).Int64()
}
