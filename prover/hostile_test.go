package prover

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"hushwatt/meter"
	"hushwatt/prover/ristretto"
)

// everywhere runs f(0) … f(n−1) on all processors. Under wasm, which has one and
// is several times slower, it takes every 51st: the code is the same, and 51 meets
// every kind of change.
func everywhere(t *testing.T, n int, f func(i int) error) {
	t.Helper()
	step, workers := 1, runtime.NumCPU()
	if runtime.GOARCH == "wasm" {
		step, workers = 51, 1
		t.Logf("wasm: %d cases of %d", n/step, n)
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w * step; i < n; i += workers * step {
				if err := f(i); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
}

// notAccepted checks a bill and wants a *Refusal, whose reason it returns; a panic
// is an error too.
func notAccepted(data []byte, c Checks) (why string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	_, refused := VerifyBill(data, c)
	switch why = reason(refused); {
	case why == "":
		return why, errors.New("accepted")
	case !slices.Contains(reasons, Reason(why)):
		return why, errors.New(why)
	}
	return why, nil
}

func oneDay(t *testing.T) ([]byte, Checks) {
	h := newHouse(t, setup{n: 24, days: 2, seed: 50})
	plan := dynamicPlan(terms(january, 1, MeterSlots{Meter: "meter-1", N: 24}), []int{0}, 7)
	data := must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader)).Bytes()
	if _, err := VerifyBill(data, h.checks(plan)); err != nil {
		t.Fatal(err)
	}
	return data, h.checks(plan)
}

func TestEveryBitFlip(t *testing.T) {
	data, checks := oneDay(t)
	t.Logf("%d bits", 8*len(data))
	everywhere(t, 8*len(data), func(i int) error {
		bent := bytes.Clone(data)
		bent[i/8] ^= 1 << (i % 8)
		if _, err := notAccepted(bent, checks); err != nil {
			return fmt.Errorf("bit %d of byte %d flipped: %w", i%8, i/8, err)
		}
		return nil
	})
}

func TestEveryTruncation(t *testing.T) {
	data, checks := oneDay(t)
	everywhere(t, len(data), func(i int) error {
		if _, err := notAccepted(data[:i], checks); err != nil {
			return fmt.Errorf("cut to %d bytes: %w", i, err)
		}
		return nil
	})
	if _, err := notAccepted(append(bytes.Clone(data), 0), checks); err != nil {
		t.Errorf("a byte more: %v", err)
	}
}

