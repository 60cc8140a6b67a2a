package tariffs

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/testdata"
	"hushwatt/internal/wire"
)

func TestExamplesAreAccepted(t *testing.T) {
	ids := map[string]string{
		"flat.json":             "2bb94560e937193c326ad72192114ad7bbbc60fdcbea2b99b1f067948639508f",
		"evening.json":          "cd4e20646520e02be683f455593b41c16cd20c22a4bc12edd6d3559728fc69e3",
		"dynamic-two-days.json": "eb635408f3568e38dc18511e7c46c954e94d7d31b38a3fa982da049da067f4c7",
	}
	for name, id := range ids {
		tariff := example(t, name)
		if tariff.ID() != id {
			t.Errorf("%s: id %s, want %s", name, tariff.ID(), id)
		}
		if tariff.Supplier() != nil {
			t.Errorf("%s: a bare document has the supplier %x", name, tariff.Supplier())
		}
		again := mustParse(t, string(tariff.Canonical()))
		if !bytes.Equal(again.Canonical(), tariff.Canonical()) {
			t.Errorf("%s: the canonical form changes when it is read again", name)
		}
	}
}

// The worked example of docs/protocol.md.
func TestFlatExampleBytes(t *testing.T) {
	const want = `{"brandName":"Demo Energy","displayName":"Flat","effectiveFrom":"2013-01-01","effectiveTo":"2014-01-01",` +
		`"electricityContract":{"pricingModel":"SINGLE_RATE","tariffPeriod":[{"dailySupplyCharge":"0.2163","displayName":"All year",` +
		`"endDate":"12-31","rateBlockUType":"singleRate","singleRate":{"displayName":"Any time","rates":[{"unitPrice":"0.14228"}]},` +
		`"startDate":"01-01"}],"timeZone":"LOCAL"},"planId":"demo-flat","x-hushwatt":{"clock":"Europe/London","currency":"GBP",` +
		`"pricesIncludeTax":false,"rounding":{"digits":2,"mode":"half-up","stage":"bill"},"taxes":[{"name":"VAT","rate":"0.05"}]}}`
	if got := string(example(t, "flat.json").Canonical()); got != want {
		t.Errorf("canonical form\n%s, want\n%s", got, want)
	}
}

func TestFlatExampleSigned(t *testing.T) {
	signed := string(example(t, "flat.json").Signed(testKey(0x42)))
	for _, want := range []string{
		`"supplier":"hushwatt-supplier1y9f035vm0ywjg3fjgts47t4tdjmul7nmdf0dxqyhjc8qdxypmvfqfy6nxu"`,
		`"signature":"AZ8AA2weiaqSQkyZIqSyb45HFroC7W3LSJd711dx5h9OIrUPJ8eiIiPKr54bYhlI8qX1dpH7litOA2AK8AAeBA"`,
	} {
		if !strings.Contains(signed, want) {
			t.Errorf("signed form %s does not contain %s", signed, want)
		}
	}
}

