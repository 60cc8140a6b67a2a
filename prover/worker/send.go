package worker

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"hushwatt/prover"
	"hushwatt/prover/messages"
)

// send sends a bill. Its bytes, and what they release, are stored before the
// first of them leaves; from then on only the stored bytes are ever sent, so
// that it counts once however often it is tried.
func (d *Desk) send(j *job, m *messages.Send) (any, error) {
	e, err := d.stored(m.Bill)
	if err != nil {
		return nil, err
	}
	if e == nil {
		b, err := d.heldDraft(m.Bill)
		if err != nil {
			return nil, err
		}
		if b.told.Problem != nil {
			return nil, b.told.Problem
		}
		if e, err = d.keepBill(j, b, messages.EntryWaiting); err != nil {
			return nil, err
		}
	}
	// If we crash here, the bill waits and is sent at the next start.
	e, err = d.deliver(j, e.ID)
	if err != nil {
		return nil, err
	}
	return &messages.Sent{Sentence: fmt.Sprintf("%s accepted your bill of %s.", e.Supplier.Name, e.Total.Text), Entry: *e}, nil
}

// stored returns the entry of a request that was answered already, so that a
// button pressed twice sends one bill.
func (d *Desk) stored(request string) (*messages.Entry, error) {
	entries, err := d.entries()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.Request == request && request != "" && (e.State == messages.EntryWaiting && e.Whole || e.State == messages.EntryAccepted) {
			return &e, nil
		}
	}
	return nil, nil
}

// save makes a bill's file, to be handed over in another way. It is released
// with that, as if it were sent.
func (d *Desk) save(j *job, m *messages.Save) (any, error) {
	b, err := d.heldDraft(m.Bill)
	if err != nil {
		return nil, err
	}
	if !b.told.CanSave {
		return nil, b.told.Problem
	}
	e, err := d.keepBill(j, b, messages.EntrySaved)
	if err != nil {
		return nil, err
	}
	if _, err := d.changed(); err != nil {
		return nil, err
	}
	return &messages.Sent{Sentence: "The bill is ready to be saved as a file.", Entry: *d.word(e), Name: billFileName(e), File: slices.Clone(b.bytes)}, nil
}

// keepBill proves a bill if need be and stores it, with what it releases, in one
// step. Everything that another page may have changed is looked at again.
func (d *Desk) keepBill(j *job, b *draft, state string) (*messages.Entry, error) {
	if err := d.makeProof(j, b); err != nil {
		return nil, err
	}
	if err := j.phase("storing", "Storing the bill on this device"); err != nil {
		return nil, err
	}
	released, err := releases(b.plan)
	if err != nil {
		return nil, err
	}
	e := b.newEntry(state, d.host.Now().Unix())
	err = d.host.Vault.Exclusive(func() error {
		if err := d.obstacle(j, b); err != nil && (state != messages.EntrySaved || !onlySavable(err)) {
			return err
		}
		put := map[string][]byte{
			entryName(e):       pack(&entryRecord{Summary: packJSON(e), Request: b.made.Request.Bytes(), Released: released, Bill: packJSON(b.told)}),
			bytesPrefix + e.ID: b.bytes,
		}
		if b.request != nil {
			a, _, err := d.heldAsk(b.id)
			if err != nil {
				return err
			}
			a.Declined = false
			put[askPrefix+b.id] = pack(a)
		}
		return d.host.Vault.Write(put, nil)
	})
	if err != nil {
		return nil, err
	}
	delete(d.drafts, b.id)
	return e, nil
}

func onlySavable(err error) bool {
	var e *messages.Error
	return errors.As(err, &e) && (e.Code == messages.NothingAsked || e.Code == messages.NoWayToSend)
}

func (b *draft) newEntry(state string, now int64) *messages.Entry {
	t := b.told
	return &messages.Entry{
		ID: hex.EncodeToString(b.made.Submission.ID[:]), State: state, Title: "Bill for " + t.Period,
		Supplier: t.Supplier, Request: t.Request, Meters: t.Meters, First: t.First, Last: t.Last, Period: t.Period,
		Total: &t.Total, Made: now, Size: len(b.bytes), Whole: true,
	}
}

// deliver sends the stored bytes of a waiting bill and takes the answer in.
func (d *Desk) deliver(j *job, id string) (*messages.Entry, error) {
	_, r, e, err := d.record(id)
	if err != nil {
		return nil, err
	}
	if e.State != messages.EntryWaiting || !e.Whole {
		return d.word(e), nil
	}
	data, err := d.host.Vault.Get(bytesPrefix + id)
	if errors.Is(err, ErrNoRecord) {
		err = fmt.Errorf("%w: bill of the history", errRecord)
	}
	if err != nil {
		return nil, err
	}
	request, err := prover.ParseRequest(r.Request)
	if err != nil {
		return nil, errors.Join(errRecord, err)
	}
	url := d.address(request, e.Supplier)
	if url == "" {
		return nil, d.stillWaiting(id, fail(messages.NoWayToSend, "This page cannot reach "+e.Supplier.Name+".", ""))
	}
	j.report(messages.Progress{Phase: "sending", Sentence: "Sending the bill to " + e.Supplier.Name, Done: j.done, Of: j.done + 1})
	answer, err := d.post(j.ctx, url, prover.MediaType, data)
	if err != nil {
		f := fail(messages.SupplierOffline, e.Supplier.Name+" cannot be reached now.", "")
		if j.ctx.Err() != nil {
			f = fail(messages.Stopped, "Stopped. Your bill is stored and waits to be sent.", next[messages.SupplierOffline])
		}
		return nil, d.stillWaiting(id, withDetail(f, err))
	}
	return d.answer(id, e.Supplier.Name, answer)
}

