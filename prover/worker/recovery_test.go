package worker

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"hushwatt/meter"
	"hushwatt/prover/messages"
)

func TestRecoveryFileBringsEverythingBack(t *testing.T) {
	w := newTown(t)
	sent := w.send(w.march(nil))
	*w.now = w.now.Add(time.Hour)
	declined := w.month("2026-04-01", "2026-05-01", nil)
	call[messages.Entry](w.device, messages.TypeDecline, &messages.Decline{Request: declined, Why: messages.NotNow})
	if w.device.state.Saved {
		t.Error("saved before there is a file")
	}
	r := call[messages.Recovery](w.device, messages.TypeRecoveryFile, &messages.MakeRecovery{})
	if len(r.Passphrase) != 24 || !w.device.state.Saved || !strings.HasSuffix(r.Name, ".recovery") || len(r.File)%16 != (recoveryHead+chacha20poly1305.Overhead)%16 {
		t.Errorf("recovery is %s %q, %d bytes, saved %v", r.Name, r.Passphrase, len(r.File), w.device.state.Saved)
	}
	if bytes.Contains(r.File, []byte("home-1")) {
		t.Error("the file can be read")
	}

	now := *w.now
	fresh := newDevice(t, w.supplier, &now)
	refused[messages.Opened](fresh, messages.NoKey, messages.TypeOpen, open(w.house.meter.Export().Bytes()))
	refused[messages.Restored](fresh, messages.WrongPassphrase, messages.TypeRestore, &messages.Restore{Passphrase: r.Passphrase + "x", File: r.File})
	got := call[messages.Restored](fresh, messages.TypeRestore, &messages.Restore{Passphrase: " " + r.Passphrase + "\n", File: r.File})
	if got.Keys != 1 || got.Entries != 2 || len(got.Opened) != 1 || got.Opened[0].Home.Meter != "home-1" {
		t.Errorf("restored %+v", got)
	}
	if fresh.state.Recipient != w.device.state.Recipient || len(fresh.state.Suppliers) != 1 {
		t.Errorf("state is %+v", fresh.state)
	}
	h := call[messages.History](fresh, messages.TypeHistory, nil)
	if len(h.Entries) != 2 || h.Entries[1].ID != sent.Entry.ID || h.Entries[1].Whole || h.Entries[1].State != messages.EntryAccepted {
		t.Errorf("history is %+v", h.Entries)
	}
	if rows, err := fresh.released(); err != nil || len(rows) != 1 {
		t.Errorf("%d rows are remembered, %v", len(rows), err)
	}
	// The same request is not answered a second time.
	full := call[messages.FullEntry](fresh, messages.TypeEntry, &messages.AskEntry{ID: sent.Entry.ID})
	a := call[messages.Ask](fresh, messages.TypeRequest, &messages.TakeRequest{Data: full.RequestData})
	if a.State != messages.AskAnswered {
		t.Errorf("ask is %s", a.State)
	}
	again := call[messages.Restored](fresh, messages.TypeRestore, &messages.Restore{Passphrase: r.Passphrase, File: r.File})
	if again.Entries != 0 {
		t.Errorf("restored twice: %+v", again)
	}
}

// What waited when the file was made may never have been sent: it can be
// answered again, and the supplier takes one of the two.
func TestRestoreOfAWaitingBill(t *testing.T) {
	w := newTown(t)
	request := w.march(nil)
	w.bill(request)
	w.supplier.offline = true
	w.waits(request)
	r := call[messages.Recovery](w.device, messages.TypeRecoveryFile, &messages.MakeRecovery{Passphrase: "twelve letters"})
	w.supplier.offline = false
	now := *w.now
	fresh := newDevice(t, w.supplier, &now)
	call[messages.Restored](fresh, messages.TypeRestore, &messages.Restore{Passphrase: "twelve letters", File: r.File})
	call[messages.Opened](fresh, messages.TypeOpen, open(w.house.meter.Export().Bytes()))
	if fresh.state.Waiting != 0 {
		t.Error("bytes that are not here wait to be sent")
	}
	e := call[messages.History](fresh, messages.TypeHistory, nil).Entries[0]
	full := call[messages.FullEntry](fresh, messages.TypeEntry, &messages.AskEntry{ID: e.ID})
	call[messages.Ask](fresh, messages.TypeRequest, &messages.TakeRequest{Data: full.RequestData})
	call[messages.Bill](fresh, messages.TypeBill, &messages.AskBill{Request: request})
	call[messages.Sent](fresh, messages.TypeSend, &messages.Send{Bill: request})
	late := call[messages.Retried](w.device, messages.TypeRetry, nil)
	if len(late.Sent) != 1 || late.Sent[0].State != messages.EntryRefused {
		t.Errorf("the first device’s bill: %+v", late)
	}
}

