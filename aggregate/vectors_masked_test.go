package aggregate

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
	"hushwatt/meter"
	"hushwatt/testvectors"
)

// answered is what the meter in a place answers, changed, with a tag that is right.
func (w *town) answered(place int, p *meter.Presence, change func(*meter.Share)) []byte {
	w.t.Helper()
	a, err := w.meters[place].live.Answer(p, meter.ImportChannel)
	must(w.t, err)
	if made := w.tag(place, a, p); !bytes.Equal(made, a.Tag) {
		w.t.Fatal("a tag is made otherwise than the protocol says")
	}
	squares := w.registry.SquaresFor(p.Meters)
	s, err := meter.ParseShare(a.Masked, squares)
	must(w.t, err)
	change(&s)
	a.Masked = s.Bytes(squares)
	a.Tag = w.tag(place, a, p)
	return a.Bytes()
}

func same(*meter.Share) {}

// aggregatorVectors are of an aggregator from the announcements to the release.
func aggregatorVectors(t *testing.T, l *vectorList) {
	w := newRingTown(t, "vectors/aggregator", 9, 9, meter.MinNeighbours)
	w.begin(firstDay)
	g := w.aggregator(NewMemory())
	var records, answers []testvectors.Ask
	for place := range w.meters {
		data := w.measure(place, firstDay, 0)
		records = append(records, testvectors.Ask{Op: "record", Data: data})
		a, err := g.Check(data)
		must(t, err)
		_, err = g.Take(a)
		must(t, err)
	}
	p, err := g.Present(firstDay, 0, nil)
	must(t, err)
	answer := func(data []byte) testvectors.Ask {
		return testvectors.Ask{Op: "answer", Day: firstDay, Data: data}
	}
	for place := range w.meters {
		answers = append(answers, answer(w.answered(place, p, same)))
	}
	present, release := testvectors.Ask{Op: "present", Day: firstDay}, testvectors.Ask{Op: "release"}
	input := func(parts ...[]testvectors.Ask) *testvectors.Intake {
		in := &testvectors.Intake{Registry: w.registry.Bytes(), Key: w.keys[0].String(), Steps: slices.Concat(parts...)}
		for i := range w.registry.Meters {
			in.Enrolments = append(in.Enrolments, w.find(w.registry.Meters[i].ID()).Bytes())
		}
		return in
	}
	one := func(steps ...testvectors.Ask) []testvectors.Ask { return steps }
	l.accept("masked-slot", "intake", "All of a masking registry announce and answer; in between the aggregator crashes, and one answer comes again.",
		input(records, one(present), answers[:5], one(testvectors.Ask{Op: "restart"}), records, one(present), answers[4:], one(release)))
	no := func(name, comment string, in *testvectors.Intake) {
		l.refuse("masked-slot", name, "intake", comment, in)
	}
	more := answer(w.answered(0, p, func(s *meter.Share) { s.Wh++ }))
	no("answered-twice", "A meter answers a presence a second time, with 1 Wh more and a tag that is right: the first answer stands.", input(records, one(present, answers[0], more)))
	no("answered-twice-after-restart", "In between the aggregator has crashed.", input(records, one(present, answers[0], testvectors.Ask{Op: "restart"}), one(more)))
	no("masked-sum-plus-one", "One meter answers with 1 Wh more than it has announced.", input(records, one(present, more), answers[1:], one(release)))
	no("release-while-one-is-silent", "One meter has not answered.", input(records, one(present), answers[1:], one(release)))
	no("answer-before-presence", "An answer comes before anybody was asked.", input(records, answers[:1]))
	no("answer-after-its-day", "An answer comes when the keys of its day are erased.", input(records, one(present, testvectors.Ask{Op: "next-day", Day: firstDay + 1}), answers[:1]))
	far, _ := w.newMeter("M00")
	customer, err := meter.NewKeyFrom(meter.X25519, stream(w.seed, "customer"))
	must(t, err)
	live, err := far.Live(customer.Recipient(), firstDay+2)
	must(t, err)
	ahead, err := live.Slot(0, []meter.Reading{{Wh: 1}})
	must(t, err)
	no("announcement-of-far-day", "An announcement is of the day after tomorrow.", input(one(testvectors.Ask{Op: "record", Data: ahead[0].Bytes()})))

	bare := input(records)
	bare.Enrolments[0] = w.withoutEnvelope(0)
	no("enrolment-without-envelope", "A meter of a masking registry enrols without a key for the aggregator, signed.", bare)
	silent := input(records)
	silent.Registry = w.withoutRecipient()
	no("aggregator-without-recipient", "The aggregator of the charter can be given no keys; everybody has signed.", silent)
}

// withoutEnvelope is the enrolment of a meter that hands no key to the aggregator.
func (w *town) withoutEnvelope(place int) []byte {
	e := *w.find(w.meters[place].id)
	e.Envelopes, e.Signature = nil, nil
	e.Signature = ed25519.Sign(w.meters[place].signing, append([]byte(wire.LabelEnrolment), e.Bytes()...))
	return e.Bytes()
}

// withoutRecipient is the registry under a charter whose aggregator has no recipient.
func (w *town) withoutRecipient() []byte {
	var secret [32]byte
	_, err := io.ReadFull(stream(w.seed, "issuer"), secret[:])
	must(w.t, err)
	r, err := meter.ParseRegistry(w.registry.Bytes())
	must(w.t, err)
	r.Charter.Parties[0].Recipient, r.Charter.Signature = "", nil
	r.Charter.Signature = ed25519.Sign(ed25519.NewKeyFromSeed(secret[:]), append([]byte(wire.LabelCharter), r.Charter.Bytes()...))
	w.sign(r)
	return r.Bytes()
}

