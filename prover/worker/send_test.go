package worker

import (
	"context"
	"errors"
	"strings"
	"testing"

	"hushwatt/prover/messages"
)

func (w *town) send(request string) *messages.Sent {
	w.device.t.Helper()
	w.bill(request)
	return call[messages.Sent](w.device, messages.TypeSend, &messages.Send{Bill: request})
}

// waits makes a bill that could not be sent, and returns its entry.
func (w *town) waits(request string) string {
	w.device.t.Helper()
	w.bill(request)
	e := refused[messages.Sent](w.device, messages.SupplierOffline, messages.TypeSend, &messages.Send{Bill: request})
	if e.Entry == "" || w.device.state.Waiting != 1 {
		w.device.t.Fatalf("error %+v, %d waiting", e, w.device.state.Waiting)
	}
	return e.Entry
}

func (w *town) accepted(entry string) *messages.FullEntry {
	w.device.t.Helper()
	full := call[messages.FullEntry](w.device, messages.TypeEntry, &messages.AskEntry{ID: entry})
	if full.Entry.State != messages.EntryAccepted || full.Receipt == nil || w.device.state.Waiting != 0 {
		w.device.t.Fatalf("entry is %+v, %d waiting", full.Entry, w.device.state.Waiting)
	}
	return full
}

func TestOfflineBillIsSentLater(t *testing.T) {
	w := newTown(t)
	request := w.march(nil)
	w.bill(request)
	w.supplier.offline = true
	entry := w.waits(request)
	r := call[messages.Retried](w.device, messages.TypeRetry, nil)
	if len(r.Waiting) != 1 || r.Error == nil || r.Error.Code != messages.SupplierOffline {
		t.Errorf("still offline: %+v", r)
	}
	w.supplier.offline = false
	r = call[messages.Retried](w.device, messages.TypeRetry, nil)
	if len(r.Sent) != 1 || r.Error != nil {
		t.Errorf("online: %+v", r)
	}
	full := w.accepted(entry)
	if full.Entry.Attempts != 3 || len(w.posted) != 1 {
		t.Errorf("%d attempts, %d posted", full.Entry.Attempts, len(w.posted))
	}
}

func TestDroppedResponseCountsOnce(t *testing.T) {
	w := newTown(t)
	w.dropping = 2
	entry := w.waits(w.march(nil))
	call[messages.Retried](w.device, messages.TypeRetry, nil) // dropped again
	call[messages.Retried](w.device, messages.TypeRetry, nil)
	full := w.accepted(entry)
	if len(w.posted) != 3 {
		t.Fatalf("posted %d times", len(w.posted))
	}
	for _, p := range w.posted {
		if string(p) != string(full.Bytes) {
			t.Error("other bytes than the stored ones were sent")
		}
	}
	if full.Entry.Number != "1" {
		t.Errorf("receipt %s: it was recorded more than once", full.Entry.Number)
	}
}

func TestCrashBetweenStoringAndSending(t *testing.T) {
	w := newTown(t)
	request := w.march(nil)
	w.bill(request)
	ctx, crash := context.WithCancel(context.Background())
	w.vault.onWrite = func(put map[string][]byte) {
		for name := range put {
			if strings.HasPrefix(name, bytesPrefix) {
				crash() // stored; the job does not get any further
			}
		}
	}
	text, _, _ := messages.Encode(&messages.Send{Bill: request})
	w.supplier.waiting = make(chan struct{})
	_, _, err := w.Call(ctx, messages.TypeSend, text, nil, nil)
	var e *messages.Error
	if !errors.As(err, &e) || e.Code != messages.Stopped || e.Entry == "" {
		t.Fatalf("error is %v", err)
	}
	w.supplier.waiting, w.vault.onWrite = nil, nil
	w.restart()
	if s := call[messages.State](w.device, messages.TypeHello, &messages.Hello{Origin: origin}); s.Waiting != 1 || s.Asks[0].State != messages.AskWaiting {
		t.Fatalf("after the crash: %+v", s)
	}
	again := refused[messages.Proof](w.device, messages.NotFound, messages.TypeProve, &messages.Prove{Bill: request})
	if again == nil {
		t.Fatal()
	}
	r := call[messages.Retried](w.device, messages.TypeRetry, nil)
	if len(r.Sent) != 1 {
		t.Fatalf("retried: %+v", r)
	}
	w.accepted(e.Entry)
}

