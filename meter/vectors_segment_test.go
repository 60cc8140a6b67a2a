package meter

import (
	"bytes"
	"strings"
	"testing"

	"hushwatt/internal/wire"
	"hushwatt/prover/ristretto"
)

// segmentVectors are segments of one meter and epoch with the supplier knowing
// nothing yet, and single changes of them.
func segmentVectors(t testing.TB) []vector {
	st := newStage(t, "segments", smallSetup(ImportAndExport))
	st.seal(t, makeDays(st.meter.Certificate(), firstDay, 6, 1), 0)
	good := st.meter.Export()
	list := []vector{st.segmentsVector("segment", "accepted", nil, st.segment(good, 0))}
	// mutate adds a reject: change alters a segment that is otherwise accepted.
	mutate := func(name, want string, change func(s *Segment)) {
		s := st.segment(good, 0)
		change(s)
		list = append(list, st.segmentsVector(name, want, nil, s))
	}
	sc := good.scope
	seals, statuses := sc.sealsSize(), sc.statusesSize()

	mutate("slot-signature-as-head", "chain", func(s *Segment) {
		s.PeriodHead.Signature = sign(st.meter.key, wire.LabelSlots, s.PeriodHead.body())
	})
	mutate("receipt-signature-as-head", "chain", func(s *Segment) {
		head := good.headOf(firstDay + 5)
		forged := *head
		forged.Signature = sign(st.meter.key, wire.LabelReceipt, head.body())
		s.StateHead = forged.Bytes()
	})
	mutate("head-signature-zero", "chain", func(s *Segment) { clear(s.PeriodHead.Signature) })
	mutate("head-signature-short", "chain", func(s *Segment) { s.PeriodHead.Signature = nil })
	mutate("head-signature-plus-order", "chain", func(s *Segment) {
		addOrder(s.PeriodHead.Signature[32:])
		s.StateHead = nil
	})
	mutate("h0-altered", "chain", func(s *Segment) { s.Before[0] ^= 1 })
	mutate("chain-one-record-short", "chain", func(s *Segment) {
		s.First, s.Seals, s.Statuses = s.First+1, s.Seals[seals:], s.Statuses[statuses:]
	})
	mutate("chain-last-record-short", "chain", func(s *Segment) {
		s.Seals, s.Statuses = s.Seals[:2*seals], s.Statuses[:2*statuses]
	})
	mutate("record-order-swapped", "chain", func(s *Segment) {
		swap(s.Seals[:seals], s.Seals[seals:2*seals])
		swap(s.Statuses[:statuses], s.Statuses[statuses:2*statuses])
	})
	mutate("head-of-next-day", "chain", func(s *Segment) { s.PeriodHead = *good.headOf(firstDay + 4) })
	mutate("head-of-day-before", "chain", func(s *Segment) { s.PeriodHead = *good.headOf(firstDay + 2) })
	mutate("export-seal-as-import", "chain", func(s *Segment) { swap(s.Seals[:32], s.Seals[32:64]) })
	mutate("export-statuses-as-import", "chain", func(s *Segment) {
		swap(s.Statuses[:statuses/2], s.Statuses[statuses/2:statuses])
	})
	mutate("missing-as-measured", "chain", func(s *Segment) { clear(s.Statuses) })
	mutate("seal-bit-flipped", "chain", func(s *Segment) { s.Seals[3] ^= 1 })
	mutate("day-shifted", "chain", func(s *Segment) { s.First++ })
	mutate("epoch-other", "chain", func(s *Segment) { s.Epoch = 2 })
	mutate("status-unknown-in-segment", "malformed", func(s *Segment) { s.Statuses[0] = 0x50 })
	mutate("columns-not-of-one-length", "malformed", func(s *Segment) { s.Statuses = s.Statuses[1:] })
	mutate("segment-without-days", "malformed", func(s *Segment) { s.Seals, s.Statuses = nil, nil })
	mutate("before-not-a-hash", "malformed", func(s *Segment) { s.Before = s.Before[1:] })
	mutate("corrections-left-out-that-nobody-knows", "chain", func(s *Segment) { s.From = 1 })
	mutate("state-head-behind-period-head", "chain", func(s *Segment) { s.StateHead = good.headOf(firstDay + 2).Bytes() })
	mutate("state-head-repeats-period-head", "malformed", func(s *Segment) { s.StateHead = s.PeriodHead.Bytes() })
	mutate("state-head-trailing-byte", "malformed", func(s *Segment) { s.StateHead = append(s.StateHead, 0) })

	mutate("certificate-expired-mid-period", "certificate", func(s *Segment) {
		s.Certificate.Last = firstDay + 2
		s.Certificate = st.certify(s.Certificate, st.meter.key)
	})
	mutate("certificate-not-yet-valid", "certificate", func(s *Segment) {
		s.Certificate.First = firstDay + 2
		s.Certificate = st.certify(s.Certificate, st.meter.key)
	})
	mutate("certificate-altered", "certificate", func(s *Segment) { s.Certificate.Cap-- })
	mutate("certificate-signed-as-head", "certificate", func(s *Segment) {
		body, err := s.Certificate.body()
		must(t, err)
		s.Certificate.Signature = signHead(st.authority.key, body)
	})
	mutate("certificate-of-other-meter", "chain", func(s *Segment) {
		s.Certificate.Meter = "M2"
		s.Certificate = st.certify(s.Certificate, st.meter.key)
	})
	mutate("certificate-of-other-key", "chain", func(s *Segment) { s.Certificate = st.certify(s.Certificate, st.newKey()) })
	mutate("certificate-key-of-small-order", "certificate", func(s *Segment) {
		s.Certificate.Key = make([]byte, 32)
		body, err := s.Certificate.body()
		must(t, err)
		s.Certificate.Signature = signCertificate(st.authority.key, body)
	})
	mutate("certificate-of-self-made-authority", "certificate", func(s *Segment) {
		var err error
		s.Certificate, err = (&AuthorityKey{st.newKey()}).Certify(s.Certificate)
		must(t, err)
	})
	mutate("n-other-than-certificate", "certificate", func(s *Segment) {
		honest := s.Certificate
		twin := st.twin()
		twin.certificate = st.certify(Setup{Meter: "M1", N: 48, Channels: ImportAndExport}.certificate(), st.meter.key)
		_, err := twin.Seal(st.key.Recipient(), makeDays(&twin.certificate, firstDay, 6, 1), 0)
		must(t, err)
		*s = *st.segment(twin.Export(), 0)
		s.Certificate = honest
	})
	mutate("n-field-other", "certificate", func(s *Segment) { s.N = 48 })

	// What the meter's own key signed may still be refused.
	signed := func(name string, seal []byte) {
		e := st.copyExport(good)
		b, _, _ := e.day(2)
		copy(b, seal)
		list = append(list, st.segmentsVector(name, "malformed", nil, st.segment(st.resign(e), 0)))
	}
	signed("seal-identity", make([]byte, 32))
	signed("seal-not-canonical", bytes.Repeat([]byte{0xff}, 32))
	trailing := st.segmentsVector("segment-trailing-byte", "malformed", nil, st.segment(good, 0))
	var in segmentsInput
	must(t, wire.Unmarshal(trailing.Input, &in))
	in.Segments[0] = append(in.Segments[0], 0)
	trailing.Input = mustMarshal(&in)
	return append(list, trailing)
}