// answerVectors are of single answers.
func answerVectors(t *testing.T, l *vectorList) {
	w := newTown(t, "vectors/answer", townSetup{meters: 12, parties: 1, minSum: 9, minVar: 12, neighbours: meter.MinNeighbours + 2})
	w.introduce()
	w.begin(firstDay)
	for slot := range uint16(2) {
		for place := range w.meters {
			w.measure(place, firstDay, slot)
		}
	}
	var keys []testvectors.Hex
	for _, m := range w.meters {
		key, err := w.keys[0].mailbox.OpenEnrolment(w.find(m.id), 0)
		must(t, err)
		keys = append(keys, key.Bytes())
	}
	presence := func(slot uint16, records string, out ...int) *meter.Presence {
		hash := w.registry.Hash()
		p := &meter.Presence{Registry: hash[:], Day: firstDay, Slot: slot, Meters: meter.NewBitmap(12), Records: meter.CountedHash([][32]byte{meter.RecordHash([]byte(records))})}
		for i := range w.meters {
			if !slices.Contains(out, i) {
				p.Meters.Set(i)
			}
		}
		w.signPresence(p)
		return p
	}
	input := func(p *meter.Presence, answer []byte) *testvectors.Answer {
		return &testvectors.Answer{Registry: w.registry.Bytes(), Presence: p.Bytes(), Keys: keys, Answer: answer}
	}
	whole, few := presence(0, "some"), presence(1, "some", 11)
	good, short := w.answered(0, whole, same), w.answered(0, few, same)
	l.accept("answer", "answer", "A meter answers, with the square.", input(whole, good))
	l.accept("answer-without-square", "answer", "One meter less is present than squares are summed of.", input(few, short))
	no := func(name, comment string, p *meter.Presence, change func(*meter.Answer)) {
		a, err := meter.DecodeAnswer(good)
		must(t, err)
		change(a)
		l.refuse("answer", name, "answer", comment, input(p, a.Bytes()))
	}
	no("answer-tag-altered", "One bit of the tag is flipped.", whole, func(a *meter.Answer) { a.Tag[7] ^= 1 })
	no("answer-share-altered", "One bit of the masked reading is flipped.", whole, func(a *meter.Answer) { a.Masked[7] ^= 1 })
	no("answer-blinding-altered", "The masked blinding is that of another meter's answer.", whole, func(a *meter.Answer) {
		b, err := meter.DecodeAnswer(w.answered(1, whole, same))
		must(t, err)
		copy(a.Masked[8:40], b.Masked[8:40])
	})
	no("answer-to-another-presence", "The aggregator has signed another presence of the same meters, with other records.", presence(0, "others"), func(*meter.Answer) {})
	no("answer-to-fewer", "The aggregator has signed a presence of one meter less.", presence(0, "some", 11), func(*meter.Answer) {})
	no("answer-of-another-slot", "The presence is of the next slot.", presence(1, "some"), func(*meter.Answer) {})
	no("answer-of-another-day", "The tag is made with the key of the next day.", whole, func(a *meter.Answer) {
		key, err := meter.ParseShareKey(keys[0])
		must(t, err)
		key.Forget(firstDay + 1)
		a.Tag = w.tagWith(key, a, whole)
	})
	no("answer-of-another-meter", "Another meter that is present is named.", whole, func(a *meter.Answer) { a.Meter = w.meters[1].id })
	no("answer-signed-by-another-meter", "The tag is made with another meter's key.", whole, func(a *meter.Answer) { a.Tag = w.tag(1, a, whole) })
	no("answer-of-absent-meter", "The meter is not present.", presence(0, "some", 0), func(a *meter.Answer) { a.Tag = w.tag(0, a, presence(0, "some", 0)) })
	no("answer-of-strange-meter", "The meter is not in the registry.", whole, func(a *meter.Answer) { a.Meter[0] ^= 1; a.Tag = w.tag(0, a, whole) })
	no("answer-squares-dropped", "The square is left out, with a tag that is right.", whole, func(a *meter.Answer) { a.Masked = a.Masked[:40]; a.Tag = w.tag(0, a, whole) })
	no("answer-square-not-asked", "The square is there although too few are present, with a tag that is right.", few, func(a *meter.Answer) { a.Tag = w.tag(0, a, few) })
	no("answer-scalar-plus-q", "The blinding is not reduced, with a tag that is right.", whole, func(a *meter.Answer) {
		copy(a.Masked[8:40], plusOrder(a.Masked[8:40]))
		a.Tag = w.tag(0, a, whole)
	})
	no("answer-tag-shorter", "The tag has seven bytes.", whole, func(a *meter.Answer) { a.Tag = a.Tag[:7] })
	no("answer-tag-empty", "The tag is empty.", whole, func(a *meter.Answer) { a.Tag = nil })
	l.refuse("answer", "answer-trailing-byte", "answer", "A byte follows the answer.", input(whole, append(slices.Clone(good), 0)))
	over := slices.Concat(good[:10], []byte{0x59, 0}, good[11:])
	l.refuse("answer", "answer-long-length", "answer", "A length is written in two bytes where one would do.", input(whole, over))
}