func TestNothingIsStoredIfStoringFails(t *testing.T) {
	w := newTown(t)
	request := w.march(nil)
	w.bill(request)
	w.vault.full = true
	refused[messages.Sent](w.device, messages.StorageFull, messages.TypeSend, &messages.Send{Bill: request})
	w.vault.full = false
	if len(w.posted) != 0 {
		t.Error("it was sent without being stored")
	}
	call[messages.Sent](w.device, messages.TypeSend, &messages.Send{Bill: request})
}

func TestTwoClicksAreOneBill(t *testing.T) {
	w := newTown(t)
	request := w.march(nil)
	first := w.send(request)
	second := call[messages.Sent](w.device, messages.TypeSend, &messages.Send{Bill: request})
	if second.Entry.ID != first.Entry.ID || len(w.posted) != 1 {
		t.Errorf("entries %s and %s, %d posted", first.Entry.ID, second.Entry.ID, len(w.posted))
	}
	b := w.bill(request)
	if b.Problem == nil || b.Problem.Code != messages.AlreadyAnswered || b.Problem.Entry != first.Entry.ID || b.CanSend || b.CanSave {
		t.Errorf("bill of an answered request: %+v", b.Problem)
	}
	refused[messages.Entry](w.device, messages.AlreadyAnswered, messages.TypeDecline, &messages.Decline{Request: request, Why: messages.NotNow})
}

// While one call waits for the network others are done.
func TestWaitingForTheNetworkLetsOthersPass(t *testing.T) {
	w := newTown(t)
	request := w.march(nil)
	w.bill(request)
	w.supplier.waiting, w.supplier.arrived = make(chan struct{}), make(chan struct{})
	arrived := w.supplier.arrived
	done := make(chan error)
	go func() {
		text, _, _ := messages.Encode(&messages.Send{Bill: request})
		_, _, err := w.Call(context.Background(), messages.TypeSend, text, nil, nil)
		done <- err
	}()
	<-arrived
	call[messages.History](w.device, messages.TypeHistory, nil)
	close(w.supplier.waiting)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestRefusedBillHasAReference(t *testing.T) {
	w := newTown(t)
	// The supplier does not know this meter's authority any more.
	w.supplier.authority = newSupplier(t, w.supplier.now).authority
	request := w.march(nil)
	w.bill(request)
	e := refused[messages.Sent](w.device, messages.BillRefused, messages.TypeSend, &messages.Send{Bill: request})
	if e.Reference != "REF-7" || e.Entry == "" || !strings.Contains(e.Sentence, "does not know your meter") {
		t.Errorf("error is %+v", e)
	}
	full := call[messages.FullEntry](w.device, messages.TypeEntry, &messages.AskEntry{ID: e.Entry})
	if full.Entry.State != messages.EntryRefused || full.Entry.Reference != "REF-7" || full.Bytes == nil {
		t.Errorf("entry is %+v", full.Entry)
	}
	if w.device.state.Asks[0].State != messages.AskRefused || w.device.state.Waiting != 0 {
		t.Errorf("ask is %+v", w.device.state.Asks[0])
	}
	// What was told is remembered, and the request may be answered again.
	if rows, err := w.released(); err != nil || len(rows) != 1 {
		t.Errorf("%d rows are remembered, %v", len(rows), err)
	}
	if b := w.bill(request); b.Problem != nil {
		t.Errorf("again: %+v", b.Problem)
	}
}

func TestAnswersThatAreNoReceipts(t *testing.T) {
	for name, c := range map[string]struct {
		reply *Response
		code  messages.Code
	}{
		"a hotel’s page":           {&Response{Status: 200, Type: "text/html", Body: []byte("<h1>Welcome</h1>")}, messages.ReceiptWrong},
		"overload":                 {&Response{Status: 503}, messages.SupplierOffline},
		"too many":                 {&Response{Status: 429, Type: "application/problem+json", Body: []byte(`{"status":429}`)}, messages.SupplierOffline},
		"somebody else’s no":       {&Response{Status: 403, Type: "text/html"}, messages.SupplierOffline},
		"a reason without meaning": {&Response{Status: 422, Type: "application/problem+json", Body: []byte(`{"reason":"mood"}`)}, messages.SupplierOffline},
		"a reason in a web page":   {&Response{Status: 422, Type: "text/html", Body: []byte(`{"reason":"proof"}`)}, messages.SupplierOffline},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			request := w.march(nil)
			w.bill(request)
			w.supplier.reply = c.reply
			e := refused[messages.Sent](w.device, c.code, messages.TypeSend, &messages.Send{Bill: request})
			if w.device.state.Waiting != 1 {
				t.Error("it does not wait any more")
			}
			w.supplier.reply = nil
			call[messages.Retried](w.device, messages.TypeRetry, nil)
			w.accepted(e.Entry)
		})
	}
}

