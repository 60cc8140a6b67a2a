package main

import (
	"fmt"
	"math"
)

// A target is a number that must be reached (a ratio or a size, the same on every
// machine) or is aimed for (a time).
type target struct {
	what        string
	must        bool
	got, limit  float64
	least       bool // limit is the least that will do, not the most
	unit, tried string
}

// met is false for what was not measured: a missing number counts as 0.
func (t target) met() bool {
	if !(t.got > 0) || math.IsInf(t.got, 1) {
		return false
	}
	if t.least {
		return t.got >= t.limit
	}
	return t.got <= t.limit
}

func (t target) verdict() string {
	if t.met() {
		return "MET"
	}
	return "MISSED"
}

func (t target) sort() string {
	if t.must {
		return "must"
	}
	return "goal"
}

func (t target) bound() string {
	sign := "≤"
	if t.least {
		sign = "≥"
	}
	return fmt.Sprintf("%s %s%s", sign, plain(t.limit), t.unit)
}

func (t target) String() string {
	return fmt.Sprintf("%-6s %s  %s: %s%s (%s)", t.verdict(), t.sort(), t.what, plain(t.got), t.unit, t.bound())
}

// plain writes a number with about three digits.
func plain(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// ms, bytes and perBill are measured values.
func (m results) ms(platform, name string) float64 { return m[key(platform, name, "ns/op")] / 1e6 }

func (m results) bytes(name string) float64 { return m[key(native, name, "bytes")] }

func (m results) perBill(name string) float64 { return m[key(native, name, "ns/bill")] / 1e6 }

const (
	seal = "SealAgainstBaseline"
	heap = "StreamHeap/"
)

func (m results) targets() []target {
	verify := m.ms(native, "Verify/dynamic")
	baseline := m.ms(native, "Baseline/verify")
	list := []target{
		{what: "bytes of a month's submission, dynamic prices", must: true, got: m.bytes("Prove/dynamic"), limit: 6000},
		{what: "bytes of a month's submission, ten rates, stage line", must: true, got: m.bytes("Functionals/prove/10"), limit: 6000},
		{what: "verify one bill, times faster than the baseline", must: true, got: baseline / verify, limit: 3, least: true, unit: "×"},
		{what: "verify 1,000 bills at once, times faster than the baseline one by one", must: true, got: baseline / m.perBill("Batch"), limit: 8, least: true, unit: "×"},
		{what: "seal a month, times cheaper than the baseline", must: true,
			got: m[key(native, seal, "µs/baseline")] / m[key(native, seal, "µs/seals")], limit: 8, least: true, unit: "×"},
		{what: "verify a year, in months", must: true, got: m.ms(native, "Verify/year") / verify, limit: 4, unit: "×"},
		{what: "verify one rounded bill", got: verify, limit: 2.2, unit: " ms", tried: triedVerify},
		{what: "bills a second and core in a batch of 1,000", got: 1000 / m.perBill("Batch"), limit: 1800, least: true, tried: triedVerify},
		{what: "compile a year of half-hourly prices", got: m.ms(native, "Compile"), limit: 5, unit: " ms", tried: triedCompile},
		{what: "open and check a month, wasm", got: m.ms(wasm, "Open"), limit: 20, unit: " ms", tried: triedOpen},
	}
	list = append(list,
		target{what: "bytes of a month's submission, three blocks and a minimum charge", must: true, got: m.bytes("Prove/blocks"), limit: 7000},
		target{what: "prove, three blocks and a minimum charge, wasm", got: m.ms(wasm, "Prove/blocks"), limit: 80, unit: " ms", tried: triedRules},
		target{what: "verify three blocks and a minimum charge", got: m.ms(native, "Verify/blocks"), limit: 4, unit: " ms", tried: triedRules},
		target{what: "bytes of a month's submission, demand over 1,488 half-hours", must: true, got: m.bytes("Prove/demand"), limit: 18000},
		target{what: "prove, demand over 1,488 half-hours, wasm", got: m.ms(wasm, "Prove/demand"), limit: 250, unit: " ms", tried: triedRules},
		target{what: "prove demand over 1,488 half-hours, times faster than an aggregated Bulletproof of the ranges alone", must: true,
			got: m[key(native, "DemandBulletproof", "ms/all")] / m.ms(native, "Prove/demand"), limit: 20, least: true, unit: "×"},
		target{what: "verify demand over 1,488 half-hours", got: m.ms(native, "Verify/demand"), limit: 12, unit: " ms", tried: triedRules})
	for i, platform := range []string{native, wasm} {
		limit := []float64{10, 40}[i]
		bill := m.ms(platform, "Prove/bill")
		list = append(list,
			target{what: "prove, stage bill, " + platform, got: bill, limit: limit, unit: " ms", tried: triedProve},
			target{what: "prove, dynamic prices, " + platform, got: m.ms(platform, "Prove/dynamic"), limit: limit, unit: " ms", tried: triedProve},
			target{what: "prove, three rates, stage line, against stage bill, " + platform, got: m.ms(platform, "Prove/line3") / bill, limit: 4, unit: "×", tried: triedProve})
	}
	list = append(list,
		target{what: "heap to read a file of 140 MB, against one of 35 MB with the same series", must: true,
			got: m[key(native, heap+"140", "B/peak")] / m[key(native, heap+"35", "B/peak")], limit: 1.1, unit: "×"},
		target{what: "read a year of five-minute NEM12", got: m.ms(native, "ReadNEM12Year"), limit: 250, unit: " ms", tried: triedRead})
	return append(list, m.sumTargets()...)
}

// What was tried for a goal, to be said where it is missed.
const (
	triedVerify = "Done: one multi-scalar multiplication for all equations of all bills, fixed bases merged; seals decoded once and their encodings kept; " +
		"prices hashed once a batch; inverses of challenges in variable time; rows and seals not copied. What is left, by profile: a quarter each is the decoding " +
		"of about sixty elements (an inverse square root each) and the multiplication, an eighth the two Ed25519 signatures, which do not merge, " +
		"the rest scalars, sponge, memory and messages, none above a tenth. Faster field arithmetic would help all of it; " +
		"batches of proofs alone, without certificates, chains and messages, take about 60 % of the time."
	triedCompile = "Prices are looked up by slot, in integers, with one pass for the greatest common divisor."
	triedOpen    = "Tables of the slot bases are kept; the rest is one signature a day and one sum of 48 short multiplications a day, in constant time."
	triedRules   = "Done: thresholds over one sum share their ranges; a minimum at the end of a bill is proven with the amount, without a secret; equal sums of readings are committed to once; " +
		"what is looked at in every slot is written in digits. Bounds follow from the certified cap."
	triedRead  = "Rows are read as they come and cut in place; numbers are read as integers."
	triedProve = "Done: the fold works on rows, not on single readings; tables of all fixed bases are kept; inverses of challenges in variable time. What is secret stays constant time."
)
