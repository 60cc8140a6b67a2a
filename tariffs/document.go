package tariffs

import (
	"fmt"
	"sort"
	"strings"
)

// Parse reads a tariff document in any layout, bare or signed, and validates
// everything that does not depend on a period. An error names the key. The
// signature of a signed one is checked against the supplier key it names; whose
// key that is, is for the caller to know.
func Parse(data []byte) (*Tariff, error) {
	root, err := readJSON(data)
	if err != nil {
		return nil, fmt.Errorf("tariff: %w", err)
	}
	t, err := parse(root)
	if err != nil {
		return nil, fmt.Errorf("tariff: %w", err)
	}
	return t, nil
}

func parse(root *value) (*Tariff, error) {
	if root.kind != kindObject {
		return nil, fmt.Errorf("document is %s, must be an object", root.kind)
	}
	var err error
	top := object{value: root, used: map[string]bool{}, err: &err}
	if !top.has("tariff") {
		return parseBare(root)
	}
	bare := top.object("tariff")
	supplier := parsed(top, "supplier", "a supplier's key like hushwatt-supplier1…", supplierKey)
	signature := parsed(top, "signature", "a signature, 64 bytes in base64url without padding", signatureBytes)
	if top.done(); err != nil {
		return nil, err
	}
	t, err := parseBare(bare.value)
	if err != nil {
		return nil, err
	}
	t.supplier, t.signature = supplier, signature
	return t, t.checkSignature()
}

func parseBare(root *value) (*Tariff, error) {
	var err error
	top := object{value: root, used: map[string]bool{}, err: &err}
	t := &Tariff{To: OpenEnded}
	t.PlanID = top.text("planId")
	t.DisplayName = top.text("displayName")
	t.BrandName = top.text("brandName")
	t.From = top.date("effectiveFrom")
	if top.has("effectiveTo") {
		if t.To = top.date("effectiveTo"); err == nil && t.To <= t.From {
			top.fail("effectiveTo", "%s is not after effectiveFrom %s (it is the first day without the tariff)", t.To, t.From)
		}
	}
	contract := top.object("electricityContract")
	rules := top.object("x-hushwatt")
	top.done()
	t.readRules(rules)
	t.readContract(contract)
	if err != nil {
		return nil, err
	}
	t.root = root
	t.canonical = appendCanonical(nil, root)
	return t, nil
}

// readRules reads x-hushwatt: clock, currency, taxes, rounding, holidays, and
// what happens to missing slots.
func (t *Tariff) readRules(o object) {
	t.Clock = parsed(o, "clock", "a zone of the IANA database like Europe/London", func(s string) (string, bool) {
		_, ok := zoneIndex().files[s]
		return s, ok
	})
	t.Currency = parsed(o, "currency", "a currency of three capitals like GBP", isCurrency)
	t.readTaxes(o)
	t.readRounding(o.object("rounding"))
	t.readHolidays(o)
	t.Missing = readPolicy(o, "missingPolicy")
	t.Estimated = readPolicy(o, "estimatedPolicy")
	o.done()
}

