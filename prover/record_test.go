package prover

import (
	"bytes"
	"errors"
	"testing"

	"hushwatt/meter"
)

// Sent twice before the first was answered, the same bytes get one receipt.
func TestSameBillTwiceInOneBatch(t *testing.T) {
	h := newHouse(t, setup{days: 2, seed: 25})
	plan := spans(2)[0]
	s := newShop(h, plan)
	bill := h.answer(s.ask(plan, 1, nil), plan).Bytes()
	receipts, errs := s.SubmitAll([][]byte{bill, bill})
	if errs[0] != nil || errs[1] != nil || !bytes.Equal(receipts[0], receipts[1]) {
		t.Fatalf("%v, %v, the same receipt: %v", errs[0], errs[1], bytes.Equal(receipts[0], receipts[1]))
	}
	if s.memory.serial != 1 {
		t.Errorf("%d receipts were signed", s.memory.serial)
	}
}

// The supplier's register has a word in whether a certificate counts.
func TestRegister(t *testing.T) {
	h := newHouse(t, setup{days: 4, seed: 26})
	plans := spans(2, 2)
	s := newShop(h, plans...)
	s.Registered = func(c *meter.Certificate, first, last uint16) error {
		if c.Meter != "meter-1" || last >= january+2 {
			return errors.New("revoked")
		}
		return nil
	}
	if _, err := s.Submit(h.answer(s.ask(plans[0], 1, nil), plans[0]).Bytes()); err != nil {
		t.Fatal(err)
	}
	_, err := s.Submit(h.answer(s.ask(plans[1], 2, nil), plans[1]).Bytes())
	expect(t, "meter-revoked-in-period", err, ReasonCertificate)
}
