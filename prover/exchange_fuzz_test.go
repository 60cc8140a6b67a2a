package prover

import (
	"bytes"
	"testing"
)

// message is one kind of message of the exchange, with a parser whose result
// gives back the bytes it was read from.
type message struct {
	seed  []byte
	parse func([]byte) (interface{ Bytes() []byte }, error)
}

// messages returns an honest one of each kind, the same in every process.
func messages(t testing.TB) map[string]message {
	x := loadExample(t)
	bill := must(ParseBill(x.bill))
	var answered Answered
	answered.Add(bill.Request)
	return map[string]message{
		"request":    {bill.Request.Bytes(), func(b []byte) (interface{ Bytes() []byte }, error) { return ParseRequest(b) }},
		"submission": {bill.Submission.Bytes(), func(b []byte) (interface{ Bytes() []byte }, error) { return ParseSubmission(b) }},
		"bill":       {x.bill, func(b []byte) (interface{ Bytes() []byte }, error) { return ParseBill(b) }},
		"answered":   {answered.Bytes(), func(b []byte) (interface{ Bytes() []byte }, error) { return ParseAnswered(b) }},
		"receipt":    {x.receipt, func(b []byte) (interface{ Bytes() []byte }, error) { return ParseReceipt(b) }},
	}
}

// roundTrip wants what parses to encode to the same bytes.
func (m message) roundTrip(t *testing.T, b []byte) bool {
	v, err := m.parse(b)
	if err != nil {
		return false
	}
	if again := v.Bytes(); !bytes.Equal(again, b) {
		t.Fatalf("%x encodes again as %x", b, again)
	}
	return true
}

func TestMessagesRoundTrip(t *testing.T) {
	for name, m := range messages(t) {
		if !m.roundTrip(t, m.seed) {
			t.Errorf("%s: own bytes are refused", name)
		}
		if m.roundTrip(t, append(bytes.Clone(m.seed), 0)) {
			t.Errorf("%s: trailing byte accepted", name)
		}
	}
}

func fuzz(f *testing.F, name string) {
	m := messages(f)[name]
	if _, err := m.parse(m.seed); err != nil {
		f.Fatalf("seed is refused: %v", err)
	}
	f.Add(m.seed)
	f.Add(m.seed[:len(m.seed)/2])
	f.Add([]byte{0x80})
	f.Fuzz(func(t *testing.T, b []byte) { m.roundTrip(t, b) })
}

func FuzzRequest(f *testing.F)    { fuzz(f, "request") }
func FuzzSubmission(f *testing.F) { fuzz(f, "submission") }
func FuzzReceipt(f *testing.F)    { fuzz(f, "receipt") }
func FuzzAnswered(f *testing.F)   { fuzz(f, "answered") }

// FuzzBill goes further: whatever is not the honest bill is refused, without a
// panic, by all checks together.
func FuzzBill(f *testing.F) {
	x := loadExample(f)
	seed, checks := x.bill, x.checks
	if _, err := VerifyBill(seed, checks); err != nil {
		f.Fatalf("seed is refused: %v", err)
	}
	f.Add(seed)
	f.Add(seed[:len(seed)/2])
	m := message{parse: func(b []byte) (interface{ Bytes() []byte }, error) { return ParseBill(b) }}
	f.Fuzz(func(t *testing.T, b []byte) {
		m.roundTrip(t, b)
		if _, err := VerifyBill(b, checks); err == nil && !bytes.Equal(b, seed) {
			t.Fatalf("accepted %x", b)
		}
	})
}
