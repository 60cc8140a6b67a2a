package tariffs

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// An object hands out the members of a JSON object one by one and remembers the
// first thing that was wrong, so that the reading code states the schema and
// nothing else. Members that nobody asked for are refused by name.
type object struct {
	path  string
	value *value
	used  map[string]bool
	err   *error // shared by all objects of one document
}

// at names a key for messages: electricityContract.tariffPeriod[0].startDate.
func (o object) at(name string) string {
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

func (o object) fail(name, format string, args ...any) {
	if *o.err == nil {
		*o.err = fmt.Errorf("%s: %s", o.at(name), fmt.Sprintf(format, args...))
	}
}

// get returns the member of that name and kind; nil if it is absent, and then
// it is an error if it is required.
func (o object) get(name string, k kind, required bool) *value {
	if o.value == nil {
		return nil
	}
	for _, m := range o.value.members {
		if m.name != name {
			continue
		}
		o.used[name] = true
		if m.value.kind != k {
			o.fail(name, "is %s, must be %s", m.value.kind, k)
			return nil
		}
		return m.value
	}
	if required {
		o.fail(name, "is missing")
	}
	return nil
}

// has reports whether the member exists, of whatever kind.
func (o object) has(name string) bool {
	if o.value != nil {
		for _, m := range o.value.members {
			if m.name == name {
				return true
			}
		}
	}
	return false
}

// done refuses what was not asked for.
func (o object) done() {
	if o.value == nil {
		return
	}
	for _, m := range o.value.members {
		if !o.used[m.name] {
			o.fail(m.name, "unknown key")
		}
	}
}

func (o object) child(path string, v *value) object {
	return object{path: path, value: v, used: map[string]bool{}, err: o.err}
}

func (o object) object(name string) object {
	return o.child(o.at(name), o.get(name, kindObject, true))
}

// list returns the items of an array, each of which must be of kind k.
func (o object) list(name string, k kind, required bool) []*value {
	v := o.get(name, kindArray, required)
	if v == nil {
		return nil
	}
	for i, item := range v.items {
		if item.kind != k {
			o.fail(fmt.Sprintf("%s[%d]", name, i), "is %s, must be %s", item.kind, k)
			return nil
		}
	}
	return v.items
}

// objects returns the objects of an array; a required one is not empty.
func (o object) objects(name string, required bool) []object {
	items := o.list(name, kindObject, required)
	if required && len(items) == 0 {
		o.fail(name, "is empty")
	}
	var out []object
	for i, v := range items {
		out = append(out, o.child(fmt.Sprintf("%s[%d]", o.at(name), i), v))
	}
	return out
}

// atMost is objects, of which there may not be more than so many.
func (o object) atMost(most int, name string, required bool) []object {
	list := o.objects(name, required)
	if len(list) > most {
		o.fail(name, "has %d entries, at most %d are allowed", len(list), most)
		return nil
	}
	return list
}

// text returns a string that people will read: not empty, no control characters.
func (o object) text(name string) string {
	v := o.get(name, kindString, true)
	if v == nil {
		return ""
	}
	if strings.TrimSpace(v.text) == "" {
		o.fail(name, "is empty")
	}
	if strings.ContainsFunc(v.text, unicode.IsControl) {
		o.fail(name, "holds a control character")
	}
	return v.text
}

// textOr is text, or other where the key is left out.
func (o object) textOr(name, other string) string {
	if !o.has(name) {
		return other
	}
	return o.text(name)
}

// names returns a list of names, each once; nil where the key is left out.
func (o object) names(name string) []string {
	if !o.has(name) {
		return nil
	}
	out := []string{}
	items := o.list(name, kindString, true)
	if len(items) > maxEntries {
		o.fail(name, "has %d entries, at most %d are allowed", len(items), maxEntries)
		return nil
	}
	for i, v := range items {
		if slices.Contains(out, v.text) {
			o.fail(fmt.Sprintf("%s[%d]", name, i), "%q is listed twice", v.text)
		}
		out = append(out, v.text)
	}
	if len(out) == 0 {
		o.fail(name, "is empty")
	}
	return out
}

// count returns a whole number from least to most.
func (o object) count(name string, least, most int64) int {
	v := o.get(name, kindNumber, true)
	if v == nil {
		return 0
	}
	if v.number < least || v.number > most {
		o.fail(name, "%d is out of range: %d to %d", v.number, least, most)
	}
	return int(v.number)
}

// oneOf returns a string out of a fixed list, otherwise "".
func (o object) oneOf(name string, required bool, allowed ...string) string {
	v := o.get(name, kindString, required)
	if v == nil {
		return ""
	}
	for _, a := range allowed {
		if v.text == a {
			return a
		}
	}
	o.fail(name, "is %q, must be one of %s", v.text, strings.Join(allowed, ", "))
	return ""
}

func (o object) date(name string) Date {
	v := o.get(name, kindString, true)
	if v == nil {
		return 0
	}
	d, err := ParseDate(v.text)
	if err != nil {
		o.fail(name, "%v", err)
	}
	return d
}

// parsed returns what read makes of a string; want says what read accepts.
func parsed[T any](o object, name, want string, read func(string) (T, bool)) T {
	var zero T
	v := o.get(name, kindString, true)
	if v == nil {
		return zero
	}
	x, ok := read(v.text)
	if !ok {
		o.fail(name, "%q is not %s", v.text, want)
	}
	return x
}

// maxPrice bounds every price and charge: 2^44 in units of 10⁻⁹ of the currency
// (per kWh, so 10⁻¹² per Wh).
const maxPrice = 1 << 44

// money returns an amount in units of 10⁻⁹ of the currency.
func (o object) money(name string) int64 {
	v := o.get(name, kindString, true)
	if v == nil {
		return 0
	}
	n, err := parseNano(v.text)
	switch {
	case err != nil:
		o.fail(name, "%v", err)
	case n >= maxPrice || n <= -maxPrice:
		o.fail(name, "%s is out of range: a price must lie between -%s and %s", v.text, priceLimit, priceLimit)
	}
	return n
}

// maxThousandths bounds quantities: 10⁶ kWh or kW.
const maxThousandths = 1_000_000_000

// thousandths returns a quantity of kWh or kW in Wh or W.
func (o object) thousandths(name, unit string) int64 {
	v := o.get(name, kindString, true)
	if v == nil {
		return 0
	}
	n, err := parseNano(v.text)
	switch {
	case err != nil:
		o.fail(name, "%v", err)
	case n < 0 || n > maxThousandths*1_000_000:
		o.fail(name, "%s is out of range: 0 to 1000000 %s", v.text, unit)
	case n%1_000_000 != 0:
		o.fail(name, "%q has more than 3 decimals: it must be whole thousandths of a %s", v.text, unit)
	}
	return n / 1_000_000
}

const priceLimit = "17592.186044416"

// parseNano reads a decimal number of at most nine decimals as units of 10⁻⁹.
func parseNano(s string) (int64, error) {
	body, negative := strings.CutPrefix(s, "-")
	whole, decimals, point := strings.Cut(body, ".")
	switch {
	case !onlyDigits(whole) || point && !onlyDigits(decimals):
		return 0, fmt.Errorf("%q is not a decimal number like 0.1423", s)
	case len(whole) > 1 && whole[0] == '0':
		return 0, fmt.Errorf("%q begins with a needless zero", s)
	case len(decimals) > 9:
		return 0, fmt.Errorf("%q has %d decimals, at most 9 are allowed", s, len(decimals))
	case len(whole) > 9:
		return 0, fmt.Errorf("%s is out of range", s)
	}
	n, err := strconv.ParseInt(whole+decimals+strings.Repeat("0", 9-len(decimals)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q: %w", s, err)
	}
	if negative {
		n = -n
	}
	return n, nil
}

func onlyDigits(s string) bool {
	_, ok := digits(s)
	return ok
}

// pico turns units of 10⁻⁹ into units of 10⁻¹².
func pico(nano int64) *big.Int {
	return new(big.Int).Mul(big.NewInt(nano), big.NewInt(1000))
}
