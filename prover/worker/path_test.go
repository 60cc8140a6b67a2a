package worker

import (
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	"hushwatt/prover"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// The whole path of a householder, step by step.
func TestFromFileToReceipt(t *testing.T) {
	w := newTown(t)
	h := w.opens.Home
	if h == nil || h.Meter != "home-1" || h.First != "2026-02-28" || h.Last != "2026-04-30" && h.Last != "2026-05-01" || !h.Sealed || h.Slots != 63*48 || h.Demo {
		t.Fatalf("home is %+v", h)
	}
	r := w.ask("2026-03-01", "2026-04-01", w.house.slots(), w.supplier.tariffs[:1], nil)
	ask := call[messages.Ask](w.device, messages.TypeRequest, &messages.TakeRequest{Fragment: "#r=" + base64.RawURLEncoding.EncodeToString(r.Bytes())})
	if ask.State != messages.AskOpen || ask.Problem != nil || ask.Sentence != "Demo Energy asks for your bill for 1–31 March 2026." || len(ask.Homes) != 1 || !ask.Supplier.Own {
		t.Fatalf("ask is %+v, problem %v", ask, ask.Problem)
	}
	b := w.bill(ask.ID)
	if b.Problem != nil || !b.CanSend || b.SendText != "Send my March bill to Demo Energy" {
		t.Fatalf("bill is %+v, problem %v", b, b.Problem)
	}
	// 31 days; on the 29th the clocks go forward: 1,486 half-hours.
	if b.Slots != 1486 || b.Missing != 0 || b.Bits < 10 || b.Bits > 30 || !strings.Contains(b.Rounding, "nearest penny") {
		t.Errorf("slots %d, missing %d, bits %d, rounding %q", b.Slots, b.Missing, b.Bits, b.Rounding)
	}
	checkLinesAddUp(t, b)
	if w.posted != nil {
		t.Error("something was posted before the button")
	}
	p := call[messages.Proof](w.device, messages.TypeProve, &messages.Prove{Bill: b.ID})
	sum := 0
	for _, piece := range p.Pieces {
		sum += piece.Size
	}
	if p.Size != len(p.Bytes) || sum != p.Size || p.ProofSize == 0 {
		t.Errorf("size %d, bytes %d, pieces %d", p.Size, len(p.Bytes), sum)
	}
	sent := call[messages.Sent](w.device, messages.TypeSend, &messages.Send{Bill: b.ID})
	if sent.Sentence != "Demo Energy accepted your bill of "+b.Total.Text+"." || sent.Entry.State != messages.EntryAccepted || sent.Entry.Number != "1" {
		t.Errorf("sent is %+v", sent)
	}
	if len(w.posted) != 1 || string(w.posted[0]) != string(p.Bytes) {
		t.Error("what was sent is not what was shown")
	}
	if s := w.device.state; s.Waiting != 0 || len(s.Asks) != 1 || s.Asks[0].State != messages.AskAnswered {
		t.Errorf("state is %+v", s)
	}
	full := call[messages.FullEntry](w.device, messages.TypeEntry, &messages.AskEntry{ID: sent.Entry.ID})
	if string(full.Bytes) != string(p.Bytes) || full.Bill == nil || full.Bill.Total != b.Total {
		t.Error("history does not hold the bill")
	}
	bill, err := prover.ParseBill(full.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := prover.CheckReceipt(full.Receipt, bill, w.key()); err != nil {
		t.Error(err)
	}
}

func (w *town) key() prover.Supplier { return w.supplier.key.Public() }

func checkLinesAddUp(t *testing.T, b *messages.Bill) {
	t.Helper()
	sum := new(big.Int)
	for _, l := range b.Lines {
		sum.Add(sum, decimalsOf(l.Amount.Amount, 21))
		if len(l.Steps) == 0 {
			t.Errorf("line %q has no arithmetic", l.Name)
		}
	}
	if sum.Cmp(decimalsOf(b.Total.Amount, 21)) != 0 {
		t.Errorf("lines add up to %s, total is %s", tariffs.Decimal(sum, 21, 2), b.Total.Amount)
	}
}
