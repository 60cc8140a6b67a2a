package prover

import (
	"bytes"

	"hushwatt/meter"
)

// segments: proofs about other rows than the segments give, and segments that
// are not what the meter signed.
func (f *billFiles) segments() {
	seeded(f.t, "segments")
	s := f.days(1)
	for _, c := range []struct {
		name, comment string
		bend          func(d *draft)
	}{
		{"bill-seal-swapped", "The proof is about two days in each other's place.", func(d *draft) {
			swap(d, 0, 1)
			d.rows[0].Day, d.rows[1].Day = d.rows[1].Day, d.rows[0].Day
		}},
		{"bill-seal-missing", "The proof is about three of the four days.", func(d *draft) { d.rows, d.openings = d.rows[:3], d.openings[:3] }},
		{"bill-seal-repeated", "The proof is about the last day twice.", func(d *draft) {
			d.rows, d.openings = append(d.rows, d.rows[3]), append(d.openings, d.openings[3])
		}},
		{"bill-seal-of-other-day", "The proof takes one day for another.", func(d *draft) {
			d.rows[1].Seal, d.rows[1].SealBytes, d.openings[1] = d.rows[0].Seal, d.rows[0].SealBytes, d.openings[0]
		}},
	} {
		b := forge(f.t, s.house, s.plan, func(d *draft) {
			c.bend(d)
			d.underOther(s.plan)
		})
		f.bill(c.name, "5", fourDays, ReasonProof, c.comment, s, b.Bytes())
	}
	for _, c := range []struct {
		name, comment string
		bend          func(s *meter.Segment)
		reason        Reason
	}{
		{"bill-record-order-swapped", "Two records are exchanged.", func(s *meter.Segment) {
			a, b := bytes.Clone(s.Seals[:32]), bytes.Clone(s.Statuses[:12])
			copy(s.Seals, s.Seals[32:64])
			copy(s.Seals[32:64], a)
			copy(s.Statuses, s.Statuses[12:24])
			copy(s.Statuses[12:24], b)
		}, ReasonChain},
		{"bill-chain-one-record-short", "The first record is left out.", func(s *meter.Segment) {
			s.Seals, s.Statuses, s.First = s.Seals[32:], s.Statuses[12:], s.First+1
		}, ReasonChain},
		{"bill-h0-altered", "The chain value before the first day is another one.", func(s *meter.Segment) { s.Before[31] ^= 1 }, ReasonChain},
		{"bill-head-of-next-day", "The newest head stands for that of the period.", func(s *meter.Segment) { s.PeriodHead, s.StateHead = *stateHead(s), nil }, ReasonChain},
		{"bill-heads-swapped", "The two heads are exchanged.", func(s *meter.Segment) { s.PeriodHead, s.StateHead = *stateHead(s), s.PeriodHead.Bytes() }, ReasonChain},
		{"bill-status-altered", "A status is not the one that the meter signed.", func(s *meter.Segment) { s.Statuses[0] = 0x11 }, ReasonChain},
		{"bill-certificate-altered", "The certificate's cap is not the one that was signed.", func(s *meter.Segment) { s.Certificate.Cap++ }, ReasonCertificate},
		{"bill-n-other-than-certificate", "The segment says 48 slots, its certificate 24.", func(s *meter.Segment) { s.N = 48 }, ReasonCertificate},
	} {
		b := s.answer()
		c.bend(&b.Submission.Segments[0])
		f.bill(c.name, "3", fourDays, c.reason, c.comment, s, b.Bytes())
	}
	honest := s.answer().Bytes()
	stranger := newHouse(f.t, setup{n: 24, days: 1})
	f.bill("bill-authority-not-trusted", "3", fourDays, ReasonCertificate, "The verifier trusts another authority.", scene{house: stranger, plan: s.plan}, honest)

	device := must(meter.NewMeter(s.house.authority, meter.Setup{Meter: "meter-1", N: 24, Cap: 65535, First: january, Last: january + 2}))
	b := s.answer()
	b.Submission.Segments[0].Certificate = *device.Certificate()
	f.bill("bill-certificate-expired-mid-period", "3", fourDays, ReasonCertificate, "The certificate ends on the second of four days.", s, b.Bytes())
	halves := scene{house: s.house, plan: dynamicPlan(terms(january+1, 4, MeterSlots{Meter: "meter-1", N: 48}), []int{0}, 7)}
	f.bill("bill-n-other-than-request", "3", fourDays, ReasonCertificate, "48 slots are asked for, the meter is certified for 24.", halves, bareSubmission(halves.plan, s.house).Bytes())
	elsewhere := scene{house: s.house, plan: dynamicPlan(terms(january+1, 4, MeterSlots{Meter: "meter-2", N: 24}), []int{0}, 7)}
	f.bill("bill-meter-not-asked-for", "5", fourDays, ReasonRequest, "Another meter is asked for.", elsewhere, bareSubmission(elsewhere.plan, s.house).Bytes())
	f.channels()
}

