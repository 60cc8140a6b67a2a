package main

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
	"hushwatt/meter/household"
	"hushwatt/meter/source"
	"hushwatt/prover"
	"hushwatt/tariffs"
)

func TestQuoteBillVerify(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	for name, rounding := range map[string]string{
		"bill": `"stage": "bill"`, "net": `"stage": "net"`, "line": `"stage": "line"`,
	} {
		d.tariff("tariff.json", `"stage": "line"`, rounding)
		total := d.same(quoteMonth, billMonth, verifyMonth)

		quote := d.do(quoteMonth)
		d.fields(quote, "currency total lines slots missing estimated")
		d.adds(quote)
		bill := d.do(billMonth)
		d.fields(bill, "currency total bytes open_ms prove_ms")
		if got := json.Number(bill["bytes"].(json.Number)); got.String() != itoa(len(d.read("my.bill"))) {
			t.Errorf("%s: bytes is %v", name, got)
		}
		verified := d.do(verifyMonth)
		d.fields(verified, "verdict total currency meter start end missing estimated tariff request")
		tariff, err := tariffs.Parse(d.read("tariff.json"))
		if err != nil {
			t.Fatal(err)
		}
		d.equal(verified, map[string]any{"total": total, "currency": "GBP", "meter": "home-1", "start": "2026-03-01", "end": "2026-04-01",
			"missing": quote["missing"], "estimated": quote["estimated"], "tariff": tariff.ID(), "request": nil})
	}
}

func itoa(n int) string { return big.NewInt(int64(n)).String() }

// adds checks that the lines of a quote add up to its total.
func (d desk) adds(quote map[string]any) {
	d.Helper()
	sum := new(big.Rat)
	for _, l := range quote["lines"].([]any) {
		l := l.(map[string]any)
		d.fields(l, "kind name wh amount")
		v, ok := new(big.Rat).SetString(l["amount"].(string))
		if !ok {
			d.Fatalf("amount of %v", l)
		}
		sum.Add(sum, v)
	}
	if sum.FloatString(2) != quote["total"] {
		d.Errorf("lines add up to %s, total %v", sum.FloatString(6), quote["total"])
	}
}

func TestBillsOfOneShapeHaveOneLength(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.tariff("tariff.json")
	lengths := map[int]bool{}
	for _, o := range []household.Options{{Seed: 1}, {Seed: 2, HeatPump: true}, {Seed: 3, Car: true, Gaps: true}} {
		name := "home" + itoa(int(o.Seed))
		d.readings(name+".csv", o)
		d.do("meter seal --meter-point home-"+itoa(int(o.Seed))+" --meter-dir "+name+" --out "+name+".hushwatt --from "+name+".csv --recipient", d.key(name+".key"))
		d.do("bill --tariff tariff.json --export " + name + ".hushwatt --key " + name + ".key --out " + name + ".bill" + month)
		lengths[len(d.read(name+".bill"))] = true
	}
	if len(lengths) != 1 {
		t.Errorf("lengths %v", lengths)
	}
}

func TestTwoHomes(t *testing.T) {
	t.Parallel()
	a, b := sealedMonth(t), newDesk(t)
	b.readings("readings.csv", household.Options{Seed: 8})
	b.tariff("tariff.json")
	b.do("meter seal --from readings.csv --meter-dir meter --meter-point home-2 --out my.hushwatt --recipient", b.key("my.key"))
	first := a.same(quoteMonth, billMonth, verifyMonth)
	second := b.same(quoteMonth, billMonth, verifyMonth)
	if first == second {
		t.Errorf("two homes, one bill: %s", first)
	}
	a.refused(1, "another key", "bill --tariff tariff.json --out x.bill --key my.key --export "+b.path("my.hushwatt")+month)
	a.verdict("certificate", "verify --bill my.bill --tariff tariff.json --authority "+b.path("meter/authority.pub"))
	a.do("verify --bill my.bill --tariff tariff.json --authority " + b.path("meter/authority.pub") + " --authority meter/authority.pub")
}