// chainVectors are about corrections and about what the supplier accepted before.
func chainVectors(t testing.TB) []vector {
	st := newStage(t, "corrections", smallSetup(ImportOnly))
	c := st.meter.Certificate()
	st.seal(t, makeDays(c, firstDay, 6, 1), 0)
	atFirst := st.copyExport(st.meter.Export())
	st.seal(t, makeDays(c, firstDay+2, 1, 2), Estimate)
	once := st.copyExport(st.meter.Export())
	st.seal(t, makeDays(c, firstDay+2, 1, 3), Late)
	st.seal(t, makeDays(c, firstDay+5, 1, 4), Fault)
	st.seal(t, makeDays(c, firstDay+6, 1, 5), 0)
	now := st.copyExport(st.meter.Export())

	accept := func(e *Export) *Accepted {
		checked, err := st.segment(e, 0).Check(st.trusted(), nil)
		must(t, err)
		return &checked.State
	}
	var list []vector
	add := func(name, want string, known *Accepted, e *Export, from uint32, change func(*Segment)) {
		s := st.segment(e, from)
		if change != nil {
			change(s)
		}
		list = append(list, st.segmentsVector(name, want, known, s))
	}
	add("corrections", "accepted", nil, now, 0, nil)
	add("corrections-known-again", "accepted", accept(once), now, 0, nil)
	add("corrections-after-accepted", "accepted", accept(once), now, 1, nil)
	add("same-head-again", "accepted", accept(now), now, 3, nil)
	add("correction-omitted", "chain", nil, now, 0, func(s *Segment) { s.Corrections = s.Corrections[:2] })
	add("correction-in-the-middle-omitted", "chain", nil, now, 0, func(s *Segment) {
		s.Corrections = append(s.Corrections[:1:1], s.Corrections[2])
	})
	add("correction-added", "chain", nil, now, 0, func(s *Segment) { s.Corrections = append(s.Corrections, s.Corrections[0]) })
	add("old-version-used", "chain", nil, now, 0, func(s *Segment) {
		s.Corrections[0], s.Corrections[1] = s.Corrections[1], s.Corrections[0]
	})
	add("old-version-renumbered", "chain", nil, now, 0, func(s *Segment) {
		s.Corrections[0], s.Corrections[1] = s.Corrections[1], s.Corrections[0]
		s.Corrections[0].Version, s.Corrections[1].Version = 1, 2
	})
	add("correction-altered", "chain", nil, now, 0, func(s *Segment) { s.Corrections[1].Statuses[0] ^= 0x20 })
	add("correction-of-other-day", "chain", nil, now, 0, func(s *Segment) { s.Corrections[2].Day-- })
	add("correction-reason-altered", "chain", nil, now, 0, func(s *Segment) { s.Corrections[2].Reason = Late })
	add("correction-reason-zero", "malformed", nil, now, 0, func(s *Segment) { s.Corrections[2].Reason = 0 })
	add("record-replaced-by-its-correction", "chain", nil, now, 0, func(s *Segment) {
		size := len(s.Seals) / 3
		copy(s.Seals[size:], s.Corrections[1].Seals)
	})
	add("state-head-left-out", "chain", nil, now, 0, func(s *Segment) { s.StateHead = nil })
	add("state-head-left-out-with-corrections", "chain", accept(once), now, 0, func(s *Segment) {
		s.StateHead, s.Corrections = nil, nil
	})
	add("head-older-than-accepted", "chain", accept(now), atFirst, 0, nil)
	add("head-with-fewer-corrections", "chain", accept(now), once, 0, nil)
	add("corrections-left-out-too-many", "chain", accept(once), now, 2, nil)
	add("accepted-of-other-chain", "chain", forgedTwin(st), now, 0, nil)
	add("two-heads-one-day", "chain", twinState(t, st), atFirst, 0, nil)
	return list
}