// channels: the export channel is neither import nor optional.
func (f *billFiles) channels() {
	seeded(f.t, "channels")
	h := newHouse(f.t, setup{n: 24, days: 2, channels: meter.ImportAndExport, seed: 39})
	tm := terms(january, 2, MeterSlots{Meter: "meter-1", N: 24})
	both := scene{house: h, plan: dynamicPlan(tm, []int{0, 1}, 7)}
	f.bill("bill-import-and-export", "5", "", "", "Import is priced, export is paid for.", both, both.answer().Bytes())
	s := scene{house: h, plan: dynamicPlan(tm, []int{0}, 7)}
	f.bill("bill-import-only", "5", "", "", "A meter of both channels, of which import is priced.", s, s.answer().Bytes())
	forged := forge(f.t, h, s.plan, func(d *draft) {
		for i := range d.rows {
			ch := h.opened.Days[i].Channels[meter.ExportChannel]
			d.openings[i] = Opening{ch.Wh, ch.Blinding}
			d.rows[i].Seal, d.rows[i].SealBytes = ch.Seal, [32]byte(ch.Seal.Bytes())
		}
		d.underOther(s.plan)
	})
	f.bill("bill-export-seal-as-import", "3", "bill-import-only", ReasonProof, "The proof takes export for import.", s, forged.Bytes())
	b := s.answer()
	seals := b.Submission.Segments[0].Seals
	for i := 0; i < len(seals); i += 64 {
		copy(seals[i:], append(bytes.Clone(seals[i+32:i+64]), seals[i:i+32]...))
	}
	f.bill("bill-export-seal-as-import-in-the-record", "3", "bill-import-only", ReasonChain, "The records have import and export exchanged.", s, b.Bytes())
	alone := newHouse(f.t, setup{n: 24, days: 2, authority: h.authority})
	missing := scene{house: alone, plan: both.plan}
	f.bill("bill-export-channel-not-there", "3", "bill-import-and-export", ReasonCoverage, "The meter has no export channel.", missing, bareSubmission(both.plan, alone).Bytes())
}

// coverage: the days of the period, all of them and no others, and its edges.
func (f *billFiles) coverage() {
	seeded(f.t, "coverage")
	s := f.days(1)
	request := must(NewRequest(s.plan))
	for _, c := range []struct {
		name, comment string
		first, days   int
	}{
		{"edge-day-missing-last", "The last day of the period is left out.", january + 1, 3},
		{"edge-day-missing-first", "The first day of the period is left out.", january + 2, 3},
		{"edge-day-outside", "A day after the period is sent too.", january + 1, 5},
	} {
		shorter := scene{house: s.house, plan: dynamicPlan(terms(c.first, c.days, s.plan.Meters...), []int{0}, 7)}
		f.bill(c.name, "5", fourDays, ReasonCoverage, c.comment, s, redirect(shorter.answer(), request).Bytes())
	}

	local := s.plan.Terms
	local.Period.Start -= 3600
	local.Period.End -= 3600
	local.Period.Clock = "Etc/GMT-1"
	edges := scene{house: s.house, plan: dynamicPlan(local, []int{0}, 7)}
	f.bill("bill-local-period", "5", "", "", "Days of a clock one hour ahead: five UTC days are touched.", edges, edges.answer().Bytes())
	outside := *edges.plan
	outside.Functionals = []Functional{cloneFunctional(edges.plan.Functionals[0])}
	outside.Functionals[0].Weights[0][0] = -5
	b := forge(f.t, s.house, edges.plan, func(d *draft) { d.underOther(&outside) })
	f.bill("edge-slot-outside-priced", "5", "bill-local-period", ReasonProof, "A slot before the period has a price in the proof.", edges, b.Bytes())
	own := scene{house: s.house, plan: &outside}.answer()
	f.bill("edge-slot-outside-priced-own-hash", "5", "bill-local-period", ReasonTariff, "The same, and the request's hash says so.", edges, own.Bytes())
	f.epochs()
}

// epochs: two meters that follow each other, with a gap or an overlap.
func (f *billFiles) epochs() {
	for _, c := range []struct {
		name, base, comment string
		oldEnd, newStart    int
		reason              Reason
	}{
		{"bill-epochs", "", "Another meter takes over at ten o'clock.", 10, 10, ""},
		{"bill-epoch-gap", "bill-epochs", "The new meter begins an hour late.", 10, 11, ReasonCoverage},
		{"bill-epoch-overlap-slot-twice", "bill-epochs", "The new meter begins an hour early.", 11, 10, ReasonCoverage},
	} {
		seeded(f.t, c.name)
		old := newHouse(f.t, setup{meter: "a", n: 24, days: 2, seed: 36, status: func(day, s int) meter.Status {
			return meter.Status(b2i(day == january+1 && s >= c.oldEnd) * int(meter.NotHere))
		}})
		young := newHouse(f.t, setup{meter: "b", n: 24, first: january + 1, days: 2, seed: 37, authority: old.authority, status: func(day, s int) meter.Status {
			return meter.Status(b2i(day == january+1 && s < c.newStart) * int(meter.NotHere))
		}})
		s := scene{house: old, plan: dynamicPlan(terms(january, 3, MeterSlots{Meter: "a", N: 24}, MeterSlots{Meter: "b", N: 24}), []int{0}, 7)}
		b := bareSubmission(s.plan, old, young)
		if c.reason == "" {
			b = s.answer(old.opened, young.opened)
		}
		f.bill(c.name, "3", c.base, c.reason, c.comment, s, b.Bytes())
	}
}

