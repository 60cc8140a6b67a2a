package source

import (
	"math/big"
	"slices"
	"strings"
	"time"

	"hushwatt/tariffs"
)

// Octopus Energy's REST answers: pages of rows {value_exc_vat, value_inc_vat,
// valid_from, valid_to, payment_method}, pence per kWh, newest first. Unit rates
// and standing charges look alike; the latter come as Options.Standing.

func isOctopus(g glance) bool {
	results := g.json.at("results")
	if results == nil || results.kind != isList {
		return false
	}
	return len(results.items) > 0 && results.items[0].at("value_inc_vat") != nil
}

func readOctopus(s *sheet) *draft {
	d := &draft{brand: "Octopus Energy", currency: "GBP", clock: "Europe/London"}
	o := &octopus{sheet: s, clock: pick(s.options.Clock, "Europe/London")}
	switch s.options.PricesIncludeTax {
	case "yes":
		o.key, o.other = "value_inc_vat", "value_exc_vat"
	case "no":
		o.key, o.other = "value_exc_vat", "value_inc_vat"
	default:
		s.missing("prices-include-tax yes|no", "which of its two prices is meant, with VAT or without")
		return nil
	}
	rates := o.rows(s.json(), "standing-charges")
	if s.err != nil {
		return nil
	}
	if len(rates) == 1 && rates[0].to == "" {
		d.seasons = []season{{name: "All year", span: wholeYear, blocks: flat("Energy", rates[0].price)}}
		d.from = o.date(rates[0])
	} else if rates = o.closed(rates); s.err == nil {
		d.dynamic(s, rates)
	}
	o.standing(d)
	return d
}

type octopus struct {
	*sheet
	key, other, clock string
}

// rows reads the rows of all pages, those of one method of payment. A page
// whose address names the other kind of answer is refused.
func (o *octopus) rows(pages []*node, not string) []row {
	if o.err != nil {
		return nil
	}
	var rows []row
	total := 0
	for _, page := range pages {
		for _, link := range []string{"next", "previous"} {
			if address := page.at(link).str(); strings.Contains(address, not) {
				page.at(link).fail("this is a page of %s", not)
			}
		}
		total += len(page.need("results").list())
	}
	for _, page := range pages {
		if want := page.need("count").count(1 << 24); want != total {
			page.fail("%d rows of %d are there: give all pages, each once", total, want)
		}
	}
	method := o.payment(pages)
	for _, page := range pages {
		for _, n := range page.at("results").list() {
			if m := n.at("payment_method").str(); m != "" && m != method {
				n.skip("for another method of payment")
				continue
			}
			rows = append(rows, o.row(n))
		}
	}
	return rows
}

func (o *octopus) payment(pages []*node) string {
	var methods []string
	for _, page := range pages {
		for _, n := range page.at("results").list() {
			if m := n.at("payment_method").str(); m != "" && !slices.Contains(methods, m) {
				methods = append(methods, m)
			}
		}
	}
	if len(methods) == 0 {
		return ""
	}
	return o.choose("payment", "prices differ by method of payment", methods)
}

func (o *octopus) row(n *node) row {
	r := row{price: read(n.need(o.key)).scaled(rat(1, 100))}
	if at, ok := instant(n.need("valid_from")); ok {
		r.from = utc(at)
	}
	if end := n.at("valid_to"); end != nil {
		if at, ok := instant(end); ok {
			r.to = utc(at)
		}
	}
	o.checkVAT(n)
	n.at(o.other).skip(map[string]string{"value_inc_vat": "the same with VAT", "value_exc_vat": "the same without VAT"}[o.other])
	return r
}

// checkVAT refuses a tax that is not the one between the two prices.
func (o *octopus) checkVAT(n *node) {
	share := rat(1, 1)
	for _, t := range o.options.Taxes {
		share = plus(share, rat(t.Rate, 1e9))
	}
	if len(o.options.Taxes) == 0 || n.at(o.other) == nil {
		return
	}
	off := new(big.Rat).Sub(n.at("value_inc_vat").amount(), times(n.at("value_exc_vat").amount(), share))
	if off.Abs(off).Cmp(rat(51, 10000)) > 0 {
		n.fail("%s with VAT is not %s and the taxes given", text(n.at("value_inc_vat")), text(n.at("value_exc_vat")))
	}
}

// closed gives a row without an end the one that was asked for.
func (o *octopus) closed(rows []row) []row {
	for i := range rows {
		if rows[i].to != "" {
			continue
		}
		if o.options.To == "" {
			o.missing("to", "until when its last price holds")
			return nil
		}
		rows[i].to = o.midnight(o.options.To)
	}
	return rows
}

func (o *octopus) midnight(date string) string {
	day, err := tariffs.ParseDate(date)
	if err == nil {
		var at int64
		if at, err = tariffs.Midnight(o.clock, day); err == nil {
			return utc(time.Unix(at, 0))
		}
	}
	o.fail("%w", err)
	return ""
}

// date is the day since which a price holds, if that begins with it.
func (o *octopus) date(r row) string {
	zone, err := tariffs.Zone(o.clock)
	at, err2 := time.Parse(time.RFC3339, r.from)
	if err != nil || err2 != nil {
		return ""
	}
	day := at.In(zone).Format(time.DateOnly)
	if o.midnight(day) != r.from && o.options.From == "" {
		r.price.at.at("valid_from").fail("is not the beginning of a day in %s: give --from", o.clock)
	}
	return day
}

// standing sets the standing charge: that which holds during the whole time.
func (o *octopus) standing(d *draft) {
	files := o.options.Standing
	if o.err != nil || len(files) == 0 {
		return
	}
	o.files = files
	before := len(o.roots)
	rows := o.rows(o.json()[before:], "unit-rates")
	from := o.midnight(pick(o.options.From, d.from))
	to := ""
	if end := pick(o.options.To, d.to); end != "" {
		to = o.midnight(end)
	}
	if o.err != nil {
		return
	}
	for _, r := range rows {
		if r.to != "" && r.to <= from || to != "" && r.from >= to {
			r.price.at.parent.skip("holds at another time")
			continue
		}
		if d.seasons[0].supply != nil {
			r.price.at.fail("a second standing charge from %s: import the stretches apart, with --from and --to", r.from)
			return
		}
		if r.from > from || r.to != "" && (to == "" || r.to < to) {
			r.price.at.fail("the standing charge holds from %s to %s only: --from and --to must lie within", r.from, pick(r.to, "now"))
			return
		}
		supply := r.price
		d.seasons[0].supply = &supply
	}
	if d.seasons[0].supply == nil {
		o.fail("no standing charge holds from %s", from)
	}
}