// TestManyEmptySegments: what a message makes us allocate follows from its length,
// not from the counts in it, before anything is known of who sent it.
func TestManyEmptySegments(t *testing.T) {
	const count = maxSubmissionSize - 100
	s := Submission{Outputs: make([]Output, 1)}
	b := s.Bytes()
	b = append(b[:len(b)-2], 0x9a, count>>24, count>>16&0xff, count>>8&0xff, count&0xff)
	b = append(append(b, bytes.Repeat([]byte{0x80}, count)...), 0x40)

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := ParseSubmission(b); err == nil {
		t.Error("accepted")
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > uint64(len(b)) {
		t.Errorf("%d bytes allocated for %d", got, len(b))
	}
}

// forgery is a month's bill being mutated, beside another honest one of the same
// home and month, from which parts can be taken, and one of another home.
type forgery struct {
	rng    *mrand.Rand
	bill   *Bill
	others []*Bill
}

func (f *forgery) segment() *meter.Segment { return &f.bill.Submission.Segments[0] }

func (f *forgery) other() *Bill { return f.others[f.rng.IntN(len(f.others))] }

// pick returns the offset of one of the 32-byte words of b.
func (f *forgery) pick(b []byte) int { return 32 * f.rng.IntN(len(b)/32) }

// disturb changes bytes in one of many ways.
func (f *forgery) disturb(b []byte) []byte {
	if len(b) == 0 {
		return []byte{byte(f.rng.Uint32())}
	}
	i := f.rng.IntN(len(b))
	switch f.rng.IntN(8) {
	case 0:
		b[i] ^= 1 << f.rng.IntN(8)
	case 1:
		b[i] = byte(f.rng.Uint32())
	case 2:
		b[i]++
	case 3:
		return slices.Delete(b, i, i+1)
	case 4:
		return slices.Insert(b, i, byte(f.rng.Uint32()))
	case 5:
		clear(b[i:min(len(b), i+32)])
	case 6:
		j := f.rng.IntN(len(b))
		b[i], b[j] = b[j], b[i]
	case 7:
		for k := range b[i:min(len(b), i+32)] {
			b[i+k] = 0xff
		}
	}
	return b
}

// mutations are the ways in which a submission is bent; each keeps the encoding
// canonical, so that the checks behind the decoder are the ones that must refuse.
var mutations = []func(*forgery){
	// proof: words of 32 bytes replaced, exchanged, moved by a point, carried over
	func(f *forgery) { f.bill.Submission.Proof = f.disturb(f.bill.Submission.Proof) },
	func(f *forgery) {
		p := f.bill.Submission.Proof
		i, j := f.pick(p), f.pick(p)
		w := bytes.Clone(p[i : i+32])
		copy(p[i:i+32], p[j:j+32])
		copy(p[j:], w)
	},
	func(f *forgery) { // a valid element or scalar of another proof in the same place
		p, q := f.bill.Submission.Proof, f.other().Submission.Proof
		i := f.pick(p)
		copy(p[i:i+32], q[i:i+32])
	},
	func(f *forgery) {
		p, q := f.bill.Submission.Proof, f.other().Submission.Proof
		i := f.pick(p)
		copy(p[i:], q[i:])
	},
	func(f *forgery) { // the element plus G, or the scalar plus 1
		p := f.bill.Submission.Proof
		i := f.pick(p)
		if e := ristretto.NewElement(); e.Decode(p[i:i+32]) == nil {
			copy(p[i:], e.Add(e, ristretto.G().Element()).Bytes())
		}
	},
	func(f *forgery) {
		p := f.bill.Submission.Proof
		var s, unit ristretto.Scalar
		i := f.pick(p)
		if s.SetCanonical(p[i:i+32]) == nil {
			copy(p[i:], s.Add(&s, unit.SetUint64(1)).Bytes())
		}
	},
	func(f *forgery) { // a whole number of words too few or too many
		p := f.bill.Submission.Proof
		if i := f.pick(p); f.rng.IntN(2) == 0 {
			f.bill.Submission.Proof = slices.Delete(p, i, i+32)
		} else {
			f.bill.Submission.Proof = slices.Insert(p, i, p[i:i+32]...)
		}
	},
	// what is revealed, and names
	func(f *forgery) {
		o := &f.bill.Submission.Outputs[0]
		o[f.rng.IntN(16)] ^= byte(1 + f.rng.IntN(255))
	},
	func(f *forgery) { f.bill.Submission.Outputs = append(f.bill.Submission.Outputs, Output{}) },
	func(f *forgery) { f.bill.Submission.ID[f.rng.IntN(16)] ^= byte(1 + f.rng.IntN(255)) },
	func(f *forgery) { f.bill.Submission.Request[f.rng.IntN(32)] ^= byte(1 + f.rng.IntN(255)) },
	// one field of another honest bill
	func(f *forgery) { f.bill.Submission.Proof = bytes.Clone(f.other().Submission.Proof) },
	func(f *forgery) { f.bill.Submission.ID = f.other().Submission.ID },
	func(f *forgery) { f.bill.Submission.Segments = f.others[1].Submission.Segments },
	func(f *forgery) { f.segment().Certificate = f.others[1].Submission.Segments[0].Certificate },
	func(f *forgery) { _, f.segment().StateHead = f.others[1].Submission.Segments[0].Heads() },
	func(f *forgery) { _, f.segment().StateHead = f.segment().Heads() }, // said twice
	// segment
	func(f *forgery) { f.segment().Seals = f.disturb(f.segment().Seals) },
	func(f *forgery) { f.segment().Statuses = f.disturb(f.segment().Statuses) },
	func(f *forgery) { f.segment().Before = f.disturb(f.segment().Before) },
	func(f *forgery) { // two days exchanged, seals and statuses
		s := f.segment()
		i, j := f.pick(s.Seals), f.pick(s.Seals)
		w := bytes.Clone(s.Seals[i : i+32])
		copy(s.Seals[i:i+32], s.Seals[j:j+32])
		copy(s.Seals[j:], w)
	},
	func(f *forgery) { // a seal plus a slot base, with the proof as it is
		s := f.segment()
		i := f.pick(s.Seals)
		if e := ristretto.NewElement(); e.Decode(s.Seals[i:i+32]) == nil {
			copy(s.Seals[i:], e.Add(e, ristretto.Slots(48)[f.rng.IntN(48)].Element()).Bytes())
		}
	},
	func(f *forgery) { // a day less, at either end
		s := f.segment()
		if f.rng.IntN(2) == 0 {
			s.Seals, s.Statuses, s.First = s.Seals[32:], s.Statuses[24:], s.First+1
		} else {
			s.Seals, s.Statuses = s.Seals[:len(s.Seals)-32], s.Statuses[:len(s.Statuses)-24]
		}
	},
	func(f *forgery) { // a day more
		s := f.segment()
		s.Seals, s.Statuses = append(s.Seals, s.Seals[:32]...), append(s.Statuses, s.Statuses[:24]...)
	},
	func(f *forgery) { f.segment().First += uint16(1 + f.rng.IntN(1000)) },
	func(f *forgery) { f.segment().Epoch += 1 + f.rng.Uint32N(5) },
	func(f *forgery) { f.segment().N = []uint16{0, 24, 49, 96, 144, 288}[f.rng.IntN(6)] },
	func(f *forgery) { f.segment().From += 1 + f.rng.Uint32N(5) },
	func(f *forgery) {
		s := f.segment()
		s.Corrections = append(s.Corrections, meter.Correction{Day: january + 3, Version: 1 + f.rng.Uint32N(2), Reason: meter.Fault,
			Seals: bytes.Clone(s.Seals[:32]), Statuses: bytes.Clone(s.Statuses[:24])})
	},
	func(f *forgery) { f.bill.Submission.Segments = append(f.bill.Submission.Segments, *f.segment()) },
	func(f *forgery) {
		f.bill.Submission.Segments = append(f.bill.Submission.Segments, f.others[1].Submission.Segments[0])
	},
	// certificate and heads
	func(f *forgery) { c := &f.segment().Certificate; c.Cap = f.rng.Uint32N(1 << 20) },
	func(f *forgery) { c := &f.segment().Certificate; c.Last += uint16(1 + f.rng.IntN(9)) },
	func(f *forgery) { c := &f.segment().Certificate; c.Channels ^= byte(1 + f.rng.IntN(3)) },
	func(f *forgery) { c := &f.segment().Certificate; c.Squares = true },
	func(f *forgery) { c := &f.segment().Certificate; c.Meter = "meter-2" },
	func(f *forgery) { c := &f.segment().Certificate; c.Key = f.disturb(bytes.Clone(c.Key)) },
	func(f *forgery) { c := &f.segment().Certificate; c.Signature = f.disturb(bytes.Clone(c.Signature)) },
	func(f *forgery) { f.head(func(h *meter.Head) { h.Day += uint16(1 + f.rng.IntN(5)) }) },
	func(f *forgery) { f.head(func(h *meter.Head) { h.DayTip = f.disturb(bytes.Clone(h.DayTip)) }) },
	func(f *forgery) { f.head(func(h *meter.Head) { h.Signature = f.disturb(bytes.Clone(h.Signature)) }) },
	func(f *forgery) { f.head(func(h *meter.Head) { h.Corrections += 1 + f.rng.Uint32N(3) }) },
	// request, with and without its hash following
	func(f *forgery) {
		f.request(func(r *Request) { r.Weights[f.rng.IntN(32)] ^= byte(1 + f.rng.IntN(255)) })
	},
	func(f *forgery) {
		f.request(func(r *Request) {
			r.Terms.Tariffs = [][32]byte{{byte(f.rng.Uint32()), byte(f.rng.Uint32()), 1}}
		})
	},
	func(f *forgery) {
		f.request(func(r *Request) { r.Terms.Period.End -= 1800 * (1 + f.rng.Int64N(1400)) })
	},
	func(f *forgery) {
		f.request(func(r *Request) { r.Terms.Period.Start += 1800 * (1 + f.rng.Int64N(1400)) })
	},
	func(f *forgery) { f.request(func(r *Request) { r.Terms.Policy.Missing = PolicyExclude }) },
	func(f *forgery) { f.request(func(r *Request) { r.Terms.Stage = StageNet }) },
	func(f *forgery) {
		f.request(func(r *Request) {
			r.Terms.Mode = []string{"half-down", "half-even", "half-away", "up", "down"}[f.rng.IntN(5)]
		})
	},
	func(f *forgery) { f.request(func(r *Request) { r.Terms.TZ = "2013a" }) },
	func(f *forgery) { f.request(func(r *Request) { r.Terms.Meters[0].N = 24 }) },
}

// head bends the period head, or adds a state head that is the period head bent.
func (f *forgery) head(bend func(*meter.Head)) {
	s := f.segment()
	if f.rng.IntN(2) == 0 {
		bend(&s.PeriodHead)
		return
	}
	_, state := s.Heads()
	if h, err := meter.ParseHead(state); err == nil { // not bent before
		bend(h)
		s.StateHead = h.Bytes()
	}
}

func (f *forgery) request(bend func(*Request)) {
	bend(f.bill.Request)
	if f.rng.IntN(4) != 0 {
		f.bill.Submission.Request = f.bill.Request.Hash()
	}
}

// rawBytes bends the encoded bytes themselves.
func (f *forgery) rawBytes(b []byte) []byte {
	for range 1 + f.rng.IntN(3) {
		b = f.disturb(b)
	}
	return b
}

func TestTwentyThousandMutations(t *testing.T) {
	h, plan := houseAndPlan(t, 51)
	stranger := newHouse(t, setup{days: 31, seed: 52, authority: h.authority})
	answer := func(h *house) []byte {
		return must(Answer(nil, plan, []*meter.Opened{h.opened}, rand.Reader)).Bytes()
	}
	original, again, theirs := answer(h), answer(h), answer(stranger)
	checks := h.checks(plan)
	honest := [][]byte{original, again, theirs}
	for _, b := range honest {
		if _, err := VerifyBill(b, checks); err != nil {
			t.Fatal(err)
		}
	}
	const count = 20_000
	var mu sync.Mutex
	seen := map[string]int{}
	everywhere(t, count, func(i int) error {
		rng := mrand.New(mrand.NewPCG(51, uint64(i)))
		f := &forgery{rng: rng}
		var bent []byte
		for len(bent) == 0 || slices.ContainsFunc(honest, func(b []byte) bool { return bytes.Equal(b, bent) }) {
			f.bill = must(ParseBill(original))
			f.others = []*Bill{must(ParseBill(again)), must(ParseBill(theirs))}
			if bent = nil; i%20 == 19 {
				bent = f.rawBytes(bytes.Clone(original))
				continue
			}
			mutations[i%len(mutations)](f)
			if rng.IntN(4) == 0 { // a second one on top, which must not undo the first
				mutations[rng.IntN(len(mutations))](f)
			}
			bent = f.bill.Bytes()
		}
		why, err := notAccepted(bent, checks)
		if err != nil {
			return fmt.Errorf("mutation %d (kind %d): %w\n%s", i, i%len(mutations), err, excerpt(bent))
		}
		mu.Lock()
		seen[why]++
		mu.Unlock()
		return nil
	})
	t.Logf("%d kinds of mutation; refused as %v", len(mutations), seen)
}

func excerpt(b []byte) string {
	s := hex.EncodeToString(b)
	return s[:min(len(s), 400)] + strings.Repeat("…", min(1, len(s)/400))
}
