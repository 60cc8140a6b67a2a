package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"hushwatt/prover"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// portalPage is how many rows a page of a list has.
const portalPage = 100

// row is an item as the portal's tables show it.
type row struct{ store.Item }

// Period is the days of the bill, Short the same for narrow columns.
func (r row) Period() string { return span(r.First, r.Last, "January") }
func (r row) Short() string  { return span(r.First, r.Last, "Jan") }

// Money is what was billed, "" if nothing was.
func (r row) Money() string {
	if r.Answer == nil {
		return ""
	}
	return amount(r.Answer.Total, r.Answer.Currency)
}

// billQuery is the filter of the list of bills, as it stands in the address.
type billQuery struct {
	State  store.State
	Meter  string
	Search string
	Before uint64
}

// maxQuery bounds what a filter looks for.
const maxQuery = 64

func billQueryOf(r *http.Request) (q billQuery, err error) {
	v := r.URL.Query()
	q = billQuery{State: store.State(v.Get("state")), Meter: v.Get("meter"), Search: v.Get("q")}
	if q.State != "" && !slices.Contains(store.States, q.State) {
		return q, problem(http.StatusBadRequest, "bills have no such state")
	}
	if len(q.Meter) > maxQuery || len(q.Search) > maxQuery {
		return q, problem(http.StatusBadRequest, "a search has at most %d bytes", maxQuery)
	}
	if text := v.Get("before"); text != "" {
		if q.Before, err = strconv.ParseUint(text, 10, 63); err != nil {
			return q, problem(http.StatusBadRequest, "that page does not exist")
		}
	}
	return q, nil
}

