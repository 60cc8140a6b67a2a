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

// entryName orders entries by time.
func entryName(e *messages.Entry) string { return fmt.Sprintf("%s%016x-%s", entryPrefix, e.Made, e.ID) }

// entries lists the history, newest first, with its words.
func (d *Desk) entries() ([]messages.Entry, error) {
	list := []messages.Entry{}
	err := d.each(entryPrefix, func(_ string, data []byte) error {
		var r entryRecord
		if err := unpack(data, &r); err != nil {
			return err
		}
		e, err := r.summary()
		if err != nil {
			return err
		}
		list = append(list, *d.word(e))
		return nil
	})
	slices.Reverse(list)
	return list, err
}

// word adds the sentences that depend on the clock.
func (d *Desk) word(e *messages.Entry) *messages.Entry {
	clock, err := d.homeClock()
	if err != nil {
		clock = "Europe/London"
	}
	loc := clockOf(clock)
	e.MadeWords = momentWords(e.Made, loc)
	switch e.State {
	case messages.EntryAccepted:
		e.Sentence = fmt.Sprintf("Accepted by %s on %s.", e.Supplier.Name, momentWords(e.Done, loc))
	case messages.EntryRefused:
		e.Sentence = fmt.Sprintf("Refused by %s: %s", e.Supplier.Name, e.Reason)
	case messages.EntryWaiting:
		e.Sentence = fmt.Sprintf("Stored on this device since %s, to be sent to %s.", e.MadeWords, e.Supplier.Name)
		if !e.Whole {
			e.Sentence = "It was waiting to be sent when the recovery file was made. If it was never sent, you can answer the request again."
		}
	case messages.EntryDeclined:
		e.Sentence = "You put this request aside. Nothing was sent."
		if e.Why == messages.LooksWrong {
			e.Sentence = "You said that this looks wrong. Nothing was sent."
		}
	case messages.EntrySaved:
		e.Sentence = fmt.Sprintf("Saved as a file on %s.", e.MadeWords)
	}
	return e
}

func (d *Desk) history(*job, *nothing) (any, error) {
	list, err := d.entries()
	if err != nil {
		return nil, err
	}
	sent, waiting := 0, 0
	for _, e := range list {
		switch {
		case e.State == messages.EntryWaiting:
			waiting++
		case e.Total != nil:
			sent++
		}
	}
	h := &messages.History{Entries: list, Released: "Nothing about your readings has ever left this device."}
	if sent > 0 {
		h.Released = fmt.Sprintf("In all, %s left this device, and no reading.", counted(sent, "amount has", "amounts have"))
	}
	if waiting > 0 {
		h.Released += fmt.Sprintf(" %s for the supplier’s answer.", counted(waiting, "bill waits", "bills wait"))
	}
	return h, nil
}

// record returns an entry as it is stored.
func (d *Desk) record(id string) (name string, r *entryRecord, e *messages.Entry, err error) {
	names, err := d.host.Vault.Names(entryPrefix)
	if err != nil {
		return "", nil, nil, err
	}
	i := slices.IndexFunc(names, func(n string) bool { return len(n) > len(id) && n[len(n)-len(id):] == id && n[len(n)-len(id)-1] == '-' })
	if i < 0 || id == "" {
		return "", nil, nil, fail(messages.NotFound, "That is not in the history of this device.", "")
	}
	data, err := d.host.Vault.Get(names[i])
	if err != nil {
		return "", nil, nil, err
	}
	r = new(entryRecord)
	if err := unpack(data, r); err != nil {
		return "", nil, nil, err
	}
	e, err = r.summary()
	return names[i], r, e, err
}

// optional returns a record that need not be there.
func (d *Desk) optional(name string) ([]byte, error) {
	data, err := d.host.Vault.Get(name)
	if errors.Is(err, ErrNoRecord) {
		return nil, nil
	}
	return data, err
}

func (d *Desk) entry(_ *job, m *messages.AskEntry) (any, error) {
	_, r, e, err := d.record(m.ID)
	if err != nil {
		return nil, err
	}
	full := &messages.FullEntry{Entry: *d.word(e), RequestData: r.Request, Pieces: []messages.Piece{}}
	if len(r.Bill) > 0 {
		full.Bill = new(messages.Bill)
		if err := json.Unmarshal(r.Bill, full.Bill); err != nil {
			return nil, errors.Join(errRecord, err)
		}
	}
	if full.Bytes, err = d.optional(bytesPrefix + e.ID); err != nil {
		return nil, err
	}
	if full.Receipt, err = d.optional(receiptPrefix + e.ID); err != nil {
		return nil, err
	}
	if full.Bytes != nil {
		b, err := prover.ParseBill(full.Bytes)
		if err != nil {
			return nil, errors.Join(errRecord, err)
		}
		full.Pieces, full.Hash = piecesOf(b, len(full.Bytes)), hashText(full.Bytes)
		full.FileName = billFileName(e)
	}
	if full.Receipt != nil {
		full.ReceiptName = "receipt-" + e.Number + ".hushwatt-receipt"
	}
	return full, nil
}

func billFileName(e *messages.Entry) string { return "bill-" + e.First + "-to-" + e.Last + ".bill" }

// openReceipt takes in a receipt that came as a file, for a bill of the history.
func (d *Desk) openReceipt(data []byte) (any, error) {
	r, err := prover.ParseReceipt(data)
	if err != nil {
		return nil, err
	}
	id := hex.EncodeToString(r.ID[:])
	e, err := d.settle(id, data)
	if err != nil {
		return nil, err
	}
	if _, err := d.changed(); err != nil {
		return nil, err
	}
	return &messages.Opened{Kind: messages.KindReceipt, Sentence: e.Sentence, Entry: e}, nil
}
