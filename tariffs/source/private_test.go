package source

import (
	"slices"
	"strings"
	"testing"

	"hushwatt/tariffs"
)

// Every tariff of the real files that has blocks of a day or charges for demand
// passes the privacy rules in every month, those with a clock change too, with
// amounts in cents (of Taiwan in dollars, as they are there); but for one whose
// energy costs more than five dollars a kWh.
func TestRealBlocksAndDemandsArePrivate(t *testing.T) {
	months, daily := 0, 0
	for _, r := range append(slices.Clone(reals), manyPlans()...) {
		if r.refused != "" {
			continue
		}
		o := options()
		if r.with != nil {
			r.with(&o)
		}
		o.Rounding.Digits = 2
		if strings.HasPrefix(r.file, "tw-") {
			o.Rounding.Digits = 0
		}
		im, err := Import("", []File{shared(t, r.file)}, o)
		if err != nil {
			t.Errorf("%s %s: %v", r.file, o.Plan, err)
			continue
		}
		text := string(im.Tariff.Canonical())
		if !strings.Contains(text, `"period":"P1D"`) && !strings.Contains(text, `"demandCharges"`) {
			continue
		}
		c, err := tariffs.Check(im.Tariff)
		if err != nil || c.Accepted != (o.Plan != "TN0043") {
			t.Errorf("%s %s: %+v, %v", r.file, o.Plan, c, err)
			continue
		}
		months += c.Months
		if strings.Contains(text, `"period":"P1D"`) {
			daily++
		}
	}
	if months < 500 || daily < 9 {
		t.Errorf("%d months, %d tariffs with blocks of a day", months, daily)
	}
}
