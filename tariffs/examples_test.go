package tariffs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
)

// example parses one of the three example documents.
func example(t testing.TB, name string) *Tariff {
	t.Helper()
	return mustParse(t, exampleText(t, name))
}

func exampleText(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata.Shared(t, "design/tariff-examples"), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func mustParse(t testing.TB, text string) *Tariff {
	t.Helper()
	tariff, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return tariff
}

func date(t testing.TB, s string) Date {
	t.Helper()
	d, err := ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func compile(t testing.TB, tariff *Tariff, start, end string, n int) *Plan {
	t.Helper()
	p, err := Compile([]*Tariff{tariff}, date(t, start), date(t, end), n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// plain is a flat tariff at 0.20 a kWh and 0.25 a day, to be changed by edits:
// pairs of old and new text. It needs no shared data.
func plain(t testing.TB, edits ...string) string {
	t.Helper()
	text := `{"planId":"p","displayName":"Plain","brandName":"B","effectiveFrom":"2000-01-01","effectiveTo":"2050-01-01",
"electricityContract":{"pricingModel":"SINGLE_RATE","timeZone":"LOCAL","tariffPeriod":[
{"displayName":"All year","startDate":"01-01","endDate":"12-31","dailySupplyCharge":"0.25","rateBlockUType":"singleRate",
"singleRate":{"displayName":"Any time","rates":[{"unitPrice":"0.20"}]}}]},
"x-hushwatt":{"clock":"Europe/London","currency":"GBP","pricesIncludeTax":false,"taxes":[{"name":"VAT","rate":"0.05"}],
"rounding":{"stage":"bill","digits":2,"mode":"half-up"}}}`
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(text, edits[i]) {
			t.Fatalf("the plain tariff does not contain %s", edits[i])
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	return text
}

const plainRate = `"rateBlockUType":"singleRate",
"singleRate":{"displayName":"Any time","rates":[{"unitPrice":"0.20"}]}`

// timeOfUse writes timeOfUseRates of blocks "name price days start end …", each
// with one or more windows, days being a list like MON,TUE or ALL.
func timeOfUse(blocks ...string) string {
	var out []string
	for _, b := range blocks {
		f := strings.Fields(b)
		var windows []string
		for i := 2; i < len(f); i += 3 {
			days := strings.Replace(f[i], "ALL", "MON,TUE,WED,THU,FRI,SAT,SUN", 1)
			windows = append(windows, fmt.Sprintf(`{"days":["%s"],"startTime":"%s","endTime":"%s"}`,
				strings.ReplaceAll(days, ",", `","`), f[i+1], f[i+2]))
		}
		out = append(out, fmt.Sprintf(`{"displayName":"%s","type":"PEAK","rates":[{"unitPrice":"%s"}],"timeOfUse":[%s]}`,
			f[0], f[1], strings.Join(windows, ",")))
	}
	return `"rateBlockUType":"timeOfUseRates","timeOfUseRates":[` + strings.Join(out, ",") + `]`
}

// dynamic writes dynamicRates of rows "from to price".
func dynamic(rows ...string) string {
	var out []string
	for _, r := range rows {
		f := strings.Fields(r)
		out = append(out, fmt.Sprintf(`{"valid_from":"%s","valid_to":"%s","value_exc_vat":"%s"}`, f[0], f[1], f[2]))
	}
	return `"rateBlockUType":"dynamicRates","dynamicRates":{"rates":[` + strings.Join(out, ",") + `]}`
}

// hasError fails unless err says all of the words.
func hasError(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("accepted, want an error with %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error is %q, want it to say %q", err, w)
		}
	}
}