func TestDocumentRefuses(t *testing.T) {
	period := "electricityContract.tariffPeriod[0]"
	for _, c := range []struct {
		name  string
		edits []string
		want  []string
	}{
		{"unknown key", []string{`"planId"`, `"planID":"x","planId"`}, []string{"planID: unknown key"}},
		{"unknown key deep", []string{`{"unitPrice":"0.20"}`, `{"unitPrice":"0.20","volume":"5"}`}, []string{period + ".singleRate.rates[0].volume: unknown key"}},
		{"unknown key in rounding", []string{`"digits":2`, `"digits":2,"each":1`}, []string{"x-hushwatt.rounding.each: unknown key"}},
		{"missing key", []string{`"planId":"p",`, ``}, []string{"planId: is missing"}},
		{"empty name", []string{`"displayName":"Plain"`, `"displayName":" "`}, []string{"displayName: is empty"}},
		{"control character in a name", []string{`"planId":"p"`, `"planId":"p\u001b[2J"`}, []string{"planId", "control character"}},
		{"wrong kind", []string{`"planId":"p"`, `"planId":7`}, []string{"planId: is a number, must be a string"}},
		{"null", []string{`"effectiveTo":"2050-01-01"`, `"effectiveTo":null`}, []string{"effectiveTo: is null, must be a string"}},
		{"money as a number", []string{`"unitPrice":"0.20"`, `"unitPrice":20`}, []string{"unitPrice: is a number, must be a string"}},
		{"ten decimals", []string{`"0.20"`, `"0.2000000000"`}, []string{"unitPrice", "10 decimals, at most 9"}},
		{"price too large", []string{`"0.20"`, `"17592.186044416"`}, []string{"unitPrice", "out of range"}},
		{"price too negative", []string{`"0.20"`, `"-17592.186044416"`}, []string{"unitPrice", "out of range"}},
		{"charge too large", []string{`"0.25"`, `"17593"`}, []string{"dailySupplyCharge", "out of range"}},
		{"price huge", []string{`"0.20"`, `"99999999999999999999"`}, []string{"unitPrice", "out of range"}},
		{"price with exponent", []string{`"0.20"`, `"2e-1"`}, []string{"unitPrice", "not a decimal number"}},
		{"price with plus", []string{`"0.20"`, `"+0.20"`}, []string{"unitPrice", "not a decimal number"}},
		{"price with comma", []string{`"0.20"`, `"0,20"`}, []string{"unitPrice", "not a decimal number"}},
		{"price without a whole part", []string{`"0.20"`, `".20"`}, []string{"unitPrice", "not a decimal number"}},
		{"price with a bare point", []string{`"0.20"`, `"1."`}, []string{"unitPrice", "not a decimal number"}},
		{"price with needless zero", []string{`"0.20"`, `"00.20"`}, []string{"unitPrice", "needless zero"}},
		{"empty price", []string{`"0.20"`, `""`}, []string{"unitPrice", "not a decimal number"}},
		{"two prices", []string{`[{"unitPrice":"0.20"}]`, `[{"unitPrice":"0.20"},{"unitPrice":"0.30"}]`}, []string{"rates: has 2 prices"}},
		{"no price", []string{`[{"unitPrice":"0.20"}]`, `[]`}, []string{"rates: is empty"}},
		{"rate kind", []string{`"rateBlockUType":"singleRate"`, `"rateBlockUType":"demandCharges"`}, []string{"rateBlockUType", "demandCharges"}},
		{"rate kind without its key", []string{`"rateBlockUType":"singleRate"`, `"rateBlockUType":"dynamicRates"`}, []string{"singleRate: stands beside"}},
		{"pricing model", []string{`"SINGLE_RATE"`, `"QUOTA"`}, []string{"pricingModel", "QUOTA"}},
		{"time zone", []string{`"LOCAL"`, `"UTC"`}, []string{"timeZone", "LOCAL, AEST"}},
		{"unknown clock", []string{`Europe/London`, `Europe/Londinium`}, []string{"x-hushwatt.clock", "Europe/Londinium"}},
		{"no clock", []string{`Europe/London`, ``}, []string{"x-hushwatt.clock"}},
		{"clock by path", []string{`Europe/London`, `../Europe/London`}, []string{"x-hushwatt.clock"}},
		{"currency", []string{`"GBP"`, `"£"`}, []string{"x-hushwatt.currency"}},
		{"tax rate as per cent", []string{`"rate":"0.05"`, `"rate":"5"`}, []string{"x-hushwatt.taxes[0].rate", "out of range"}},
		{"negative tax", []string{`"rate":"0.05"`, `"rate":"-0.05"`}, []string{"x-hushwatt.taxes[0].rate", "out of range"}},
		{"tax twice", []string{`[{"name":"VAT","rate":"0.05"}]`, `[{"name":"VAT","rate":"0.05"},{"name":"VAT","rate":"0.01"}]`}, []string{"taxes[1].name", "twice"}},
		{"tax in or out unsaid", []string{`"pricesIncludeTax":false,`, ``}, []string{"pricesIncludeTax: is missing"}},
		{"tax in or out as text", []string{`"pricesIncludeTax":false,`, `"pricesIncludeTax":"false",`}, []string{"pricesIncludeTax: is a string"}},
		{"no rounding", []string{`,
"rounding":{"stage":"bill","digits":2,"mode":"half-up"}`, ``}, []string{"x-hushwatt.rounding: is missing"}},
		{"no stage", []string{`"stage":"bill",`, ``}, []string{"rounding.stage: is missing"}},
		{"no digits", []string{`"digits":2,`, ``}, []string{"rounding.digits: is missing"}},
		{"no mode", []string{`,"mode":"half-up"`, ``}, []string{"rounding.mode: is missing"}},
		{"stage", []string{`"stage":"bill"`, `"stage":"total"`}, []string{"rounding.stage", "bill, net, line, interval"}},
		{"mode", []string{`"half-up"`, `"half-down"`}, []string{"rounding.mode", "half-down"}},
		{"digits", []string{`"digits":2`, `"digits":10`}, []string{"rounding.digits", "0 to 9"}},
		{"negative digits", []string{`"digits":2`, `"digits":-1`}, []string{"rounding.digits", "0 to 9"}},
		{"digits as text", []string{`"digits":2`, `"digits":"2"`}, []string{"rounding.digits: is a string"}},
		{"missing policy", []string{`"currency"`, `"missingPolicy":"zero","currency"`}, []string{"missingPolicy", "bill, refuse"}},
		{"estimated policy", []string{`"currency"`, `"estimatedPolicy":"exclude","currency"`}, []string{"estimatedPolicy", "bill, refuse"}},
		{"date", []string{`"2000-01-01"`, `"2000-1-1"`}, []string{"effectiveFrom", "not a date"}},
		{"29 February", []string{`"2000-01-01"`, `"2001-02-29"`}, []string{"effectiveFrom", "not a date"}},
		{"before 1970", []string{`"2000-01-01"`, `"1969-12-31"`}, []string{"effectiveFrom", "not a date"}},
		{"ends before it begins", []string{`"2050-01-01"`, `"2000-01-01"`}, []string{"effectiveTo", "not after effectiveFrom"}},
		{"year with a gap", []string{`"endDate":"12-31"`, `"endDate":"12-30"`}, []string{"tariffPeriod", "no entry holds on 12-31"}},
		{"30 February", []string{`"endDate":"12-31"`, `"endDate":"02-30"`}, []string{"endDate", "not a day MM-DD"}},
		{"holiday without countAs", []string{`"currency"`, `"holidays":{"dates":["2013-01-01"]},"currency"`}, []string{"holidays.countAs: is missing"}},
		{"holiday twice", []string{`"currency"`, `"holidays":{"dates":["2013-01-01","2013-01-01"],"countAs":"SUN"},"currency"`}, []string{"holidays.dates[1]", "twice"}},
		{"holiday counts as holiday", []string{`"currency"`, `"holidays":{"dates":["2013-01-01"],"countAs":"PUBLIC_HOLIDAYS"},"currency"`}, []string{"holidays.countAs"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(plain(t, c.edits...)))
			hasError(t, err, c.want...)
		})
	}
	for _, text := range []string{"[]", "7", `"x"`, "{}", `{"tariff":{}}`} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

