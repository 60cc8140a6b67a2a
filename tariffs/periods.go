package tariffs

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Reading of electricityContract.tariffPeriod and solarFeedInTariff: prices by
// season, window, block and row (docs/protocol.md, section 6.2).

// Components of lines that name none.
const (
	componentEnergy    = "Energy"
	componentExport    = "Export"
	componentEvents    = "Events"
	componentFees      = "Fees"
	componentDiscount  = "Discounts"
	componentSurcharge = "Surcharges"
	componentMinimum   = "Minimum"
)

func (t *Tariff) readContract(o object) {
	o.oneOf("pricingModel", true, "SINGLE_RATE", "TIME_OF_USE", "FLEXIBLE")
	if o.oneOf("timeZone", true, "LOCAL", aest) == aest {
		t.Clock = aest
	}
	for _, p := range o.objects("tariffPeriod", !o.has("solarFeedInTariff")) {
		t.addSeason(p.textOr("component", componentEnergy), lineEnergy, t.readPeriod(p))
	}
	for _, p := range o.objects("solarFeedInTariff", false) {
		t.addSeason(p.textOr("component", componentExport), lineExport, t.readFeedIn(p))
	}
	t.netting = o.has("netMetering") && o.oneOf("netMetering", true, "INTERVAL") != ""
	t.readCharges(o)
	if o.has("controlledLoad") && *o.err == nil {
		o.fail("controlledLoad", "a controlled load has a meter of its own and is billed by a document of its own")
	}
	o.done()
	if *o.err == nil {
		t.checkTracks(o)
	}
}

// addSeason puts a season into its component's track.
func (t *Tariff) addSeason(component string, kind lineKind, s season) {
	for i := range t.tracks {
		if k := &t.tracks[i]; k.component == component && k.kind == kind {
			k.seasons = append(k.seasons, s)
			return
		}
	}
	if len(t.tracks) < maxEntries { // more are refused by checkTracks
		t.tracks = append(t.tracks, track{component: component, kind: kind, seasons: []season{s}})
	} else {
		t.crowded = true
	}
}

// checkTracks sees to it that every component has a price at all times.
func (t *Tariff) checkTracks(o object) {
	if t.crowded || len(t.tracks) > maxEntries {
		o.fail("tariffPeriod", "more than %d components", maxEntries)
		return
	}
	holidays := t.countAs != publicHoliday
	for i := range t.tracks {
		k := &t.tracks[i]
		key := map[lineKind]string{lineEnergy: "tariffPeriod", lineExport: "solarFeedInTariff"}[k.kind]
		if len(k.seasons) == 0 {
			continue
		}
		if err := checkYear(k.seasons); err != nil {
			if k.component != componentEnergy && k.component != componentExport {
				err = fmt.Errorf("component %q: %w", k.component, err)
			}
			o.fail(key, "%v", err)
			return
		}
		if err := t.checkHolidays(k.seasons); err != nil {
			if *o.err == nil {
				*o.err = err
			}
			return
		}
		if demands := slices.IndexFunc(k.seasons, func(s season) bool { return s.demands != nil }); demands >= 0 && k.hasPrices() {
			*o.err = fmt.Errorf("%s.rateBlockUType: component %q has prices of energy in other periods; demandCharges need a component of their own", k.seasons[demands].path, k.component)
			return
		}
		for _, s := range k.seasons {
			holidays = holidays || s.namesHolidays()
		}
	}
	if !holidays {
		*o.err = fmt.Errorf("x-hushwatt.holidays.countAs: is %s, but no window names that day", holidaysDayName)
	}
}

// namesHolidays reports whether a window begins on the eighth day.
func (s *season) namesHolidays() bool {
	return len(s.rates) > 1 && len(s.week[publicHoliday]) > 0 ||
		slices.ContainsFunc(s.demands, func(d demand) bool {
			return slices.ContainsFunc(d.windows, func(w demandWindow) bool { return w.days[publicHoliday] })
		})
}

// The kinds of price of a tariffPeriod, of a feed-in tariff, and the key that
// holds each.
var (
	rateKinds   = []string{"singleRate", "timeOfUseRates", "dynamicRates", "demandCharges"}
	feedInKinds = []string{"singleTariff", "timeVaryingTariffs", "dynamicRates"}
)

func (t *Tariff) readPeriod(o object) season {
	s := readSeason(o)
	if o.has("dailySupplyCharge") {
		s.supply = pico(o.money("dailySupplyCharge"))
	}
	switch kind := oneKind(o, "rateBlockUType", rateKinds); kind {
	case "singleRate":
		single := o.object(kind)
		t.readSingle(&s, single, single.text("displayName"), 1)
	case "timeOfUseRates":
		t.readTimeOfUse(&s, o, kind)
	case "dynamicRates":
		s.readDynamic(o.object(kind), 1)
	case "demandCharges":
		for _, item := range o.atMost(maxEntries, kind, true) {
			s.demands = append(s.demands, t.readDemand(item))
		}
	}
	o.done()
	return s
}

func (t *Tariff) readFeedIn(o object) season {
	s := readSeason(o)
	switch kind := oneKind(o, "tariffUType", feedInKinds); kind {
	case "singleTariff":
		t.readSingle(&s, o.object(kind), s.name, -1)
	case "timeVaryingTariffs":
		t.readTimeVarying(&s, o, kind)
	case "dynamicRates":
		s.readDynamic(o.object(kind), -1)
	}
	o.done()
	return s
}

func readSeason(o object) season {
	s := season{path: o.path, name: o.text("displayName")}
	s.first = parsed(o, "startDate", "a day MM-DD", monthDay)
	s.last = parsed(o, "endDate", "a day MM-DD", monthDay)
	return s
}