func TestRequest(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	d.do("tariff sign --tariff tariff.json --supplier-dir supplier --out signed.json")
	if d.mode("supplier/supplier.key") != 0o600 {
		t.Errorf("supplier's key has mode %o", d.mode("supplier/supplier.key"))
	}
	const request = "request --tariff signed.json --meter home-1 --supplier-dir supplier --out "
	asked := d.do(request + "march.request" + month)
	other := d.do(request + "other.request" + month)
	if asked["request"] == other["request"] {
		t.Error("two requests have one hash")
	}
	const bill = "bill --export my.hushwatt --key my.key --tariff signed.json --out my.bill "
	const verify = "verify --bill my.bill --tariff signed.json --authority meter/authority.pub "
	d.same("tariff quote --readings readings.csv --tariff signed.json"+month, bill+"--request march.request", verify+"--request march.request")
	if got := d.do(verify); got["request"] != asked["request"] {
		t.Errorf("request is %v, want %v", got["request"], asked["request"])
	}
	d.verdict("request", verify+"--request other.request")
	d.do(bill + month)
	d.verdict("request", verify+"--request march.request")

	d.do(request + "fine.request --slot 15" + month)
	d.refused(1, "slots", bill+"--request fine.request")
	d.do("request --tariff signed.json --meter home-9 --supplier-dir supplier --out stranger.request" + month)
	d.refused(1, "", bill+"--request stranger.request")
	d.do("request --tariff signed.json --meter home-1 --supplier-dir rival --out rival.request" + month)
	d.refused(1, "another supplier", bill+"--request rival.request")
	d.tariff("cheap.json", `"0.3125"`, `"0.1531"`)
	d.do("request --tariff cheap.json --meter home-1 --supplier-dir supplier --out cheap.request" + month)
	d.refused(1, "", bill+"--request cheap.request")
	tampered := d.read("march.request")
	tampered[len(tampered)-1] ^= 1
	d.write("tampered.request", tampered)
	d.refused(1, "tampered.request: ", bill+"--request tampered.request")
}

func TestSignedTariff(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	doc := d.do("tariff sign --tariff tariff.json --supplier-dir supplier --out signed.json")
	d.fields(doc, "id supplier")
	if got := d.do("tariff check signed.json"); got["signed"] != true || got["id"] != doc["id"] {
		t.Errorf("check says %v", got)
	}
	if o := d.try("tariff", "check", "tariff.json"); o.code != 0 || !strings.Contains(o.stderr, "not signed") {
		t.Errorf("exit %d, stderr %q", o.code, o.stderr)
	}
	d.write("forged.json", bytes.Replace(d.read("signed.json"), []byte("0.3125"), []byte("0.3126"), 1))
	d.refused(1, "signature", "tariff check forged.json")
	d.refused(1, "signature", "bill --export my.hushwatt --key my.key --tariff forged.json --out my.bill"+month)
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	d, total := billed(t)
	d.tariff("cheap.json", `"0.3125"`, `"0.1531"`)
	d.verdict("tariff", "verify --bill my.bill --tariff cheap.json --authority meter/authority.pub")
	d.refused(1, "", "verify --bill my.bill --tariff my.bill --authority meter/authority.pub")
	d.refused(1, "", "verify --bill my.bill --tariff tariff.json --authority my.bill")

	good := d.read("my.bill")
	const verify = "verify --bill bad.bill --tariff tariff.json --authority meter/authority.pub"
	for name, bad := range map[string][]byte{
		"empty": {}, "truncated": good[:len(good)-1], "trailing": append(bytes.Clone(good), 0), "export": d.read("my.hushwatt"),
	} {
		d.write("bad.bill", bad)
		t.Log(name)
		d.verdict("malformed", verify)
	}
	for reason, change := range map[string]func(*prover.Submission){
		"proof":    func(s *prover.Submission) { s.Outputs[0][15] ^= 1 },
		"chain":    func(s *prover.Submission) { s.Segments[0].Seals[0] ^= 1 },
		"coverage": func(s *prover.Submission) { s.Segments = append(s.Segments, s.Segments[0]) },
	} {
		b, err := prover.ParseBill(good)
		if err != nil {
			t.Fatal(err)
		}
		change(b.Submission)
		d.write("bad.bill", b.Bytes())
		d.verdict(reason, verify)
	}
	// Every 97th byte, one bit each: nothing slips through, nothing crashes.
	for i := 0; i < len(good); i += 97 {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		d.write("bad.bill", bad)
		o := d.try(append(strings.Fields(verify), "--json")...)
		if o.code != 1 || !strings.HasPrefix(o.stdout, `{"verdict":"refused"`) {
			t.Errorf("byte %d: exit %d, %s%s", i, o.code, o.stdout, o.stderr)
		}
	}
	o := d.try(strings.Fields(verifyMonth)...)
	if o.code != 0 || !strings.HasPrefix(o.stdout, "accepted: "+total+" GBP") {
		t.Errorf("exit %d: %s", o.code, o.stdout)
	}
}