// twinState is what a supplier knows after the meter, rolled back, signed a second
// head for the days that it had sealed before.
func twinState(t testing.TB, st *stage) *Accepted {
	twin := st.twin()
	_, err := twin.Seal(st.key.Recipient(), makeDays(&twin.certificate, firstDay, 6, 9), 0)
	must(t, err)
	checked, err := st.segment(twin.Export(), 0).Check(st.trusted(), nil)
	must(t, err)
	return &checked.State
}

// forgedTwin is the same one day earlier, so that only the day chain contradicts.
func forgedTwin(st *stage) *Accepted {
	twin := st.twin()
	_, err := twin.Seal(st.key.Recipient(), makeDays(&twin.certificate, firstDay, 4, 9), 0)
	must(st.t, err)
	checked, err := st.segment(twin.Export(), 0).Check(st.trusted(), nil)
	must(st.t, err)
	return &checked.State
}

// coverageVectors have several segments in one period, days firstDay+1 … +3.
func coverageVectors(t testing.TB) []vector {
	st := newStage(t, "coverage", smallSetup(ImportOnly))
	c := st.meter.Certificate()
	whole := makeDays(c, firstDay, 6, 1)
	seal := func(m *Meter, days []Day) *Export {
		_, err := m.Seal(st.key.Recipient(), days, 0)
		must(t, err)
		return st.copyExport(m.Export())
	}
	part := func(e *Export, first, last uint16) *Segment {
		s, err := e.Segment(first, last, 0)
		must(t, err)
		return s
	}
	// A second epoch of the same meter: from firstDay+3 on, or a day late.
	former := seal(st.meter, whole[:3])
	st.key = st.newCustomer(X25519)
	second := seal(st.meter, whole[3:])
	late := seal(&Meter{key: st.meter.key, certificate: *c, rand: st.rand, epochs: st.meter.epochs[:1]}, whole[4:])

	// Another meter takes over at noon of firstDay+2; its slots are half-hours.
	const noon = (firstDay+2)*secondsPerDay + secondsPerDay/2
	oldMeter := st.newMeter(Setup{Meter: "A-OLD", N: 24})
	newMeter := st.newMeter(Setup{Meter: "B-NEW", N: 48})
	removed := seal(oldMeter, clipped(makeDays(&oldMeter.certificate, firstDay, 6, 2), DaysOptions{Removed: noon}))
	installed := seal(newMeter, clipped(makeDays(&newMeter.certificate, firstDay, 6, 3), DaysOptions{Installed: noon}))
	installedLate := seal(st.newMeter(Setup{Meter: "B-NEW", N: 48}),
		clipped(makeDays(&newMeter.certificate, firstDay, 6, 3), DaysOptions{Installed: noon + 1800}))
	installedEarly := seal(st.newMeter(Setup{Meter: "B-NEW", N: 48}),
		clipped(makeDays(&newMeter.certificate, firstDay, 6, 3), DaysOptions{Installed: noon - 1800}))

	v := st.segmentsVector
	return []vector{
		v("two-epochs", "accepted", nil, part(former, firstDay+1, firstDay+2), part(second, firstDay+3, firstDay+3)),
		v("epoch-gap", "coverage", nil, part(former, firstDay+1, firstDay+2), part(late, firstDay+4, firstDay+4)),
		v("first-day-missing", "coverage", nil, part(former, firstDay+2, firstDay+2), part(second, firstDay+3, firstDay+3)),
		v("last-day-missing", "coverage", nil, part(former, firstDay+1, firstDay+2)),
		v("segment-twice", "coverage", nil, part(former, firstDay+1, firstDay+2), part(former, firstDay+1, firstDay+2)),
		v("segments-share-a-day", "coverage", nil, part(former, firstDay+1, firstDay+2), part(former, firstDay+2, firstDay+2),
			part(second, firstDay+3, firstDay+3)),
		v("segments-in-wrong-order", "coverage", nil, part(second, firstDay+3, firstDay+3), part(former, firstDay+1, firstDay+2)),
		v("meter-replaced-at-noon", "accepted", nil, part(removed, firstDay+1, firstDay+2), part(installed, firstDay+2, firstDay+3)),
		v("meter-replaced-slot-lost", "coverage", nil, part(removed, firstDay+1, firstDay+2), part(installedLate, firstDay+2, firstDay+3)),
		v("epoch-overlap-slot-twice", "coverage", nil, part(removed, firstDay+1, firstDay+2), part(installedEarly, firstDay+2, firstDay+3)),
		v("no-segment", "coverage", nil),
	}
}