func TestWindowsRefuse(t *testing.T) {
	for _, c := range []struct {
		name   string
		blocks []string
		want   []string
	}{
		{"gap in a day", []string{"Day 0.3 ALL 06:00 17:00", "Night 0.1 ALL 18:00 06:00"}, []string{"no price on MON from 17:00 to 18:00"}},
		{"gap at the end of a day", []string{"Day 0.3 ALL 00:00 23:30"}, []string{"no price on MON from 23:30 to 24:00"}},
		{"gap on one day", []string{"Week 0.3 MON,TUE,WED,THU,FRI 00:00 24:00", "Weekend 0.1 SUN 00:00 24:00"}, []string{"no price on SAT from 00:00 to 24:00"}},
		{"overlap", []string{"Day 0.3 ALL 06:00 18:00", "Night 0.1 ALL 17:30 06:00"}, []string{"two prices on MON from 17:30 to 18:00"}},
		{"same window twice", []string{"Day 0.3 ALL 00:00 24:00", "Also 0.3 WED 00:00 24:00"}, []string{"two prices on WED from 00:00 to 24:00"}},
		{"overlap past midnight", []string{"Week 0.3 MON,TUE,WED,THU,FRI,SAT 00:00 24:00", "Sunday 0.1 SUN 00:00 23:00", "Late 0.2 SUN 23:00 01:00"}, []string{"two prices on MON from 00:00 to 01:00"}},
		{"gap past midnight", []string{"Day 0.3 ALL 07:00 23:00", "Night 0.1 MON,TUE,WED,THU,FRI,SAT 23:00 07:00", "Late 0.1 SUN 23:00 24:00"}, []string{"no price on MON from 00:00 to 07:00"}},
		{"empty window", []string{"Day 0.3 ALL 00:00 00:00"}, []string{"timeOfUse[0].endTime", "equals startTime"}},
		{"start at 24:00", []string{"Day 0.3 ALL 24:00 00:00"}, []string{"timeOfUse[0].startTime", "24:00"}},
		{"time", []string{"Day 0.3 ALL 00:00 24:30"}, []string{"timeOfUse[0].endTime", "24:30"}},
		{"inclusive end", []string{"Day 0.3 ALL 00:00 23:59"}, []string{"no price on MON from 23:59 to 24:00"}},
		{"unknown day", []string{"Day 0.3 MON,PUBLIC_HOLIDAYS 00:00 24:00"}, []string{"days[1]", "PUBLIC_HOLIDAYS"}},
		{"day twice", []string{"Day 0.3 MON,MON 00:00 24:00"}, []string{"days[1]", "twice"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(plain(t, plainRate, timeOfUse(c.blocks...))))
			hasError(t, err, c.want...)
		})
	}
}