func TestTamperedExport(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	good := d.read("my.hushwatt")
	for i := 0; i < len(good); i += 211 {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		d.write("bad.hushwatt", bad)
		d.refused(1, "", "bill --export bad.hushwatt --key my.key --tariff tariff.json --out my.bill"+month)
		d.refused(1, "", "meter show --export bad.hushwatt --key my.key")
	}
	if _, err := os.Stat(d.path("my.bill")); err == nil {
		t.Error("a bill was written")
	}
}

func TestMissingSlots(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	s := d.readings("readings.csv", household.Options{Seed: 9})
	for i := 100; i < 103; i++ {
		s[0].Wh[i], s[0].Status[i] = 0, source.Missing
	}
	d.writeReadings("readings.csv", s)
	d.tariff("tariff.json")
	doc := d.do("meter seal --from readings.csv --meter-dir meter --meter-point home-1 --out my.hushwatt --recipient", d.key("my.key"))
	d.equal(doc, map[string]any{"missing": 3, "measured": 1485})
	d.same(quoteMonth, billMonth, verifyMonth)
	d.equal(d.do(verifyMonth), map[string]any{"missing": 3, "estimated": 0})
	d.tariff("tariff.json", `"rounding":`, `"missingPolicy": "refuse", "rounding":`)
	d.refused(1, "missing", quoteMonth)
	d.refused(1, "missing", billMonth)
	d.refused(1, "", "bill --export my.hushwatt --key my.key --tariff tariff.json --out my.bill --start 2026-03-05 --end 2026-04-05")
}

func TestMeterReplaced(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.readings("readings.csv", household.Options{Seed: 10})
	d.tariff("tariff.json")
	recipient := d.key("my.key")
	const seal = "meter seal --from readings.csv "
	d.do(seal+"--meter-dir old --meter-point old-1 --removed 2026-03-14T10:30:00Z --out old.hushwatt --recipient", recipient)
	d.do(seal+"--meter-dir new --meter-point new-1 --installed 2026-03-14T10:30:00Z --out new.hushwatt --recipient", recipient)
	d.do(seal+"--meter-dir late --meter-point new-1 --installed 2026-03-14T11:00:00Z --out late.hushwatt --recipient", recipient)
	const bill = "bill --key my.key --tariff tariff.json --out my.bill" + month
	d.same(quoteMonth, bill+"--export old.hushwatt --export new.hushwatt",
		"verify --bill my.bill --tariff tariff.json --authority old/authority.pub --authority new/authority.pub")
	d.equal(d.do("verify --bill my.bill --tariff tariff.json --authority old/authority.pub --authority new/authority.pub"),
		map[string]any{"meter": "new-1 old-1", "missing": 0})
	d.verdict("certificate", "verify --bill my.bill --tariff tariff.json --authority old/authority.pub")
	d.refused(1, "", bill+"--export old.hushwatt")
	d.refused(1, "", bill+"--export old.hushwatt --export late.hushwatt")
	for name, want := range map[string]string{"old": "645", "new": "843"} {
		slots := d.do("meter show --export " + name + ".hushwatt")["slots"]
		if slots.(json.Number).String() != want {
			t.Errorf("%s has %v slots, want %s", name, slots, want)
		}
	}
}

func TestTariffChangesInsideTheMonth(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	d.tariff("before.json", `"effectiveFrom": "2026-01-01"`, `"effectiveFrom": "2026-01-01", "effectiveTo": "2026-03-16"`)
	d.tariff("after.json", `"effectiveFrom": "2026-01-01"`, `"effectiveFrom": "2026-03-16"`, `"0.0716"`, `"0.0799"`)
	const two = " --tariff before.json --tariff after.json"
	d.same("tariff quote --readings readings.csv"+month+two,
		"bill --export my.hushwatt --key my.key --out my.bill"+month+two,
		"verify --bill my.bill --authority meter/authority.pub"+two)
	d.verdict("tariff", "verify --bill my.bill --authority meter/authority.pub --tariff before.json")
	d.refused(1, "", "bill --export my.hushwatt --key my.key --out my.bill --tariff before.json"+month)
}

