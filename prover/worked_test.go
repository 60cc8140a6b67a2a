package prover

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/cryptotest"

	"hushwatt/internal/testdata"
	"hushwatt/internal/wire"
	"hushwatt/meter"
)

// A worked example is kept as files: one bill, of one day of 24 slots, asked for
// and answered, and its receipt. The document shows their bytes. Keys and proofs
// are random, so the example changes only when it is asked for:
// HUSHWATT_REGENERATE=1 go test ./prover -run TestWorkedBytes
const exampleBill, exampleReceipt, exampleAuthority = "example.bill", "example.receipt", "example-authority.pub"

// example is the worked example, with what a verifier needs of its own.
type example struct {
	bill, receipt []byte
	plan          *BillPlan
	checks        Checks
	key           *SupplierKey
}

// flatPlan is a tariff of 0.20 a kWh and 0.25 a day, 5 % tax, in minor units of
// 0.01: 21 units of 1/1000 a Wh, and 26,250 a day.
func flatPlan(t Terms) *BillPlan {
	p := dynamicPlan(t, []int{meter.ImportChannel}, 0)
	f := &p.Functionals[0]
	f.Const.SetInt64(26_250)
	f.U.SetInt64(1_000)
	for _, row := range f.Weights {
		for s := range row {
			row[s] = 21
		}
	}
	return p
}

func examplePlan() *BillPlan {
	return flatPlan(terms(january, 1, MeterSlots{Meter: "demo", N: 24}))
}

func exampleKey() *SupplierKey {
	return must(SupplierKeyFromSeed(bytes.Repeat([]byte{7}, 32)))
}

// makeExample makes the files of the example.
func makeExample(t *testing.T) map[string][]byte {
	cryptotest.SetGlobalRandom(t, 70)
	h := newHouse(t, setup{meter: "demo", n: 24, days: 2, seed: 70})
	plan := examplePlan()
	s := newShop(h, plan)
	s.Key = exampleKey()
	bill := h.answer(s.ask(plan, 42, nil), plan)
	return map[string][]byte{
		exampleBill: bill.Bytes(), exampleReceipt: must(s.Submit(bill.Bytes())),
		exampleAuthority: []byte(h.authority.Authority().String() + "\n"),
	}
}

func loadExample(t testing.TB) *example {
	t.Helper()
	read := func(name string) []byte {
		return must(os.ReadFile(filepath.Join("testdata", name)))
	}
	plan := examplePlan()
	authority := must(meter.ParseAuthority(strings.TrimSpace(string(read(exampleAuthority)))))
	return &example{
		bill: read(exampleBill), receipt: read(exampleReceipt), plan: plan, key: exampleKey(),
		checks: Checks{
			Authorities: []meter.Authority{authority},
			Plan:        func(*Request) (*BillPlan, error) { return plan, nil },
		},
	}
}

func TestWorkedExampleIsAccepted(t *testing.T) {
	x := loadExample(t)
	r, err := VerifyBill(x.bill, x.checks)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := CheckReceipt(x.receipt, r.Bill, x.key.Public()); err != nil {
		t.Fatal(err)
	}
	if _, errs := VerifyBills([][]byte{x.bill, x.bill}, x.checks); errs[0] != nil || errs[1] != nil {
		t.Error(errs)
	}
}

// names of the fields of every message, as the document calls them.
var fieldNames = map[string][]string{
	"request":    {"version", "suite", "supplier", "terms", "weights hash", "serial", "not after", "return address", "replaces", "signature"},
	"terms":      {"kind", "stage", "mode", "digits", "period", "meters", "tariffs", "tz data", "status policy", "registers"},
	"submission": {"request hash", "id", "outputs", "segments", "proof"},
	"header":     {"suite", "kind", "supplier", "request hash", "segments", "period", "tariffs", "weights hash", "status policy", "outputs", "id"},
	"receipt":    {"version", "suite", "supplier", "request hash", "submission hash", "id", "outputs", "heads", "verdict", "time", "serial", "signature"},
}

// dump writes a message field by field; the array's head and the fields, one
// after another, are the message.
func dump(t *testing.T, name string, message []byte) string {
	t.Helper()
	var fields []any
	if err := wire.Unmarshal(message, &fields); err != nil {
		t.Fatal(err)
	}
	if len(fields) != len(fieldNames[name]) {
		t.Fatalf("%s has %d fields, the test knows %d", name, len(fields), len(fieldNames[name]))
	}
	whole := []byte{0x80 + byte(len(fields))}
	var b strings.Builder
	fmt.Fprintf(&b, "%-16s %x\n", name, whole)
	for i, f := range fields {
		part := must(wire.Marshal(f))
		whole = append(whole, part...)
		text := hex.EncodeToString(part)
		if len(part) > 160 {
			text = fmt.Sprintf("%x … %x (%d bytes)", part[:48], part[len(part)-16:], len(part))
		}
		fmt.Fprintf(&b, "  %-14s %s\n", fieldNames[name][i], text)
	}
	if !bytes.Equal(whole, message) {
		t.Fatalf("%s is not its fields one after another", name)
	}
	return b.String()
}

// blocks are what stands in the document, by marker.
func (x *example) blocks(t *testing.T) map[string]string {
	b := must(ParseBill(x.bill))
	p, err := x.checks.open(x.bill)
	if err != nil {
		t.Fatal(err)
	}
	requestHash, submissionHash := b.Request.Hash(), b.Submission.Hash()
	hashes := fmt.Sprintf("%-16s %x\n%-16s %x\n", "request hash", requestHash, "submission hash", submissionHash)
	return map[string]string{
		"request":    dump(t, "request", b.Request.Bytes()),
		"terms":      dump(t, "terms", must(wire.Marshal(&b.Request.Terms))),
		"header":     dump(t, "header", p.header),
		"submission": dump(t, "submission", b.Submission.Bytes()) + hashes,
		"receipt":    dump(t, "receipt", x.receipt),
	}
}

func TestWorkedBytes(t *testing.T) {
	for name, want := range makeExample(t) {
		path := filepath.Join("testdata", name)
		if testdata.Regenerate() {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the example makes (%v)", path, err)
		}
	}
	for block, want := range loadExample(t).blocks(t) {
		testdata.Shows(t, block, want)
	}
}