// stillWaiting counts a try and passes its error on, with the entry's name.
func (d *Desk) stillWaiting(id string, e *messages.Error) error {
	e.Entry = id
	err := d.update(id, func(m *messages.Entry) map[string][]byte {
		m.Attempts++
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := d.changed(); err != nil {
		return err
	}
	return e
}

// update changes the summary of a waiting entry, and puts other records with it.
func (d *Desk) update(id string, change func(*messages.Entry) map[string][]byte) error {
	return d.host.Vault.Exclusive(func() error {
		name, r, e, err := d.record(id)
		if err != nil {
			return err
		}
		put := change(e)
		if put == nil {
			put = map[string][]byte{}
		}
		put[name] = pack(r.with(e))
		return d.host.Vault.Write(put, nil)
	})
}

// problemBody is what matters of an RFC 9457 answer.
type problemBody struct {
	Reason    string `json:"reason"`
	RequestID string `json:"request_id"`
}

var reasonWords = map[prover.Reason]string{
	prover.ReasonMalformed:   "it could not read the bill.",
	prover.ReasonRequest:     "its request is no longer open, was answered before, or was withdrawn.",
	prover.ReasonCertificate: "it does not know your meter, or not any more.",
	prover.ReasonChain:       "your meter’s seals do not follow on from those that it has seen.",
	prover.ReasonCoverage:    "a half-hour of the period is not in the bill, or is in it twice.",
	prover.ReasonStatus:      "half-hours are missing or estimated that its tariff needs.",
	prover.ReasonTariff:      "its tariff is not the one that the bill was worked out with.",
	prover.ReasonProof:       "the proof did not convince it.",
}

// answer takes in what came back for a bill. Only a receipt or a refusal in the
// supplier's own form ends the waiting; anything else may come from between.
func (d *Desk) answer(id, supplier string, r *Response) (*messages.Entry, error) {
	if r.Status == 200 || r.Status == 201 {
		e, err := d.settle(id, r.Body)
		var f *messages.Error
		if errors.As(err, &f) && f.Code == messages.ReceiptWrong {
			return nil, d.stillWaiting(id, f)
		}
		if err == nil {
			_, err = d.changed()
		}
		return e, err
	}
	var p problemBody
	if r.Status >= 400 && r.Status < 500 && r.Type == "application/problem+json" && json.Unmarshal(r.Body, &p) == nil {
		if words, known := reasonWords[prover.Reason(p.Reason)]; known {
			return nil, d.refused(id, words, p.RequestID)
		}
	}
	f := fail(messages.SupplierOffline, supplier+" cannot take your bill just now.", "")
	f.Detail = fmt.Sprintf("status %d", r.Status)
	f.Reference = cleanName(p.RequestID)
	return nil, d.stillWaiting(id, f)
}

// refused records a refusal; its error is what the customer is told.
func (d *Desk) refused(id, words, reference string) error {
	f := fail(messages.BillRefused, "", "")
	err := d.update(id, func(e *messages.Entry) map[string][]byte {
		f.Entry, f.Reference = id, cleanName(reference)
		f.Sentence = fmt.Sprintf("%s did not accept the bill: %s", e.Supplier.Name, words)
		if e.State == messages.EntryWaiting {
			e.State, e.Reason, e.Reference, e.Done = messages.EntryRefused, words, f.Reference, d.host.Now().Unix()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := d.changed(); err != nil {
		return err
	}
	return f
}

// settle checks a receipt against the stored bytes and only then says done.
func (d *Desk) settle(id string, receipt []byte) (*messages.Entry, error) {
	wrong := func(err error) error {
		f := withDetail(fail(messages.ReceiptWrong, "The answer is not a receipt for this bill.", ""), err)
		f.Entry = id
		return f
	}
	data, err := d.host.Vault.Get(bytesPrefix + id)
	if errors.Is(err, ErrNoRecord) {
		return nil, fail(messages.NotFound, "This receipt is for a bill that is not in the history of this device.", "")
	}
	if err != nil {
		return nil, err
	}
	bill, err := prover.ParseBill(data)
	if err != nil {
		return nil, errors.Join(errRecord, err)
	}
	r, err := prover.CheckReceipt(receipt, bill, bill.Request.Supplier)
	if err != nil {
		return nil, wrong(err)
	}
	var told *messages.Entry
	err = d.update(id, func(e *messages.Entry) map[string][]byte {
		e.State, e.Done, e.Number = messages.EntryAccepted, r.Time, fmt.Sprint(r.Serial)
		e.Reason, e.Reference = "", ""
		e.Attempts++
		told = e
		return map[string][]byte{receiptPrefix + id: receipt}
	})
	if err != nil {
		return nil, err
	}
	return d.word(told), nil
}

// retry sends everything that waits, oldest first.
func (d *Desk) retry(j *job, _ *nothing) (any, error) {
	entries, err := d.entries()
	if err != nil {
		return nil, err
	}
	slices.Reverse(entries)
	answer := &messages.Retried{Sent: []messages.Entry{}, Waiting: []messages.Entry{}}
	for _, e := range entries {
		if e.State != messages.EntryWaiting || !e.Whole {
			continue
		}
		_, err := d.deliver(j, e.ID)
		var f *messages.Error
		if err != nil && !errors.As(err, &f) {
			return nil, err
		}
		if f != nil {
			answer.Error = f
		}
		_, _, now, err := d.record(e.ID)
		if err != nil {
			return nil, err
		}
		if now.State == messages.EntryWaiting {
			answer.Waiting = append(answer.Waiting, *d.word(now))
		} else {
			answer.Sent = append(answer.Sent, *d.word(now))
		}
	}
	return answer, nil
}