// corrections: the newest version of a day counts, and none is left out.
func (f *billFiles) corrections() {
	seeded(f.t, "corrections")
	s := f.days(1)
	before := s.house.opened
	s.house.seal(f.t, makeDays(setup{n: 24, first: january + 2, days: 1, seed: 41}, s.house.device.Certificate()), meter.Fault)
	f.bill("bill-corrected", "3", "", "", "One of the days was corrected.", s, s.answer().Bytes())
	old := forge(f.t, s.house, s.plan, func(d *draft) {
		ch := before.Days[2].Channels[0]
		d.openings[1] = Opening{ch.Wh, ch.Blinding}
		d.rows[1].Seal, d.rows[1].SealBytes = ch.Seal, [32]byte(ch.Seal.Bytes())
		d.underOther(s.plan)
	})
	f.bill("bill-old-version-used", "3", "bill-corrected", ReasonProof, "The proof is about the day before its correction.", s, old.Bytes())
	b := s.answer()
	b.Submission.Segments[0].Corrections = nil
	f.bill("bill-correction-omitted", "3", "bill-corrected", ReasonChain, "The correction is left out.", s, b.Bytes())
	b = s.answer()
	b.Submission.Segments[0].Corrections, b.Submission.Segments[0].From = nil, 1
	f.bill("bill-correction-said-to-be-known", "3", "bill-corrected", ReasonChain, "The correction is left out as if it had been accepted before.", s, b.Bytes())
	two := bareSubmission(s.plan, s.house)
	two.Submission.Segments = []meter.Segment{*must(before.Export.Segment(january+1, january+2, 0)), *must(s.house.opened.Export.Segment(january+3, january+4, 0))}
	f.bill("bill-old-version-by-a-second-segment", "3", "bill-corrected", ReasonCoverage, "Two segments of one epoch, the first under an older head.", s, two.Bytes())
}

// requests: who asked, and for what.
func (f *billFiles) requests() {
	seeded(f.t, "requests")
	s := f.days(1)
	key := must(NewSupplierKey())
	signed := must(NewRequest(s.plan))
	signed.Serial, signed.NotAfter = 1, 1<<40
	if err := signed.Sign(key); err != nil {
		f.t.Fatal(err)
	}
	s.request = signed
	b := s.answer()
	f.bill("bill-asked", "5", "", "", "An answer to a signed request.", s, b.Bytes())
	refuse := func(name, comment string, reason Reason, b *Bill) {
		f.t.Helper()
		f.bill(name, "5", "bill-asked", reason, comment, s, b.Bytes())
	}
	bent := *signed
	bent.Serial++
	refuse("request-altered", "The request has another serial than was signed.", ReasonRequest, redirect(b, &bent))
	receipt := Receipt{Version: Version, Suite: Suite, Verdict: Accepted}
	receipt.sign(key)
	bent = *signed
	bent.Signature = receipt.Signature
	f.bill("receipt-signature-as-request", "2", "bill-asked", ReasonRequest, "The request carries the signature of one of the supplier's receipts.", s, redirect(b, &bent).Bytes())
	body := *signed
	body.Signature = nil
	bent.Signature = signReceipt(key, mustMarshal(&body))
	f.bill("request-under-receipt-label", "2", "bill-asked", ReasonRequest, "The request is signed under the label of receipts.", s, redirect(b, &bent).Bytes())
	unsigned := must(NewRequest(s.plan))
	refuse("request-dropped", "The file holds the unsigned request instead.", ReasonRequest, redirect(b, unsigned))
	refuse("request-exchanged", "The submission names another request than the file holds.", ReasonRequest, &Bill{unsigned, b.Submission})
	free := s
	free.request = nil
	f.bill("request-dropped-where-none-is-expected", "5", "bill-asked", ReasonProof, "The request is dropped and the verifier expects none.", free, redirect(b, unsigned).Bytes())
	other := *signed
	other.Serial, other.Signature = 2, nil
	if err := other.Sign(key); err != nil {
		f.t.Fatal(err)
	}
	expecting := s
	expecting.request = &other
	f.bill("request-other-expected", "5", "bill-asked", ReasonRequest, "Another request was expected.", expecting, b.Bytes())
}