func TestHolidayEdgesRefuse(t *testing.T) {
	// The night before a Sunday ends at 00:00, that before any other day at 06:00:
	// a Wednesday that counts as Sunday would have two prices until 06:00.
	blocks := timeOfUse("Day 0.3 MON,TUE,WED,THU,FRI,SAT 06:00 24:00",
		"Night 0.1 TUE,WED,THU,FRI,SAT 00:00 06:00 MON 00:00 06:00 SUN 00:00 24:00")
	holidays := []string{`"currency"`, `"holidays":{"dates":["2013-05-01"],"countAs":"SUN"},"currency"`}
	if _, err := Parse([]byte(plain(t, append(holidays, plainRate, blocks)...))); err != nil {
		t.Errorf("windows that all end at midnight: %v", err)
	}
	wrapped := timeOfUse("Day 0.3 MON,TUE,WED,THU,FRI,SAT 06:00 22:00",
		"Night 0.1 MON,TUE,WED,THU,FRI 22:00 06:00 SAT 22:00 24:00 SUN 22:00 06:00", "Sunday 0.2 SUN 00:00 22:00")
	_, err := Parse([]byte(plain(t, append(holidays, plainRate, wrapped)...)))
	hasError(t, err, "x-hushwatt.holidays", "two prices on 2013-05-01 from 00:00 to 06:00")
}

func TestSeasonsTileTheYear(t *testing.T) {
	seasons := func(a, b string) string {
		return plain(t, `{"displayName":"All year","startDate":"01-01","endDate":"12-31"`,
			`{"displayName":"Summer",`+a+`,"rateBlockUType":"singleRate","singleRate":{"displayName":"S","rates":[{"unitPrice":"0.1"}]}},
			{"displayName":"Winter",`+b)
	}
	if _, err := Parse([]byte(seasons(`"startDate":"04-01","endDate":"09-30"`, `"startDate":"10-01","endDate":"03-31"`))); err != nil {
		t.Errorf("seasons over the new year: %v", err)
	}
	_, err := Parse([]byte(seasons(`"startDate":"04-01","endDate":"09-30"`, `"startDate":"09-30","endDate":"03-31"`)))
	hasError(t, err, `"Summer" and "Winter" both hold on 09-30`)
	_, err = Parse([]byte(seasons(`"startDate":"03-01","endDate":"09-30"`, `"startDate":"10-01","endDate":"02-28"`)))
	hasError(t, err, "no entry holds on 02-29")
	_, err = Parse([]byte(seasons(`"startDate":"10-01","endDate":"09-30"`, `"startDate":"01-01","endDate":"12-31"`)))
	hasError(t, err, "both hold on 01-01")
}

