package server

import (
	"bytes"
	"context"
	"encoding/hex"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hushwatt/server/store"
)

func (s *Server) billAPI(a huma.API) {
	post := answers(open("send-bill", http.MethodPost, apiPath+"/bills", "Send a bill and get its receipt; the same bytes get the same receipt"), ReceiptType)
	post.MaxBodyBytes = int64(s.MaxBill)
	post.Errors = append(post.Errors, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
		http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		BillType: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
	add(s, a, post, s.postBill)
	add(s, a, closed("list-bills", http.MethodGet, apiPath+"/bills", "Requests and what became of them, newest first, as JSON or CSV"), s.listBills)
	add(s, a, closed("get-bill", http.MethodGet, apiPath+"/bills/{serial}", "One request and what became of it"), s.getBill)
	add(s, a, answers(closed("get-bill-file", http.MethodGet, apiPath+"/bills/{serial}/file", "The bytes of the accepted bill"), BillType), s.getBillFile)
	add(s, a, answers(open("get-receipt", http.MethodGet, apiPath+"/receipts/{id}", "The receipt of a bill, by the bill's own id"), ReceiptType), s.getReceipt)
}

type billIn struct {
	ContentType string `header:"Content-Type"`
	RawBody     []byte
}

// postBill is the one address where customers write. The receipt is on the disk
// before it is answered.
func (s *Server) postBill(ctx context.Context, in *billIn) (*bytesOut, error) {
	if media, _, err := mime.ParseMediaType(in.ContentType); err != nil || media != BillType {
		return nil, problem(http.StatusUnsupportedMediaType, "a bill is %s", BillType).with("Accept-Post", BillType)
	}
	// The library uses the memory of a body again.
	receipt, err := s.intake.submit(ctx, bytes.Clone(in.RawBody))
	if err != nil {
		return nil, err
	}
	return &bytesOut{ReceiptType, receipt}, nil
}

type receiptIn struct {
	ID string `path:"id" doc:"16 bytes in hexadecimal, as in the bill." pattern:"^[0-9a-f]{32}$"`
}

func (s *Server) getReceipt(_ context.Context, in *receiptIn) (*bytesOut, error) {
	var id [16]byte
	if _, err := hex.Decode(id[:], []byte(in.ID)); err != nil {
		return nil, err
	}
	_, receipt, ok, err := s.Store.Receipt(id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, store.ErrNotFound
	}
	return &bytesOut{ReceiptType, receipt}, nil
}

// listIn is the filter of a list, as in the portal's addresses.
type listIn struct {
	State  string `query:"state" enum:"awaited,accepted,refused,replaced,expired,withdrawn" doc:"Only those in this state."`
	Meter  string `query:"meter" maxLength:"64" doc:"Only those of this meter."`
	Search string `query:"q" maxLength:"64" doc:"Part of a meter's number, a serial, a total, a reference or the begin of a request's hash."`
	Before uint64 `query:"before" doc:"Only serials below: the next page."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Format string `query:"format" enum:"json,csv" default:"json" doc:"CSV is of all that match, not of one page."`
	Accept string `header:"Accept"`
}

func (s *Server) filter(in *listIn) store.Filter {
	return store.Filter{State: store.State(in.State), Meter: in.Meter, Search: in.Search,
		Before: in.Before, Limit: in.Limit, Now: s.Now().Unix()}
}

type listBody struct {
	Bills  []item         `json:"bills"`
	Counts map[string]int `json:"counts" doc:"By state, of all that match but for state and page."`
	Next   uint64         `json:"next,omitempty" doc:"Give it as before to get the next page."`
}

type listOut struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        any
}

func (s *Server) listBills(ctx context.Context, in *listIn) (*listOut, error) {
	f := s.filter(in)
	if in.Format == "csv" || in.Accept == "text/csv" {
		f.Before, f.Limit = 0, 0
		list, err := s.Store.Items(ctx, f)
		if err != nil {
			return nil, err
		}
		return &listOut{"text/csv; charset=utf-8; header=present", `attachment; filename="bills.csv"`, csvOf(list)}, nil
	}
	body := listBody{Bills: []item{}, Counts: map[string]int{}}
	list, err := s.Store.Items(ctx, f)
	if err != nil {
		return nil, err
	}
	for i := range list {
		body.Bills = append(body.Bills, itemOf(&list[i]))
	}
	if len(list) == f.Limit {
		body.Next = list[len(list)-1].Serial
	}
	counts, err := s.Store.Counts(ctx, f)
	if err != nil {
		return nil, err
	}
	for _, state := range store.States {
		body.Counts[string(state)] = counts[state]
	}
	return &listOut{ContentType: "application/json", Body: body}, nil
}

type serialIn struct {
	Serial uint64 `path:"serial" doc:"Of the request."`
}

type itemOut struct{ Body item }

func (s *Server) getBill(ctx context.Context, in *serialIn) (*itemOut, error) {
	it, err := s.Store.Item(ctx, in.Serial, s.Now().Unix())
	if err != nil {
		return nil, err
	}
	return &itemOut{itemOf(it)}, nil
}

func (s *Server) getBillFile(ctx context.Context, in *serialIn) (*bytesOut, error) {
	bill, _, err := s.Store.BillBytes(ctx, in.Serial)
	if err != nil {
		return nil, err
	}
	return &bytesOut{BillType, bill}, nil
}