// A receipt of another bill, truly signed, is no receipt of this one.
func TestReceiptOfAnotherBill(t *testing.T) {
	w := newTown(t)
	first := w.send(w.march(nil))
	receipt := call[messages.FullEntry](w.device, messages.TypeEntry, &messages.AskEntry{ID: first.Entry.ID}).Receipt
	request := w.month("2026-04-01", "2026-05-01", nil)
	w.bill(request)
	w.supplier.reply = &Response{Status: 200, Body: receipt}
	refused[messages.Sent](w.device, messages.ReceiptWrong, messages.TypeSend, &messages.Send{Bill: request})
}

func TestSavedBillAndItsReceiptAsFiles(t *testing.T) {
	w := newTown(t)
	request := w.march(nil)
	w.bill(request)
	saved := call[messages.Sent](w.device, messages.TypeSave, &messages.Save{Bill: request})
	if saved.Name != "bill-2026-03-01-to-2026-03-31.bill" || saved.Entry.State != messages.EntrySaved || len(w.posted) != 0 {
		t.Errorf("saved is %+v, %d posted", saved, len(w.posted))
	}
	r, err := w.supplier.Post(context.Background(), origin+"/api/v1/bills", "application/vnd.hushwatt.bill+cbor", saved.File)
	if err != nil || r.Status != 200 {
		t.Fatalf("the supplier refuses the file: %v, %s", err, r.Body)
	}
	o := call[messages.Opened](w.device, messages.TypeOpen, &messages.Open{Name: "r", Data: r.Body})
	if o.Kind != messages.KindReceipt || o.Entry == nil || o.Entry.State != messages.EntryAccepted {
		t.Errorf("opened is %+v", o)
	}
	other := newTown(t)
	refused[messages.Opened](other.device, messages.NotFound, messages.TypeOpen, &messages.Open{Name: "r", Data: r.Body})
}

func TestCancel(t *testing.T) {
	w := newTown(t)
	request := w.march(nil)
	w.bill(request)
	ctx, stop := context.WithCancel(context.Background())
	text, _, _ := messages.Encode(&messages.Send{Bill: request})
	_, _, err := w.Call(ctx, messages.TypeSend, text, nil, func(p messages.Progress) {
		if p.Phase == "proving" {
			stop()
		}
	})
	var e *messages.Error
	if !errors.As(err, &e) || e.Code != messages.Stopped {
		t.Fatalf("error is %v", err)
	}
	if rows, _ := w.released(); len(rows) != 0 || len(w.posted) != 0 {
		t.Error("a stopped bill left something behind")
	}
	call[messages.Sent](w.device, messages.TypeSend, &messages.Send{Bill: request})
}