func TestDynamicRowsRefuse(t *testing.T) {
	for _, c := range []struct {
		name string
		rows []string
		want string
	}{
		{"overlap", []string{"2013-01-01T00:00:00Z 2013-01-02T00:00:00Z 0.1", "2013-01-01T23:30:00Z 2013-01-03T00:00:00Z 0.2"}, "two prices are valid from 2013-01-01T23:30:00Z"},
		{"backwards", []string{"2013-01-02T00:00:00Z 2013-01-01T00:00:00Z 0.1"}, "valid_to: is not after valid_from"},
		{"no zone", []string{"2013-01-02T00:00:00 2013-01-03T00:00:00Z 0.1"}, "valid_from"},
		{"fraction of a second", []string{"2013-01-02T00:00:00.0Z 2013-01-03T00:00:00Z 0.1"}, "valid_from"},
		{"24:00", []string{"2013-01-02T00:00:00Z 2013-01-02T24:00:00Z 0.1"}, "valid_to"},
		{"month 13", []string{"2013-13-02T00:00:00Z 2013-01-03T00:00:00Z 0.1"}, "valid_from"},
	} {
		_, err := Parse([]byte(plain(t, plainRate, dynamic(c.rows...))))
		t.Run(c.name, func(t *testing.T) { hasError(t, err, c.want) })
	}
	// Offsets are read, rows may come newest first.
	text := plain(t, plainRate, dynamic("2013-01-02T01:00:00+01:00 2013-01-02T19:00:00-05:00 0.2", "2013-01-01T00:00:00Z 2013-01-02T00:00:00Z 0.1"))
	p := compile(t, mustParse(t, text), "2013-01-01", "2013-01-03", 24)
	for s, price := range p.price {
		if want := int64(1+s/24) * 1e8; price != want {
			t.Errorf("slot %d: price %d, want %d", s, price, want)
		}
	}
}

func testKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func TestSignedForm(t *testing.T) {
	key := testKey(1)
	bare := mustParse(t, plain(t))
	signed := bare.Signed(key)
	read, err := Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read.Supplier(), key.Public().(ed25519.PublicKey)) {
		t.Errorf("supplier is %x, want the signer's key", read.Supplier())
	}
	if read.ID() != bare.ID() {
		t.Errorf("signing changes the id from %s to %s", bare.ID(), read.ID())
	}
	// The signature is over the canonical form, so the layout does not matter.
	laidOut := strings.ReplaceAll(string(signed), `,"`, ",\n  \"")
	if _, err := Parse([]byte(laidOut)); err != nil {
		t.Errorf("signed document in another layout: %v", err)
	}
	refuse := func(name, old, new, want string) {
		t.Helper()
		text := strings.Replace(string(signed), old, new, 1)
		if text == string(signed) {
			t.Fatalf("%s: nothing to replace", name)
		}
		_, err := Parse([]byte(text))
		t.Run(name, func(t *testing.T) { hasError(t, err, want) })
	}
	supplierText := func(key []byte) string { return wire.EncodeText("hushwatt-supplier", key) }
	supplier, signature := supplierText(read.supplier), base64.RawURLEncoding.EncodeToString(read.signature)
	refuse("price changed", `"0.20"`, `"0.21"`, "does not match")
	refuse("spelling of a price changed", `"0.20"`, `"0.2"`, "does not match")
	refuse("other supplier", supplier, supplierText(testKey(2).Public().(ed25519.PublicKey)), "does not match")
	refuse("signature cut", signature, signature[:80], "signature")
	refuse("signature padded", signature, signature+"==", "signature")
	refuse("supplier mistyped", supplier, supplier[:len(supplier)-1]+"b", "supplier")
	refuse("supplier of 31 bytes", supplier, supplierText(read.supplier[:31]), "supplier")
	refuse("extra key", `{"signature"`, `{"note":"x","signature"`, "note: unknown key")
	refuse("small order key", supplier, supplierText(make([]byte, 32)), "not a safe Ed25519 key")
	refuse("not canonical key", supplier, supplierText(bytes.Repeat([]byte{0xff}, 32)), "not a safe Ed25519 key")
	refuse("supplier missing", `"supplier":"`+supplier+`",`, "", "supplier: is missing")
	// Base64 with unused bits set is another spelling of the same bytes.
	refuse("second spelling", signature, signature[:85]+string(signature[85]+1), "signature")
}

func TestWeakKeys(t *testing.T) {
	for _, text := range smallOrder {
		key, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, sign := range []byte{0, 0x80} {
			key[31] = key[31]&0x7f | sign
			if !weakKey(key) {
				t.Errorf("%x is taken for a safe key", key)
			}
		}
	}
	for seed := range byte(20) {
		if key := testKey(seed).Public().(ed25519.PublicKey); weakKey(key) {
			t.Errorf("key of seed %d is refused", seed)
		}
	}
}

// readShared returns a file of the shared data.
func readShared(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(testdata.Shared(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
