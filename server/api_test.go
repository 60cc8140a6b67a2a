package server

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hushwatt/prover"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

const jsonType = "application/json"

// Every address with every kind of caller: the status, and the kind of problem.
func TestAPI(t *testing.T) {
	w := newTown(t)
	h := w.home("meter-1", 1, 60)
	r := w.ask(h, 0, 31)
	hash := r.Hash()
	request := hex.EncodeToString(hash[:])
	bill := w.answer(h, r)
	if got := w.send(bill.Bytes()); got.StatusCode != http.StatusOK {
		t.Fatalf("%s", body(t, got))
	}
	id := hex.EncodeToString(bill.Submission.ID[:])
	authority := w.authority.Authority().String()
	foreign := string(w.tariff.Signed(must(prover.NewSupplierKey()).Ed25519()))
	spike := strings.Replace(flatTariff, `"unitPrice":"0.1531"`, `"unitPrice":"50"`, 1)
	long := strings.Repeat("x", 300_000)

	for _, c := range []struct {
		method, path, media, body string
		staff                     bool
		status                    int
		kind                      string // of the problem; empty for none
	}{
		{"GET", "/healthz", "", "", false, 200, ""},
		{"HEAD", "/healthz", "", "", false, 200, ""},
		{"POST", "/healthz", "", "", false, 405, "method-not-allowed"},
		{"GET", "/api/v1/supplier", "", "", false, 200, ""},
		{"GET", "/api/v1/openapi.json", "", "", false, 200, ""},
		{"GET", "/api/v1/docs", "", "", false, 404, "not-found"},
		{"GET", "/docs", "", "", false, 404, "not-found"},
		{"GET", "/schemas/Problem.json", "", "", false, 404, "not-found"},
		{"GET", "/api/v2/supplier", "", "", false, 404, "not-found"},
		{"DELETE", "/api/v1/tariffs", "", "", true, 405, "method-not-allowed"},

		{"GET", "/api/v1/tariffs", "", "", false, 200, ""},
		{"GET", "/api/v1/tariffs/" + w.tariff.ID(), "", "", false, 200, ""},
		{"GET", "/api/v1/tariffs/" + strings.Repeat("0", 64), "", "", false, 404, "not-found"},
		{"GET", "/api/v1/tariffs/flat", "", "", false, 422, "invalid"},
		{"POST", "/api/v1/tariffs", jsonType, flatTariff, false, 401, "unauthorized"},
		{"POST", "/api/v1/tariffs", jsonType, flatTariff, true, 201, ""},
		{"POST", "/api/v1/tariffs", jsonType, "{}", true, 422, "invalid"},
		{"POST", "/api/v1/tariffs", jsonType, "not JSON", true, 400, "invalid"},
		{"POST", "/api/v1/tariffs", jsonType, foreign, true, 422, "invalid"},
		{"POST", "/api/v1/tariffs", jsonType, spike, true, 422, "tariff-refused"},
		{"POST", "/api/v1/tariffs", jsonType, strings.Repeat(" ", maxForm+1), true, 413, "request-entity-too-large"},

		{"GET", "/api/v1/authorities", "", "", false, 401, "unauthorized"},
		{"GET", "/api/v1/authorities", "", "", true, 200, ""},
		{"POST", "/api/v1/authorities", jsonType, `{"authority":"` + authority + `","name":"Test"}`, false, 401, "unauthorized"},
		{"POST", "/api/v1/authorities", jsonType, `{"authority":"` + authority + `","name":"Test"}`, true, 204, ""},
		{"POST", "/api/v1/authorities", jsonType, `{"authority":"hushwatt-authority1x","name":"Test"}`, true, 422, "invalid"},
		{"POST", "/api/v1/authorities", jsonType, `{"authority":"` + authority + `","name":"Test","revoked":"soon"}`, true, 422, "invalid"},

		{"GET", "/api/v1/meters", "", "", false, 401, "unauthorized"},
		{"GET", "/api/v1/meters?q=meter", "", "", true, 200, ""},
		{"GET", "/api/v1/meters?limit=0", "", "", true, 422, "invalid"},
		{"POST", "/api/v1/meters", jsonType, `{"meter":"m2","authority":"` + authority + `","slots":48}`, false, 401, "unauthorized"},
		{"POST", "/api/v1/meters", jsonType, `{"meter":"m2","authority":"` + authority + `","slots":48,"from":"2013-01-01","until":"2013-12-31","revoked":"2013-06-01"}`, true, 204, ""},
		{"POST", "/api/v1/meters", jsonType, `{"meter":"m 2","authority":"` + authority + `","slots":48}`, true, 422, "invalid"},
		{"POST", "/api/v1/meters", jsonType, `{"meter":"m2","authority":"` + authority + `","slots":47}`, true, 422, "invalid"},
		{"POST", "/api/v1/meters", jsonType, `{"meter":"m2","authority":"` + must(newAuthority()).Authority().String() + `","slots":48}`, true, 409, "conflict"},
		{"POST", "/api/v1/meters", jsonType, `{"meter":"m2","authority":"` + authority + `","slots":48,"colour":"red"}`, true, 422, "invalid"},
		{"POST", "/api/v1/meters", jsonType, `{"meter":`, true, 400, "invalid"},
		{"POST", "/api/v1/meters", "text/plain", `meter-2`, true, 415, "unsupported-media-type"},

		{"GET", "/api/v1/requests", "", "", false, 401, "unauthorized"},
		{"GET", "/api/v1/requests", "", "", true, 200, ""},
		{"GET", "/api/v1/requests/" + request, "", "", false, 200, ""},
		{"GET", "/api/v1/requests/" + strings.Repeat("0", 64), "", "", false, 404, "not-found"},
		{"GET", "/api/v1/requests/1", "", "", false, 404, "not-found"},
		{"GET", "/api/v1/requests/1", "", "", true, 200, ""},
		{"GET", "/api/v1/requests/99", "", "", true, 404, "not-found"},
		{"GET", "/api/v1/requests/one", "", "", true, 404, "not-found"},
		{"POST", "/api/v1/requests", jsonType, question(w, "meter-1", "2013-02-01", "2013-03-01", ""), false, 401, "unauthorized"},
		{"POST", "/api/v1/requests", jsonType, question(w, "meter-1", "2013-02-01", "2013-03-01", ""), true, 201, ""},
		{"POST", "/api/v1/requests", jsonType, question(w, "meter-1", "2013-02-01", "2013-03-01", ""), true, 409, "conflict"},
		{"POST", "/api/v1/requests", jsonType, question(w, "meter-1", "2013-01-01", "2013-02-01", ""), true, 409, "conflict"},
		{"POST", "/api/v1/requests", jsonType, question(w, "meter-1", "2013-01-01", "2013-02-01", `,"replaces":1`), true, 201, ""},
		{"POST", "/api/v1/requests", jsonType, question(w, "meter-9", "2013-01-01", "2013-02-01", ""), true, 422, "invalid"},
		{"POST", "/api/v1/requests", jsonType, question(w, "meter-1", "2013-01-01", "2011-02-01", ""), true, 422, "invalid"},
		{"POST", "/api/v1/requests", jsonType, question(w, "meter-1", "1 January", "2013-02-01", ""), true, 422, "invalid"},
		{"POST", "/api/v1/requests", jsonType, `{"meters":["meter-1"],"tariffs":["` + strings.Repeat("0", 64) + `"],"start":"2013-04-01","end":"2013-05-01"}`, true, 422, "invalid"},
		{"POST", "/api/v1/requests/1/withdrawal", "", "", false, 401, "unauthorized"},
		{"POST", "/api/v1/requests/1/withdrawal", "", "", true, 409, "conflict"},
		{"POST", "/api/v1/requests/2/withdrawal", "", "", true, 204, ""},
		{"POST", "/api/v1/requests/2/withdrawal", "", "", true, 204, ""}, // again: nothing changes
		{"POST", "/api/v1/requests/99/withdrawal", "", "", true, 404, "not-found"},

		{"POST", "/api/v1/bills", BillType, string(bill.Bytes()), false, 200, ""},
		{"POST", "/api/v1/bills", BillType + "; v=1", string(bill.Bytes()), false, 200, ""},
		{"POST", "/api/v1/bills", BillType, "x", false, 400, "bill-refused"},
		{"POST", "/api/v1/bills", BillType, "", false, 400, "invalid"},
		{"POST", "/api/v1/bills", BillType, long, false, 413, "request-entity-too-large"},
		{"POST", "/api/v1/bills", jsonType, "{}", false, 415, "unsupported-media-type"},
		{"POST", "/api/v1/bills", "", "x", false, 415, "unsupported-media-type"},
		{"PUT", "/api/v1/bills", BillType, "x", false, 405, "method-not-allowed"},
		{"GET", "/api/v1/bills", "", "", false, 401, "unauthorized"},
		{"GET", "/api/v1/bills?state=accepted&meter=meter-1&q=meter", "", "", true, 200, ""},
		{"GET", "/api/v1/bills?state=paid", "", "", true, 422, "invalid"},
		{"GET", "/api/v1/bills?format=csv", "", "", true, 200, ""},
		{"GET", "/api/v1/bills/1", "", "", false, 401, "unauthorized"},
		{"GET", "/api/v1/bills/1", "", "", true, 200, ""},
		{"GET", "/api/v1/bills/99", "", "", true, 404, "not-found"},
		{"GET", "/api/v1/bills/x", "", "", true, 422, "invalid"},
		{"GET", "/api/v1/bills/1/file", "", "", false, 401, "unauthorized"},
		{"GET", "/api/v1/bills/1/file", "", "", true, 200, ""},
		{"GET", "/api/v1/bills/2/file", "", "", true, 404, "not-found"},
		{"GET", "/api/v1/receipts/" + id, "", "", false, 200, ""},
		{"GET", "/api/v1/receipts/" + strings.Repeat("0", 32), "", "", false, 404, "not-found"},
		{"GET", "/api/v1/receipts/1", "", "", false, 422, "invalid"},
	} {
		name := fmt.Sprintf("%s %s as staff %v: %.60s", c.method, c.path, c.staff, c.body)
		got := w.call(call{method: c.method, path: c.path, media: c.media, body: []byte(c.body), staff: c.staff, address: "192.0.2.1:1"})
		if got.StatusCode != c.status {
			t.Errorf("%s: %d %s, want %d", name, got.StatusCode, body(t, got), c.status)
			continue
		}
		if c.kind != "" {
			if p := problemIn(t, got); p.Type != problemPrefix+c.kind {
				t.Errorf("%s: problem %s, want %s", name, p.Type, c.kind)
			}
		}
		for _, header := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Strict-Transport-Security", "X-Request-Id"} {
			if got.Header.Get(header) == "" {
				t.Errorf("%s: no %s", name, header)
			}
		}
		if c.status == 401 && got.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: no WWW-Authenticate", name)
		}
		w.wait(1e10) // wrong tokens are limited
	}
	for _, secret := range []string{"meter-1", "meter-9", request, id, testToken} {
		if strings.Contains(w.logs.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func question(w *town, meter, start, end, more string) string {
	return fmt.Sprintf(`{"meters":[%q],"tariffs":[%q],"start":%q,"end":%q%s}`, meter, w.tariff.ID(), start, end, more)
}

func TestAnswersSayWhatIsStored(t *testing.T) {
	w := newTown(t)
	h := w.home("meter-1", 1, 60)
	r := w.ask(h, 0, 31)
	hash := r.Hash()
	got := w.call(call{path: "/api/v1/requests/" + hex.EncodeToString(hash[:])})
	if data := body(t, got); got.Header.Get("Content-Type") != RequestType || !bytes.Equal(data, r.Bytes()) {
		t.Errorf("request: %s %x", got.Header.Get("Content-Type"), data)
	}
	document := body(t, w.call(call{path: "/api/v1/tariffs/" + w.tariff.ID()}))
	served, err := tariffs.Parse(document)
	if err != nil {
		t.Fatal(err)
	}
	public := w.key.Public()
	if served.Hash() != w.tariff.Hash() || !bytes.Equal(served.Supplier(), public[:]) {
		t.Error("the tariff that is served is not the one published, signed")
	}
	var supplier struct{ Supplier, Name, Suite string }
	decode(t, w.call(call{path: "/api/v1/supplier"}), &supplier)
	if supplier.Supplier != public.String() || supplier.Name != "Test Energy" || supplier.Suite != prover.Suite {
		t.Errorf("%+v", supplier)
	}
	bill := w.answer(h, r)
	w.send(bill.Bytes())
	if data := body(t, w.call(call{path: "/api/v1/bills/1/file", staff: true})); !bytes.Equal(data, bill.Bytes()) {
		t.Error("the bill's file is not what was sent")
	}
	var list listBody
	decode(t, w.call(call{path: "/api/v1/bills?limit=1", staff: true}), &list)
	if len(list.Bills) != 1 || list.Counts["accepted"] != 1 || list.Counts["awaited"] != 0 || list.Bills[0].Bill.Bytes != len(bill.Bytes()) {
		t.Errorf("%+v", list)
	}
}

func decode(t *testing.T, r *http.Response, v any) {
	t.Helper()
	if err := json.Unmarshal(body(t, r), v); err != nil {
		t.Fatal(err)
	}
}

// A spreadsheet must not take a cell for a formula.
func TestCSV(t *testing.T) {
	list := []store.Item{
		{Serial: 1, State: store.Accepted, Meters: []string{"=cmd|x", "b"}, First: "2013-01-01", Last: "2013-02-01",
			Answer: &store.Answer{Receipt: 7, Total: "-0.52", Currency: "GBP"}},
		{Serial: 2, State: store.RefusedState, Meters: []string{"+1"}, Refusals: []store.Refusal{{Reference: "@ref", Reason: "proof"}}},
		{Serial: 3, State: store.Awaited, Meters: []string{"say \"hi\", you"}},
	}
	rows, err := csv.NewReader(bytes.NewReader(csvOf(list))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []map[string]string{
		{"request": "1", "state": "accepted", "meters": "'=cmd|x b", "total": "'-0.52", "receipt": "7"},
		{"meters": "'+1", "reason": "proof", "reference": "'@ref", "total": ""},
		{"meters": "say \"hi\", you"},
	} {
		for k, column := range rows[0] {
			if value, ok := want[column]; ok && rows[i+1][k] != value {
				t.Errorf("row %d, %s: %q, want %q", i+1, column, rows[i+1][k], value)
			}
		}
	}
	for _, s := range []string{"=1", "+1", "-1", "@a", "\t=1"} {
		if plainCell(s) != "'"+s {
			t.Errorf("%q stays", s)
		}
	}
}

// The description names every address that answers, and every login.
func TestOpenAPI(t *testing.T) {
	w := newTown(t)
	var doc struct {
		Paths map[string]map[string]struct {
			Security  []map[string][]string
			Responses map[string]any
		}
	}
	decode(t, w.call(call{path: "/api/v1/openapi.json"}), &doc)
	count := 0
	for path, operations := range doc.Paths {
		for method, op := range operations {
			count++
			got := w.call(call{method: strings.ToUpper(method), path: strings.NewReplacer("{", "", "}", "").Replace(path)})
			if got.StatusCode == http.StatusMethodNotAllowed {
				t.Errorf("%s %s is described and does not answer", method, path)
			}
			if closed := got.StatusCode == http.StatusUnauthorized; closed != (len(op.Security) > 0) {
				t.Errorf("%s %s: login needed %v, described %v", method, path, closed, len(op.Security) > 0)
			}
			if path != "/healthz" && op.Responses["429"] == nil {
				t.Errorf("%s %s: no limit described", method, path)
			}
			w.wait(1e10)
		}
	}
	if count != 18 {
		t.Errorf("%d operations are described", count)
	}
	for _, path := range []string{"/api/v1/bills", "/api/v1/receipts/{id}", "/api/v1/requests/{request}", "/api/v1/tariffs/{id}", "/api/v1/meters", "/api/v1/authorities", "/healthz"} {
		if doc.Paths[path] == nil {
			t.Errorf("%s is not described", path)
		}
	}
}

// What goes wrong inside is told to nobody, and logged.
func TestStoreFails(t *testing.T) {
	w := newTown(t)
	h := w.home("meter-1", 1, 40)
	bill := w.answer(h, w.ask(h, 0, 31)).Bytes()
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []call{
		{path: "/healthz"}, {path: "/api/v1/tariffs"}, {path: "/api/v1/bills", staff: true},
		{method: "POST", path: "/api/v1/bills", body: bill, media: BillType},
	} {
		got := w.call(c)
		if p := problemIn(t, got); p.Status != http.StatusServiceUnavailable || strings.Contains(p.Detail, "sql") || p.Reason != "" || got.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %+v", c.path, p)
		}
	}
	if n := strings.Count(w.logs.String(), `"level":"ERROR"`); n != 4 {
		t.Errorf("%d errors are logged:\n%s", n, w.logs)
	}
	w.store = must(store.Open(w.path)) // for the town's end
	if err := w.store.Ping(context.Background()); err != nil {
		t.Error(err)
	}
}