// clipped applies a meter's presence to days.
func clipped(days []Day, o DaysOptions) []Day {
	var list []Day
	for _, d := range days {
		if d.clip(o) {
			list = append(list, d)
		}
	}
	return list
}

// addOrder adds the order of the group to a little-endian scalar: a second
// encoding of the same signature.
func addOrder(s []byte) {
	order := ristretto.Order().Bytes()
	carry := 0
	for i := range s {
		carry += int(s[i]) + int(order[len(order)-1-i])
		s[i], carry = byte(carry), carry>>8
	}
}

// textVectors are the strings and files that people carry.
func textVectors(t testing.TB) []vector {
	st := newStage(t, "texts", smallSetup(ImportOnly))
	authority := st.authority.Authority().String()
	recipient := st.key.Recipient().String()
	file, err := st.key.File()
	must(t, err)
	large := st.newCustomer(XWing)
	largeFile, err := large.File()
	must(t, err)
	certificate := mustMarshal(st.meter.Certificate())
	stranger := st.newCustomer(X25519).Recipient().String()
	badPoint := bytes.Repeat([]byte{0xff}, 32)
	badKEM := mustDecode(t, large.Recipient().String())
	for i := 34; i < 34+1152; i++ {
		badKEM[i] = 0xff // coefficients above the modulus of ML-KEM
	}
	last := func(s string) string { return s[:len(s)-1] }
	return []vector{
		{"authority", "authority", []byte(authority), "accepted"},
		{"authority-upper-case", "authority", []byte(strings.ToUpper(authority)), "refused"},
		{"authority-cut-off", "authority", []byte(last(authority)), "refused"},
		{"authority-newline", "authority", []byte(authority + "\n"), "refused"},
		{"authority-is-recipient", "authority", []byte(recipient), "refused"},
		{"authority-small-order", "authority", []byte(wire.EncodeText(authorityName, make([]byte, 32))), "refused"},
		{"authority-not-canonical", "authority", []byte(wire.EncodeText(authorityName, badPoint)), "refused"},
		{"authority-33-bytes", "authority", []byte(wire.EncodeText(authorityName, append([]byte{0}, badPoint...))), "refused"},
		{"recipient-x25519", "recipient", []byte(recipient), "accepted"},
		{"recipient-x-wing", "recipient", []byte(large.Recipient().String()), "accepted"},
		{"recipient-letter-changed", "recipient", flipLetter(recipient, 20), "refused"},
		{"recipient-letter-outside-alphabet", "recipient", []byte(strings.Replace(recipient, "q", "b", 1)), "refused"},
		{"recipient-kem-unknown", "recipient", []byte(wire.EncodeText(recipientName, append([]byte{0, 0x10}, st.bytes(64)...))), "refused"},
		{"recipient-key-short", "recipient", []byte(wire.EncodeText(recipientName, mustDecode(t, recipient)[:65])), "refused"},
		{"recipient-empty", "recipient", []byte(wire.EncodeText(recipientName, nil)), "refused"},
		{"recipient-ml-kem-not-reduced", "recipient", []byte(wire.EncodeText(recipientName, badKEM)), "refused"},
		{"key-file-x25519", "key-file", file, "accepted"},
		{"key-file-x-wing", "key-file", largeFile, "accepted"},
		{"key-file-without-newline", "key-file", file[:len(file)-1], "refused"},
		{"key-file-other-recipient", "key-file", bytes.Replace(file, []byte(recipient), []byte(stranger), 1), "refused"},
		{"key-file-windows-line-ends", "key-file", bytes.ReplaceAll(file, []byte("\n"), []byte("\r\n")), "refused"},
		{"key-file-trailing-line", "key-file", append(bytes.Clone(file), '\n'), "refused"},
		{"certificate", "certificate", certificate, "accepted"},
		{"certificate-signature-flipped", "certificate", flipByte(certificate, len(certificate)-1), "refused"},
		{"certificate-trailing", "certificate", append(bytes.Clone(certificate), 0), "refused"},
	}
}

func mustDecode(t testing.TB, s string) []byte {
	b, err := wire.DecodeText(recipientName, s)
	must(t, err)
	return b
}

// flipLetter changes one character of a Bech32m string into another.
func flipLetter(s string, i int) []byte {
	const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	b := []byte(s)
	b[i] = alphabet[strings.IndexByte(alphabet, b[i])^1]
	return b
}

func flipByte(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}