func TestPrivacyRules(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	d.write("spy.json", spyTariff)
	const bill = "bill --export my.hushwatt --key my.key --out my.bill --tariff "
	d.refused(1, "Thu 12 Mar 2026 18:00", bill+"spy.json"+month)
	if _, err := os.Stat(d.path("my.bill")); err == nil {
		t.Error("a bill was written")
	}
	// A short bill tells much. Whoever makes one unasked is warned; a supplier
	// that asks for one gets none.
	const days = " --start 2026-03-10 --end 2026-03-12"
	if o := d.try(strings.Fields(bill + "tariff.json" + days)...); o.code != 0 || !strings.Contains(o.stderr, "keep this bill to yourself") {
		t.Errorf("two days, unasked: exit %d: %s", o.code, o.stderr)
	}
	d.do("request --tariff tariff.json --meter home-1 --supplier-dir supplier --out short.request" + days)
	d.refused(1, "privacy", "bill --export my.hushwatt --key my.key --out other.bill --tariff tariff.json --request short.request")
	o := d.try("tariff", "check", "spy.json", "--json")
	if doc := d.document(o.stdout); o.code != 1 || doc["accepted"] != false || strings.Count(o.complaint(), "\n") != 1 {
		t.Errorf("check: exit %d: %s", o.code, o.stdout)
	}
	for _, name := range []string{"tariff.json"} {
		if doc := d.do("tariff check " + name); doc["accepted"] != true || doc["signed"] != false {
			t.Errorf("%s: %v", name, doc)
		}
	}
}

func TestOutsideWhatTheExportCovers(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	d.refused(1, "", "tariff quote --readings readings.csv --tariff tariff.json --start 2026-02-20 --end 2026-03-20")
	d.refused(1, "", "bill --export my.hushwatt --key my.key --tariff tariff.json --out b --start 2026-02-20 --end 2026-03-20")
	d.refused(1, "no export holds", "bill --export my.hushwatt --key my.key --tariff tariff.json --out b --start 2027-02-20 --end 2027-03-20")
	d.refused(1, "", "bill --export my.hushwatt --key my.key --tariff tariff.json --out b --start 2026-04-01 --end 2026-03-01")
}

func TestPackedFiles(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	for _, name := range []string{"readings.csv", "tariff.json", "my.key", "my.hushwatt"} {
		d.zip(name)
	}
	total := d.same(quoteMonth, billMonth, verifyMonth)
	d.zip("my.bill")
	d.write("authority.pub", d.read("meter/authority.pub"))
	d.zip("authority.pub")
	packed := d.same("tariff quote --readings readings.csv.gz --tariff tariff.json.gz"+month,
		"bill --export my.hushwatt.gz --key my.key.gz --tariff tariff.json.gz --out my.bill"+month,
		"verify --bill my.bill.gz --tariff tariff.json.gz --authority authority.pub.gz")
	if packed != total {
		t.Errorf("packed %s, plain %s", packed, total)
	}
	d.write("cut.gz", d.read("my.bill.gz")[:100])
	d.refused(1, "cut.gz: ", "verify --bill cut.gz --tariff tariff.json --authority meter/authority.pub")
}

func TestOutputIsWholeOrAbsent(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	d.do(billMonth)
	files, err := os.ReadDir(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") {
			t.Errorf("%s was left behind", f.Name())
		}
	}
}

func TestExampleTariffsAreAcceptedAsTheyStand(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, name := range []string{"flat", "evening", "dynamic-two-days"} {
		doc := d.do("tariff check " + testdata.Shared(t, "design/tariff-examples/"+name+".json"))
		if doc["accepted"] != true || doc["provable"] != "yes" || len(doc["id"].(string)) != 64 {
			t.Errorf("%s: %v", name, doc)
		}
	}
}

// A minimum of rounded lines can be quoted, and the tariff says that it cannot be proven.
func TestNotProvable(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	d.tariff("tariff.json", `"timeZone": "LOCAL"`, `"timeZone": "LOCAL", "minimum": [{"displayName": "Least", "term": "BILL", "amount": "5"}]`)
	d.adds(d.do(quoteMonth))
	d.refused(1, "not provable", billMonth)
	if doc := d.do("tariff check tariff.json"); !strings.HasPrefix(doc["provable"].(string), "not provable") {
		t.Errorf("check says %v", doc["provable"])
	}
}