func TestWeakPassphrase(t *testing.T) {
	w := newTown(t)
	refused[messages.Recovery](w.device, messages.WeakPassphrase, messages.TypeRecoveryFile, &messages.MakeRecovery{Passphrase: "   short      "})
}

const cheap = leastCost

func someRecovery(t *testing.T) (*recoveryBody, []byte) {
	t.Helper()
	key, err := meter.NewKey(meter.X25519)
	if err != nil {
		t.Fatal(err)
	}
	file, err := key.File()
	if err != nil {
		t.Fatal(err)
	}
	body := &recoveryBody{Keys: [][]byte{file}, Entries: []savedEntry{}, Suppliers: []supplierRecord{}}
	sealed, err := sealRecovery(body, "passphrase", cheap, random{})
	if err != nil {
		t.Fatal(err)
	}
	return body, sealed
}

// random is not.
type random struct{}

func (random) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(i)
	}
	return len(b), nil
}

func TestRecoveryFormatIsStrict(t *testing.T) {
	body, file := someRecovery(t)
	got, err := openRecovery(file, "passphrase")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(pack(got), pack(body)) {
		t.Error("it comes back changed")
	}
	change := func(at int, to byte) []byte {
		b := bytes.Clone(file)
		b[at] ^= to
		return b
	}
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"empty":              {nil, errRecovery},
		"head only":          {file[:recoveryHead], errRecovery},
		"magic":              {change(0, 1), errRecovery},
		"cost too low":       {change(len(recoveryMagic), cheap^13), errRecovery},
		"cost too high":      {change(len(recoveryMagic), cheap^19), errRecovery},
		"other cost":         {change(len(recoveryMagic), cheap^15), errPassphrase},
		"salt":               {change(recoveryHead-1, 1), errPassphrase},
		"body":               {change(recoveryHead+50, 1), errPassphrase},
		"tag":                {change(len(file)-1, 1), errPassphrase},
		"a byte more":        {append(bytes.Clone(file), 0), errRecovery},
		"a byte less":        {file[:len(file)-1], errRecovery},
		"a whole block more": {append(bytes.Clone(file), make([]byte, padTo)...), errPassphrase},
	} {
		if _, err := openRecovery(c.file, "passphrase"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := openRecovery(file, "Passphrase"); !errors.Is(err, errPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
}

// Rightly sealed, wrongly filled: made by someone who knows the passphrase.
func TestRecoveryBodyIsStrict(t *testing.T) {
	body, _ := someRecovery(t)
	for name, change := range map[string]func(*recoveryBody){
		"no key": func(b *recoveryBody) { b.Keys[0] = []byte("key") },
		"entry": func(b *recoveryBody) {
			b.Entries = []savedEntry{{Name: "entry/x", Entry: entryRecord{Summary: []byte("{}")}}}
		},
		"name": func(b *recoveryBody) {
			b.Entries = []savedEntry{{Name: "key/0", Entry: entryRecord{Summary: []byte(`{"id":"a","made":1}`)}}}
		},
		"row": func(b *recoveryBody) {
			e := &messages.Entry{ID: "a", Made: 1}
			b.Entries = []savedEntry{{Name: entryName(e), Entry: entryRecord{Summary: packJSON(e), Released: []releasedRow{{N: 48, Days: 1, Unit: []byte{1}, Runs: []weightRun{{Slots: 1 << 31}}}}}}}
		},
		"supplier": func(b *recoveryBody) { b.Suppliers = []supplierRecord{{Key: "me"}} },
	} {
		b := &recoveryBody{Keys: [][]byte{body.Keys[0]}}
		change(b)
		file, err := sealRecovery(b, "passphrase", cheap, random{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := openRecovery(file, "passphrase"); !errors.Is(err, errRecovery) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSealRecoveryNeedsRandomness(t *testing.T) {
	if _, err := sealRecovery(&recoveryBody{}, "passphrase", cheap, bytes.NewReader(nil)); !errors.Is(err, io.EOF) {
		t.Errorf("error is %v", err)
	}
}

func TestForgetting(t *testing.T) {
	w := newTown(t)
	w.send(w.march(nil))
	s := call[messages.State](w.device, messages.TypeForgetHome, &messages.ForgetHome{Home: w.opens.Home.ID})
	if len(s.Homes) != 0 || !s.HasKey || len(call[messages.History](w.device, messages.TypeHistory, nil).Entries) != 1 {
		t.Errorf("forgot a home: %+v", s)
	}
	s = call[messages.State](w.device, messages.TypeForgetEverything, nil)
	if s.HasKey || len(s.Homes)+len(s.Asks)+len(s.Suppliers) != 0 || len(w.vault.records) != 0 {
		t.Errorf("forgot everything: %+v, %d records", s, len(w.vault.records))
	}
	if len(w.keys)+len(w.opened)+len(w.drafts) != 0 {
		t.Error("something is left in memory")
	}
}
