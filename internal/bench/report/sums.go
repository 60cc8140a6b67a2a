package main

import (
	"fmt"
	"math"
	"strings"
)

// Sizes of registries, ascending, and what was measured of each.
var registries = []string{"1000", "10000", "100000", "1000000"}

// arrival and after are what a meter costs in a slot when its record comes, and from
// the cut-off on, in µs.
func (m results) arrival(meters string) float64 {
	return m[key(native, "Growth/"+meters, "ns/arrival")] / 1e3
}

func (m results) after(meters string) float64 {
	return m[key(native, "Growth/"+meters, "ns/meter")] / 1e3
}

func (m results) both(meters string) float64 { return m.arrival(meters) + m.after(meters) }

// spread is the most against the least over all sizes of registries.
func spread(cost func(meters string) float64) float64 {
	least, most := math.Inf(1), 0.0
	for _, n := range registries {
		least, most = math.Min(least, cost(n)), math.Max(most, cost(n))
	}
	return most / least
}

// keepsUp is how many million meters a core keeps up with in half-hours.
func (m results) keepsUp(arrival float64) float64 { return 1800 / (arrival + m.after("1000000")) }

// intake is the arrival of a record with stream and database.
func (m results) intake() float64 { return m[key(native, "Intake", "ns/record")] / 1e3 }

func (m results) sumTargets() []target {
	return []target{
		{what: "bytes a meter sends a slot, at most", must: true, got: m[key(native, "Record", "B/longest")], limit: 250},
		{what: "bytes a meter sends a slot with masks, announcement and answer, at most", must: true, got: m[key(native, "Answer", "B/longest")], limit: 250},
		{what: "a meter's cost in a slot, from 1,000 to 1,000,000 meters, most against least", must: true, got: spread(m.both), limit: 1.5, unit: "×"},
		{what: "the same after the arrival", must: true, got: spread(m.after), limit: 1.5, unit: "×"},
		{what: "million meters whose half-hours one core keeps up with", got: m.keepsUp(m.arrival("1000000")), limit: 5, least: true, tried: triedSums},
		{what: "the same with message stream and database", got: m.keepsUp(m.intake()), limit: 5, least: true, tried: triedSums},
		{what: "check a slot's sum over 1,000 meters' commitments", got: m.ms(native, "CheckSlot/sum"), limit: 6, unit: " ms", tried: triedSums},
		{what: "check a slot's sum and squares over 1,000 meters' commitments", got: m.ms(native, "CheckSlot/sum+squares"), limit: 10, unit: " ms", tried: triedSums},
	}
}

const triedSums = "Done: identifier and commitments are read off a record without decoding it a second time; elements are added in place. What is left is the decoding of elements, one inverse square root each."

const sumsText = `
## Sums over many meters

A registry with squares, so that sum, mean and variance are released, of two authorities. *Arrival* is what an authority does when a record comes: decoding, the meter's place and signature, both commitments, and its share, which the last authority decrypts. *After* is the rest of the slot for each
meter: the record counted in, cut-off, presence, that authority's contribution, and the collector's check of the released sums against all commitments. Both are on one core and in memory, without message stream and database. A larger registry than 1,000 is made of 1,000 real meters and others with names, records and arrivals of their own, which repeat the commitments and shares of the real ones and are not signed; arrivals are measured on the real ones, which stand among the others. A million takes 1.6 GB of memory.

| meters | arrival | after | together |
|---:|---:|---:|---:|
`

const intakeText = `
With the rest of an authority's worker, a record takes %s µs to arrive: taken from the embedded stream, checked, stored in SQLite in batches of 512, acknowledged, with the stream's own work for it; what the stream does when meters publish is not in it. A core that does the arrivals
and the rest for 1,000,000 meters and more, an authority that is its own collector, keeps up with %s million meters a half-hour, and with stream and database, %s million.
`

// sums is what a sum costs, beside Prio3.
func (m results) sums(b *strings.Builder) {
	b.WriteString(sumsText)
	for _, n := range registries {
		fmt.Fprintf(b, "| %s | %s µs | %s µs | %s µs |\n", n, plain(m.arrival(n)), plain(m.after(n)), plain(m.both(n)))
	}
	us := func(name string) float64 { return m[key(native, name, "ns/op")] / 1e3 }
	fmt.Fprintf(b, intakeText, plain(m.intake()), plain(m.keepsUp(m.arrival("1000000"))), plain(m.keepsUp(m.intake())))
	b.WriteString("\n| the check of a released slot, 1,000 meters | |\n|---|---:|\n")
	fmt.Fprintf(b, "| sum | %s ms |\n| sum and squares | %s ms |\n", plain(m.ms(native, "CheckSlot/sum")), plain(m.ms(native, "CheckSlot/sum+squares")))

	b.WriteString("\nPrio3Sum of two aggregators, by circl, on the same readings with the same bound:\n\n| a reading | ours | Prio3Sum |\n|---|---:|---:|\n")
	fmt.Fprintf(b, "| a meter sends | %.0f bytes | %.0f bytes |\n", m[key(native, "CheckSlot/sum+squares", "B/record")], m[key(native, "Prio3Sum/shard", "B/record")])
	fmt.Fprintf(b, "| a meter works | %s µs | %s µs |\n", plain(us("Record")), plain(us("Prio3Sum/shard")))
	fmt.Fprintf(b, "| both authorities check it | %s µs | %s µs |\n", plain(us("Arrival/A1")+us("Arrival/A2")), plain(us("Prio3Sum/prepare")))
	fmt.Fprintf(b, "| it is added and the result checked | %s µs | %s µs |\n", plain(m.after("1000")), plain(us("Prio3Sum/aggregate")))
	b.WriteString(`
Ours is signed and encrypted, has the squares too, and the result is tied to what is billed. Prio3Sum is bare: what a meter sends would be encrypted for each aggregator and signed, the two send each other messages about each reading before they add it, and what is summed is what meters
claim, within the bound; in return it costs meters and aggregators less time. Its report is nonce, public share and both input shares.
`)
}