func isCurrency(s string) (string, bool) {
	return s, len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func readPolicy(o object, name string) Policy {
	if p := o.oneOf(name, false, string(PolicyBill), string(PolicyRefuse)); p != "" {
		return Policy(p)
	}
	return PolicyBill
}

// readTaxes reads taxes and pricesIncludeTax; the latter may be left out only
// where there is no tax to include.
func (t *Tariff) readTaxes(o object) {
	names := map[string]bool{}
	for _, item := range o.objects("taxes", false) {
		tax := Tax{Name: item.text("name"), Rate: item.share("rate")}
		if names[tax.Name] {
			item.fail("name", "%q is used twice", tax.Name)
		}
		names[tax.Name] = true
		t.Taxes = append(t.Taxes, tax)
		item.done()
	}
	if len(t.Taxes) > maxTaxes {
		o.fail("taxes", "has %d entries, at most %d are allowed", len(t.Taxes), maxTaxes)
	}
	if v := o.get("pricesIncludeTax", kindBool, len(t.Taxes) > 0); v != nil {
		t.PricesIncludeTax = v.text == "true"
	}
}

const maxTaxes = 8

// share reads a tax rate between 0 and 1 in units of 10⁻⁹.
func (o object) share(name string) int64 {
	v := o.get(name, kindString, true)
	if v == nil {
		return 0
	}
	n, err := parseNano(v.text)
	if err != nil {
		o.fail(name, "%v", err)
	} else if n < 0 || n > 1e9 {
		o.fail(name, "%s is out of range: a tax rate is a share between 0 and 1 (0.05 for 5 %%)", v.text)
	}
	return n
}

func (t *Tariff) readRounding(o object) {
	t.Rounding.Stage = Stage(o.oneOf("stage", true, string(StageBill), string(StageNet), string(StageLine), string(StageInterval)))
	t.Rounding.Mode = Mode(o.oneOf("mode", true, string(HalfUp), string(HalfAway), string(HalfEven), string(Up), string(Down)))
	if v := o.get("digits", kindNumber, true); v != nil {
		if v.number < 0 || v.number > 9 {
			o.fail("digits", "%d is out of range: 0 to 9 decimals", v.number)
		}
		t.Rounding.Digits = int(v.number)
	}
	o.done()
}

func (t *Tariff) readHolidays(o object) {
	if !o.has("holidays") {
		return
	}
	h := o.object("holidays")
	t.holidays = map[Date]bool{}
	for i, v := range h.list("dates", kindString, true) {
		name := fmt.Sprintf("dates[%d]", i)
		d, err := ParseDate(v.text)
		if err != nil {
			h.fail(name, "%v", err)
		}
		if t.holidays[d] {
			h.fail(name, "%s is listed twice", v.text)
		}
		t.holidays[d] = true
	}
	t.countAs = weekdayNamed(h.oneOf("countAs", true, weekdayNames[:]...))
	h.done()
}

func weekdayNamed(name string) weekday {
	for w, n := range weekdayNames {
		if n == name {
			return weekday(w)
		}
	}
	return 0 // an error has been noted
}

func (t *Tariff) readContract(o object) {
	o.oneOf("pricingModel", true, "SINGLE_RATE", "TIME_OF_USE", "FLEXIBLE")
	if o.oneOf("timeZone", true, "LOCAL", aest) == aest {
		t.Clock = aest
	}
	for _, p := range o.objects("tariffPeriod", true) {
		t.seasons = append(t.seasons, readSeason(p))
	}
	o.done()
	if *o.err != nil {
		return
	}
	if err := checkYear(t.seasons); err != nil {
		o.fail("tariffPeriod", "%v", err)
	}
	if err := t.checkHolidays(); err != nil {
		*o.err = err
	}
}

// The kinds of price and the key that holds each.
var rateKinds = []string{"singleRate", "timeOfUseRates", "dynamicRates"}

func readSeason(o object) season {
	s := season{path: o.path, name: o.text("displayName")}
	s.first = parsed(o, "startDate", "a day MM-DD", monthDay)
	s.last = parsed(o, "endDate", "a day MM-DD", monthDay)
	if o.has("dailySupplyCharge") {
		s.supply = pico(o.money("dailySupplyCharge"))
	}
	kind := o.oneOf("rateBlockUType", true, rateKinds...)
	for _, other := range rateKinds {
		if other != kind && kind != "" && o.has(other) {
			o.fail(other, "stands beside rateBlockUType %q", kind)
			o.used[other] = true
		}
	}
	switch kind {
	case "singleRate":
		s.readSingle(o.object(kind))
	case "timeOfUseRates":
		s.readTimeOfUse(o, kind)
	case "dynamicRates":
		s.readDynamic(o.object(kind))
	}
	o.done()
	return s
}

func (s *season) readSingle(o object) {
	s.rates = []rate{{o.text("displayName")}}
	price := readUnitPrice(o)
	for w := range s.week {
		s.week[w] = []window{{0, minutesOfDay, 0, price}}
	}
	o.done()
}

// readUnitPrice reads rates, a list of exactly one price.
func readUnitPrice(o object) int64 {
	list := o.objects("rates", true)
	if len(list) == 0 {
		return 0
	}
	if len(list) > 1 {
		o.fail("rates", "has %d prices, must have one", len(list))
	}
	price := list[0].money("unitPrice")
	list[0].done()
	return price
}

func (s *season) readTimeOfUse(o object, name string) {
	for _, block := range o.objects(name, true) {
		index := s.rateNamed(block.text("displayName"))
		block.oneOf("type", true, "PEAK", "OFF_PEAK", "SHOULDER", "SHOULDER1", "SHOULDER2", "SOLAR_SPONGE")
		price := readUnitPrice(block)
		for _, use := range block.objects("timeOfUse", true) {
			s.readWindow(use, index, price)
		}
		block.done()
	}
	if *o.err != nil {
		return
	}
	for w := range s.week {
		sort.Slice(s.week[w], func(i, j int) bool { return s.week[w][i].start < s.week[w][j].start })
	}
	if err := s.checkWeek(); err != nil {
		o.fail(name, "%v", err)
	}
}

// rateNamed returns the line of that name; blocks of one name share a line.
func (s *season) rateNamed(name string) int {
	for i, r := range s.rates {
		if r.name == name {
			return i
		}
	}
	s.rates = append(s.rates, rate{name})
	return len(s.rates) - 1
}

func (s *season) readWindow(o object, index int, price int64) {
	start := parsed(o, "startTime", "a time HH:MM up to 23:59", func(text string) (int, bool) {
		n, ok := minuteOfDay(text)
		return n, ok && n < minutesOfDay
	})
	end := parsed(o, "endTime", "a time HH:MM up to 24:00", minuteOfDay)
	if start == end {
		o.fail("endTime", "equals startTime (a whole day is 00:00 to 24:00)")
	}
	if end < start {
		end += minutesOfDay
	}
	seen := [7]bool{}
	days := o.list("days", kindString, true)
	if len(days) == 0 {
		o.fail("days", "is empty")
	}
	for i, v := range days {
		name := fmt.Sprintf("days[%d]", i)
		w := weekdayNamed(v.text)
		if w.String() != v.text {
			o.fail(name, "is %q, must be one of %s", v.text, strings.Join(weekdayNames[:], ", "))
		}
		if seen[w] {
			o.fail(name, "%s is listed twice", v.text)
		}
		seen[w] = true
		s.week[w] = append(s.week[w], window{start, end, index, price})
	}
	o.done()
}

func (s *season) readDynamic(o object) {
	name := "Energy"
	if o.has("displayName") {
		name = o.text("displayName")
	}
	s.rates = []rate{{name}}
	for _, item := range o.objects("rates", true) {
		r := row{price: item.money("value_exc_vat")}
		r.from = parsed(item, "valid_from", "an instant like 2013-03-30T16:00:00Z", instant)
		r.to = parsed(item, "valid_to", "an instant like 2013-03-30T16:00:00Z", instant)
		if r.to <= r.from {
			item.fail("valid_to", "is not after valid_from")
		}
		item.done()
		s.rows = append(s.rows, r)
	}
	o.done()
	if *o.err != nil {
		return
	}
	sort.Slice(s.rows, func(i, j int) bool { return s.rows[i].from < s.rows[j].from })
	for i := 1; i < len(s.rows); i++ {
		if s.rows[i].from < s.rows[i-1].to {
			o.fail("rates", "two prices are valid from %s", utcStamp(s.rows[i].from))
			return
		}
	}
}