// address is where the list with this filter stands.
func (q billQuery) address(path string) string {
	v := url.Values{}
	for name, value := range map[string]string{"state": string(q.State), "meter": q.Meter, "q": q.Search} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Before != 0 {
		v.Set("before", strconv.FormatUint(q.Before, 10))
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func (p *portal) filterOf(q billQuery) store.Filter {
	return store.Filter{State: q.State, Meter: q.Meter, Search: q.Search, Before: q.Before, Now: p.Now().Unix()}
}

// tab is one state with its count.
type tab struct {
	Name    string
	State   store.State
	Count   int
	Address string
	Current bool
}

type billsPage struct {
	Query     billQuery
	Filtered  bool
	Tabs      []tab
	Rows      []row
	CSV, Next string
	Newest    string     // address of the first page, if this is another
	Meter     *meterLine // if the list is of one meter
	Empty     bool       // nothing was ever asked
}

func (p *portal) bills(w http.ResponseWriter, r *http.Request) error {
	q, err := billQueryOf(r)
	if err != nil {
		return err
	}
	f := p.filterOf(q)
	f.Limit = portalPage + 1
	list, err := p.Store.Items(r.Context(), f)
	if err != nil {
		return err
	}
	body := billsPage{Query: q, Filtered: q.Meter != "" || q.Search != ""}
	if body.Tabs, err = p.tabs(r.Context(), q); err != nil {
		return err
	}
	body.Empty = body.Tabs[0].Count == 0 && q == (billQuery{})
	if len(list) > portalPage {
		list = list[:portalPage]
		next := q
		next.Before = list[portalPage-1].Serial
		body.Next = next.address("/portal/")
	}
	for _, it := range list {
		body.Rows = append(body.Rows, row{it})
	}
	all := q
	all.Before = 0
	body.CSV = all.address("/portal/bills.csv")
	if q.Before != 0 {
		body.Newest = all.address("/portal/")
	}
	if q.Meter != "" {
		if body.Meter, err = p.meterLine(r.Context(), q.Meter); err != nil {
			return err
		}
	}
	pg := page{Title: "Bills", Section: "bills", Body: body}
	if q.Meter != "" {
		pg.Title = "Bills of meter " + q.Meter
	}
	return p.show(w, r, http.StatusOK, "bills", pg)
}

func (p *portal) tabs(ctx context.Context, q billQuery) ([]tab, error) {
	counts, err := p.Store.Counts(ctx, p.filterOf(q))
	if err != nil {
		return nil, err
	}
	tabs := []tab{{Name: "All"}}
	for _, state := range store.States {
		tabs[0].Count += counts[state]
		tabs = append(tabs, tab{Name: stateWords[state], State: state, Count: counts[state]})
	}
	for i := range tabs {
		to := q
		to.State, to.Before = tabs[i].State, 0
		tabs[i].Address, tabs[i].Current = to.address("/portal/"), q.State == tabs[i].State
	}
	return tabs, nil
}

func (p *portal) billsCSV(w http.ResponseWriter, r *http.Request) error {
	q, err := billQueryOf(r)
	if err != nil {
		return err
	}
	list, err := p.Store.Items(r.Context(), p.filterOf(q))
	if err != nil {
		return err
	}
	return writeCSV(w, "bills.csv", csvOf(list))
}

// checked is one check of a bill: passed, failed, or not come to.
type checked struct {
	Name   string
	Result string // "passed", "failed", "not reached"
}

// checksInOrder are the checks in the order in which they are made
// (docs/protocol.md, section 5.4).
var checksInOrder = []struct {
	reason prover.Reason
	name   string
}{
	{prover.ReasonMalformed, "The bytes are a bill, written in the one right way"},
	{prover.ReasonRequest, "It answers a request of ours that was open"},
	{prover.ReasonCertificate, "The meter’s certificate counts: authority, meter and dates"},
	{prover.ReasonChain, "The meter’s records fit together, and with those before"},
	{prover.ReasonCoverage, "They cover the whole period, no day twice"},
	{prover.ReasonStatus, "Missing and estimated slots are as the tariff allows"},
	{prover.ReasonTariff, "The prices are those of the published tariff"},
	{prover.ReasonProof, "The amount follows from the sealed readings: the proof holds"},
}

// checks says what was checked of a bill; reason is that of its refusal, "" if
// it was accepted.
func checks(reason prover.Reason) []checked {
	list := make([]checked, len(checksInOrder))
	result := "passed"
	for i, c := range checksInOrder {
		if c.reason == reason {
			list[i], result = checked{c.name, "failed"}, "not reached"
			continue
		}
		list[i] = checked{c.name, result}
	}
	return list
}

type refusedBill struct {
	store.Refusal
	Sentence string
	Checks   []checked
}

type receiptLine struct {
	Hash  string
	Size  int
	Valid bool // it is ours, and it is of the stored bill
	Why   string
}

type billPage struct {
	row
	Checks   []checked
	Hash     string // of the stored bytes
	Receipt  *receiptLine
	Refused  []refusedBill
	Link     string
	Tariffs  []tariffName
	Addenda  int  // that the request names
	Open     bool // may still be answered, or taken back
	Askagain string
}

type tariffName struct{ ID, Name string }

func (p *portal) bill(w http.ResponseWriter, r *http.Request) error {
	it, err := p.item(r)
	if err != nil {
		return err
	}
	return p.showBill(w, r, http.StatusOK, it, nil)
}

// item reads the request that an address names.
func (p *portal) item(r *http.Request) (*store.Item, error) {
	serial, err := strconv.ParseUint(r.PathValue("serial"), 10, 63)
	if err != nil {
		return nil, store.ErrNotFound
	}
	return p.Store.Item(r.Context(), serial, p.Now().Unix())
}

func (p *portal) showBill(w http.ResponseWriter, r *http.Request, status int, it *store.Item, trouble *Problem) error {
	body := billPage{row: row{*it}}
	body.Open = it.Answer == nil && it.Withdrawn == 0 && it.NotAfter >= p.Now().Unix()
	for _, f := range it.Refusals {
		body.Refused = append(body.Refused, refusedBill{f, reasonSentence[f.Reason], checks(f.Reason)})
	}
	if it.Answer != nil {
		body.Checks = checks("")
		if err := p.readStored(r.Context(), &body); err != nil {
			return err
		}
	}
	if err := p.readRequest(r.Context(), &body); err != nil {
		return err
	}
	pg := page{Title: fmt.Sprintf("Bill %d", it.Serial), Section: "bills", Body: body, Trouble: trouble}
	if r.URL.Query().Get("done") == "withdrawn" && it.State == store.Withdrawn {
		pg.Done = "The request is withdrawn. An answer to it will be refused."
	}
	return p.show(w, r, status, "bill", pg)
}

// readStored looks at the stored bytes themselves, not at what was noted of them.
func (p *portal) readStored(ctx context.Context, body *billPage) error {
	bill, receipt, err := p.Store.BillBytes(ctx, body.Serial)
	if err != nil {
		return err
	}
	of, from := sha256.Sum256(bill), sha256.Sum256(receipt)
	body.Hash = hex.EncodeToString(of[:])
	body.Receipt = &receiptLine{Hash: hex.EncodeToString(from[:]), Size: len(receipt)}
	sent, err := prover.ParseBill(bill)
	if err == nil {
		_, err = prover.CheckReceipt(receipt, sent, p.Key.Public())
	}
	if err != nil {
		body.Receipt.Why = err.Error()
	}
	body.Receipt.Valid = err == nil
	return nil
}

// readRequest adds what the request asks for.
func (p *portal) readRequest(ctx context.Context, body *billPage) error {
	data, err := p.Store.RequestBytes(ctx, body.Request)
	if err != nil {
		return err
	}
	asked, err := prover.ParseRequest(data)
	if err != nil {
		return err
	}
	if body.Open {
		body.Link = p.Desk().Link(data)
	}
	again := url.Values{"meters": {joined(body.Meters)}, "first": {body.First}, "last": {dayBefore(body.Last)}}
	for _, id := range asked.Terms.Tariffs {
		name := tariffName{ID: hex.EncodeToString(id[:])}
		d, err := p.register.document(ctx, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil && d.addendum != nil {
			body.Addenda++
			continue
		}
		if err == nil {
			name.Name = d.tariff.DisplayName
		}
		body.Tariffs = append(body.Tariffs, name)
		again.Add("tariff", name.ID)
	}
	switch body.State {
	case store.Accepted:
		again.Set("replaces", strconv.FormatUint(body.Serial, 10))
		body.Askagain = "/portal/requests/new?" + again.Encode()
	case store.Expired, store.Withdrawn:
		body.Askagain = "/portal/requests/new?" + again.Encode()
	case store.RefusedState:
		if !body.Open {
			body.Askagain = "/portal/requests/new?" + again.Encode()
		}
	}
	return nil
}

func dayBefore(date string) string {
	d, err := tariffs.ParseDate(date)
	if err != nil {
		return ""
	}
	return (d - 1).String()
}

func (p *portal) withdraw(w http.ResponseWriter, r *http.Request) error {
	it, err := p.item(r)
	if err != nil {
		return err
	}
	if err := p.Store.Withdraw(r.Context(), it.Serial, p.Now().Unix()); err != nil {
		t := p.trouble(r, err)
		if it, err = p.item(r); err != nil {
			return err
		}
		return p.showBill(w, r, t.Status, it, t)
	}
	http.Redirect(w, r, fmt.Sprintf("/portal/bills/%d?done=withdrawn", it.Serial), http.StatusSeeOther)
	return nil
}

func (p *portal) refusedFile(w http.ResponseWriter, r *http.Request) error {
	data, err := p.Store.RefusedBytes(r.Context(), r.PathValue("reference"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", BillType)
	w.Header().Set("Content-Disposition", `attachment; filename="refused.cbor"`)
	w.Write(data)
	return nil
}