// oneKind returns which of several keys is there, as the key `by` says, and
// refuses the others.
func oneKind(o object, by string, kinds []string) string {
	kind := o.oneOf(by, true, kinds...)
	for _, other := range kinds {
		if other != kind && kind != "" && o.has(other) {
			o.fail(other, "stands beside %s %q", by, kind)
			o.used[other] = true
		}
	}
	return kind
}

func (t *Tariff) readSingle(s *season, o object, name string, sign int64) {
	r, price := t.readRate(o, name, sign, blockPeriods)
	s.rates = []rate{r}
	for w := range s.week {
		s.week[w] = []window{{0, minutesOfDay, 0, price}}
	}
	o.done()
}

const maxBlocks = 16

// readRate reads rates and period: one price, or blocks of which each but the
// last has a volume. Of blocks it returns the first one's price.
func (t *Tariff) readRate(o object, name string, sign int64, periods []string) (rate, int64) {
	r := rate{name: name}
	list := o.atMost(maxBlocks, "rates", true)
	if len(list) > 1 && !o.has("period") {
		o.fail("rates", "has %d prices: period must say over what time their volumes count", len(list))
	}
	if len(list) > 1 {
		r.period = o.oneOf("period", true, periods...)
		if t.Rounding.Stage == StageInterval {
			o.fail("rates", "has blocks, of which no single slot has the money: rounding.stage interval cannot be")
		}
	}
	price := int64(0)
	for i, item := range list {
		b := block{price: sign * item.money("unitPrice")}
		if i == 0 {
			price = b.price
		}
		if i < len(list)-1 {
			b.readVolume(item, r.period)
		}
		item.done()
		r.blocks = append(r.blocks, b)
	}
	if len(r.blocks) < 2 {
		r.blocks = nil
	}
	for i, b := range r.blocks {
		if i < len(r.blocks)-1 && b.daily != r.blocks[0].daily {
			o.fail("rates", "has volumes both of the period and of a day")
		}
	}
	return r, price
}

// The time over which a block counts.
const (
	perDay     = "P1D"
	perMonth   = "P1M"
	perQuarter = "P3M"
	perYear    = "P1Y"
	perBill    = "BILL"
	perEvent   = "EVENT"
)

var blockPeriods = []string{perDay, perMonth, perQuarter, perYear, perBill}

func (b *block) readVolume(o object, period string) {
	key := "volume"
	if b.daily = o.has("dailyVolume"); b.daily {
		key = "dailyVolume"
	}
	if b.width = o.thousandths(key, "kWh"); b.width == 0 {
		o.fail(key, "is 0")
	}
	if b.daily && (period == perDay || period == perEvent) {
		o.fail(key, "must be volume where period is %s", period)
	}
}

func (t *Tariff) readTimeOfUse(s *season, o object, name string) {
	for _, block := range o.objects(name, true) {
		rateName := block.text("displayName")
		block.oneOf("type", true, "PEAK", "OFF_PEAK", "SHOULDER", "SHOULDER1", "SHOULDER2", "SOLAR_SPONGE")
		t.readWindows(s, block, "timeOfUse", rateName, 1)
	}
	s.finishWeek(o, name)
}

func (t *Tariff) readTimeVarying(s *season, o object, name string) {
	for _, block := range o.objects(name, true) {
		rateName := block.text("displayName")
		if block.has("type") {
			block.oneOf("type", true, "PEAK", "OFF_PEAK", "SHOULDER")
		}
		t.readWindows(s, block, "timeVariations", rateName, -1)
	}
	s.finishWeek(o, name)
}

// readWindows reads one price or list of blocks and when it holds.
func (t *Tariff) readWindows(s *season, o object, key, name string, sign int64) {
	r, price := t.readRate(o, name, sign, blockPeriods)
	index := slices.IndexFunc(s.rates, func(other rate) bool { return other.name == name })
	if index >= 0 && (r.blocks != nil || s.rates[index].blocks != nil) {
		o.fail("displayName", "%q is used twice; what has blocks needs a name of its own", name)
	}
	if index < 0 {
		index = len(s.rates)
		s.rates = append(s.rates, r)
	}
	for _, use := range o.objects(key, true) {
		start, end := readTimes(use)
		for w, on := range t.readDays(use) {
			if on {
				s.week[w] = append(s.week[w], window{start, end, index, price})
			}
		}
		use.done()
	}
	o.done()
}

// finishWeek puts the windows in order and refuses gaps and overlaps.
func (s *season) finishWeek(o object, name string) {
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

// readTimes reads startTime and endTime; end goes beyond 1,440 where the window
// passes midnight.
func readTimes(o object) (start, end int) {
	start = parsed(o, "startTime", "a time HH:MM up to 23:59", func(text string) (int, bool) {
		n, ok := minuteOfDay(text)
		return n, ok && n < minutesOfDay
	})
	end = parsed(o, "endTime", "a time HH:MM up to 24:00", minuteOfDay)
	if start == end {
		o.fail("endTime", "equals startTime (a whole day is 00:00 to 24:00)")
	}
	if end < start {
		end += minutesOfDay
	}
	return start, end
}

func (t *Tariff) readDays(o object) (seen [dayKinds]bool) {
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
		if w == publicHoliday && t.countAs != publicHoliday {
			o.fail(name, "is %s, but x-hushwatt.holidays.countAs is not", v.text)
		}
		if seen[w] {
			o.fail(name, "%s is listed twice", v.text)
		}
		seen[w] = true
	}
	return seen
}

func (s *season) readDynamic(o object, sign int64) {
	s.rates = []rate{{name: o.textOr("displayName", "Energy")}}
	for _, item := range o.objects("rates", true) {
		r := row{price: sign * item.money("value_exc_vat")}
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
