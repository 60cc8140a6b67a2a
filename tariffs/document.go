package tariffs

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Parse reads a tariff document in any layout, bare or signed, and validates
// everything that does not depend on a period. An error names the key. The
// signature of a signed one is checked against the supplier key it names; whose
// key that is, is for the caller to know.
func Parse(data []byte) (*Tariff, error) {
	root, err := readJSON(data)
	var t *Tariff
	if err == nil {
		t, err = parse(root)
	}
	if err != nil {
		return nil, fmt.Errorf("tariff: %w", err)
	}
	return t, nil
}

// Read reads a document in any layout, bare or signed, that is a tariff or an
// addendum of one; the other result is nil.
func Read(data []byte) (t *Tariff, a *Addendum, err error) {
	what := "tariff"
	root, err := readJSON(data)
	switch {
	case err != nil:
	case announces(root):
		what = "addendum"
		a, err = parseAddendum(root)
	default:
		t, err = parse(root)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", what, err)
	}
	return t, a, nil
}

// announces tells an addendum by its keys, which a tariff does not have.
func announces(root *value) bool {
	return root.kind == kindObject && slices.ContainsFunc(root.members, func(m member) bool { return m.name == "addendum" || m.name == "events" })
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
	if top.has("replaces") {
		t.replaces = parsed(top, "replaces", "the id of a tariff, 64 lower-case hexadecimal digits", tariffID)
	}
	contract := top.object("electricityContract")
	rules := top.object("x-hushwatt")
	top.done()
	t.readRules(rules)
	t.readContract(contract)
	t.checkComponents(rules)
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
	names := map[string]int{}
	for _, item := range o.objects("taxes", false) {
		tax := Tax{Name: item.text("name"), Rate: item.share("rate"), Of: item.names("of")}
		if _, used := names[tax.Name]; used {
			item.fail("name", "%q is used twice", tax.Name)
		}
		for i, on := range item.names("on") {
			before, known := names[on]
			if !known {
				item.fail(fmt.Sprintf("on[%d]", i), "%q is not a tax above this one", on)
				continue // else it could go round in circles
			}
			tax.On = append(tax.On, before)
		}
		names[tax.Name] = len(t.Taxes)
		t.Taxes = append(t.Taxes, tax)
		if t.taxDepth(len(t.Taxes)-1) > maxTaxDepth {
			item.fail("on", "is a tax on a tax on a tax on a tax; at most three follow each other")
		}
		item.done()
	}
	if len(t.Taxes) > maxTaxes {
		o.fail("taxes", "has %d entries, at most %d are allowed", len(t.Taxes), maxTaxes)
	}
	if v := o.get("pricesIncludeTax", kindBool, len(t.Taxes) > 0); v != nil {
		t.PricesIncludeTax = v.text == "true"
	}
}

const (
	maxTaxes    = 8
	maxTaxDepth = 3
)

// taxDepth counts the taxes that follow each other up to tax i.
func (t *Tariff) taxDepth(i int) int {
	depth := 0
	for _, j := range t.Taxes[i].On {
		depth = max(depth, t.taxDepth(j))
	}
	return depth + 1
}

// tariffID reads the id of a tariff.
func tariffID(s string) ([]byte, bool) {
	id, err := hex.DecodeString(s)
	return id, err == nil && len(id) == 32 && s == strings.ToLower(s)
}

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
