package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"hushwatt/tariffs"
)

// difference is one difference between two versions of a tariff.
type difference struct {
	Path          string
	Before, After string // "" if it is not there
	By            string // of a price, in per cent
}

// maxChanges bounds how many differences are listed.
const maxChanges = 200

// differences lists every place where two documents differ, in the order of
// the places' names, at most maxChanges, and how many there are.
func differences(before, after *tariffs.Tariff) ([]difference, int) {
	a, b := leavesOf(before), leavesOf(after)
	var paths []string
	for path := range a {
		paths = append(paths, path)
	}
	for path := range b {
		if _, both := a[path]; !both {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	var list []difference
	for _, path := range paths {
		if a[path] != b[path] {
			list = append(list, difference{path, a[path], b[path], percent(a[path], b[path])})
		}
	}
	return list[:min(len(list), maxChanges)], len(list)
}

// percent says by how much a price went up or down.
func percent(before, after string) string {
	a, okA := new(big.Rat).SetString(before)
	b, okB := new(big.Rat).SetString(after)
	if !okA || !okB || a.Sign() == 0 || !strings.Contains(before+after, ".") {
		return ""
	}
	b.Quo(b.Sub(b, a), a.Abs(a)).Mul(b, big.NewRat(100, 1))
	text := b.FloatString(1)
	if b.Sign() > 0 {
		text = "+" + text
	}
	return strings.Replace(text, "-", "−", 1) + "\u00a0%"
}

// leaves are the plain values of a document by where they stand, in words.
type leaves map[string]string

func leavesOf(t *tariffs.Tariff) leaves {
	d := json.NewDecoder(bytes.NewReader(t.Canonical()))
	d.UseNumber()
	var document any
	if err := d.Decode(&document); err != nil {
		panic(err) // the canonical form is JSON
	}
	l := leaves{}
	l.add(nil, document)
	return l
}

// keyWords are the names of a tariff's keys; "" where the name says nothing that
// those around it do not say.
var keyWords = map[string]string{
	"planId": "Plan", "displayName": "Name", "brandName": "Brand", "effectiveFrom": "In force from", "effectiveTo": "In force until (exclusive)",
	"electricityContract": "", "pricingModel": "Pricing model", "tariffPeriod": "", "startDate": "First day of the season", "endDate": "Last day of the season",
	"timeZone": "Time zone", "dailySupplyCharge": "Standing charge per day", "rateBlockUType": "Kind of rates", "singleRate": "",
	"timeOfUseRates": "", "timeOfUse": "Hours", "dynamicRates": "Dynamic prices", "rates": "", "unitPrice": "Price per kWh", "value_exc_vat": "Price per kWh",
	"valid_to": "until", "x-hushwatt": "", "clock": "Clock", "currency": "Currency", "pricesIncludeTax": "Prices include tax", "taxes": "Tax", "rate": "Rate",
	"rounding": "Rounding", "stage": "Stage", "digits": "Digits", "mode": "Mode", "holidays": "Holidays", "dates": "Dates", "countAs": "Count as",
	"missingPolicy": "Missing slots", "estimatedPolicy": "Estimated slots", "type": "Type",
}

func (l leaves) add(path []string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			value := v[key]
			word, known := keyWords[key]
			if !known {
				word = key
			}
			if word == "" {
				l.add(path, value)
				continue
			}
			l.add(append(slices.Clip(path), word), value)
		}
	case []any:
		l.list(path, v)
	default:
		l.put(path, fmt.Sprint(v))
	}
}

// list adds the members of a list under their names, or as one value.
func (l leaves) list(path []string, list []any) {
	var plain []string
	for i, v := range list {
		object, ok := v.(map[string]any)
		if !ok {
			plain = append(plain, fmt.Sprint(v))
			continue
		}
		if text, ok := windowText(object); ok {
			plain = append(plain, text)
			continue
		}
		name := ""
		for _, key := range []string{"displayName", "name", "valid_from"} {
			if s, ok := object[key].(string); ok && name == "" {
				name = s
			}
		}
		if name == "" && len(list) > 1 {
			name = strconv.Itoa(i + 1)
		}
		if name == "" {
			l.add(path, v)
			continue
		}
		l.add(append(slices.Clip(path), name), v)
	}
	if plain != nil {
		l.put(path, strings.Join(plain, ", "))
	}
}

// windowText writes the hours of a rate in a line.
func windowText(o map[string]any) (string, bool) {
	days, ok := o["days"].([]any)
	if !ok {
		return "", false
	}
	return fmt.Sprintf("%s %v–%v", daysText(days), o["startTime"], o["endTime"]), true
}

// daysText writes weekdays in the order of the week, runs of three and more as one.
func daysText(days []any) string {
	var parts []string
	for i := 0; i < len(weekdays); i++ {
		k := i
		for k < len(weekdays) && slices.Contains(days, any(strings.ToUpper(weekdays[k]))) {
			k++
		}
		switch k - i {
		case 0:
		case 1, 2:
			parts = append(parts, weekdays[i:k]...)
		default:
			parts = append(parts, weekdays[i]+"–"+weekdays[k-1])
		}
		i = max(i, k-1)
	}
	return strings.Join(parts, " ")
}

// put never hides one value behind another.
func (l leaves) put(path []string, text string) {
	name := strings.Join(path, " › ")
	for i := 2; ; i++ {
		if _, taken := l[name]; !taken {
			l[name] = text
			return
		}
		name = fmt.Sprintf("%s (%d)", strings.Join(path, " › "), i)
	}
}
