package main

import (
	"fmt"
	"strings"
	"time"
)

const method = `# Benchmarks

Made by ` + "`make bench`" + ` on %s.
Machine: %s. Native numbers are of one core.

## Method

A made-up home's year of half-hours is sealed, its month is billed after the year's end, so a submission carries two heads. *Bill* is a tariff of three rates
rounded once with its tax, *lines* the same with every line rounded, *dynamic* half-hours that all have their own price. *Three blocks* rise at 120 and 270 kWh, under a minimum charge, *demand* is a charge for the highest half-hour of the month. *Verify* is everything that a supplier
does with the bytes of a bill: decoding, certificate, head, chain, coverage, prices' hash, claim, proof; the tariff is compiled once for all customers. The batch is
of 1,000 different bills, 20 each of 50 homes, at once. Bills are unasked; a request's signature is one Ed25519 check more. *Prove* is everything from opened readings
to the submission. *Open* checks every signature of the meter file and computes every seal again. The **baseline** has one Pedersen commitment per reading, 1,488 for
the month, and the same range proof in the same transcript over the same bill; its verifier decodes the commitments, adds them up with the prices as short scalars,
checks two signatures and hashes what the meter signs, but parses no message. Sealing is compared without signatures and chains on either side, the blindings derived
in the same way. *Cold* is the first time in a process, tables of the bases included.

Every number is the median of three runs of a second, by the clock. Ratios are between numbers of one run of ` + "`make bench`" + `. *Must* is a ratio or a size, which should hold on any machine; the run fails if one does not. *Goal* is a time, which depends on the machine. The numbers
move by a tenth or so from run to run, more on a machine that does other things.

`

// document is docs/benchmarks.md.
func (m results) document(machine string, targets []target) string {
	var b strings.Builder
	fmt.Fprintf(&b, method, time.Now().UTC().Format("2006-01-02"), machine)
	b.WriteString("## What must hold, and what is aimed for\n\n| | | measured | wanted | |\n|---|---|---:|---:|---|\n")
	for _, t := range targets {
		fmt.Fprintf(&b, "| %s | %s | %s%s | %s | **%s** |\n", t.sort(), t.what, plain(t.got), t.unit, t.bound(), t.verdict())
	}
	for _, t := range targets {
		if !t.must && !t.met() {
			fmt.Fprintf(&b, "\nMissed: %s. %s\n", t.what, t.tried)
		}
	}
	m.months(&b)
	m.device(&b)
	m.files(&b)
	m.sums(&b)
	b.WriteString("\n## What the cost depends on\n\n")
	for _, p := range plots {
		fmt.Fprintf(&b, "![%s](%s)\n", p.title, p.file)
		m.points(&b, p)
	}
	return b.String()
}

// months compares day seals with the baseline, and bills with each other.
func (m results) months(b *strings.Builder) {
	b.WriteString("\n## A month of half-hours, dynamic prices\n\n| | day seals | baseline | ratio |\n|---|---:|---:|---:|\n")
	row := func(what string, ours, theirs float64, unit string) {
		fmt.Fprintf(b, "| %s | %s%s | %s%s | %s |\n", what, plain(ours), unit, plain(theirs), unit, plain(theirs/ours))
	}
	verify := m.ms(native, "Baseline/verify")
	row("seal", m[key(native, seal, "µs/seals")]/1000, m[key(native, seal, "µs/baseline")]/1000, " ms")
	row("submission", m.bytes("Prove/dynamic"), m.bytes("Baseline/prove"), " bytes")
	row("prove", m.ms(native, "Prove/dynamic"), m.ms(native, "Baseline/prove"), " ms")
	row("verify one", m.ms(native, "Verify/dynamic"), verify, " ms")
	row("verify in a batch, a bill", m.perBill("Batch"), m.perBill("Baseline/batch"), " ms")
	row("batch against one by one", m.perBill("Batch"), verify, " ms")

	b.WriteString("\n| native | submission | prove | verify |\n|---|---:|---:|---:|\n")
	for _, k := range [][2]string{{"bill", "bill"}, {"line3", "lines"}, {"dynamic", "dynamic"}, {"blocks", "three blocks, minimum charge"}, {"demand", "demand, every half-hour"}} {
		fmt.Fprintf(b, "| %s | %.0f bytes | %s ms | %s ms |\n", k[1], m.bytes("Prove/"+k[0]),
			plain(m.ms(native, "Prove/"+k[0])), plain(m.ms(native, "Verify/"+k[0])))
	}
	fmt.Fprintf(b, "| dynamic, a year | %.0f bytes | %s ms | %s ms |\n", m.bytes("Days/prove/365"),
		plain(m.ms(native, "Days/prove/365")), plain(m.ms(native, "Verify/year")))
}

// device is what a customer waits for.
func (m results) device(b *strings.Builder) {
	b.WriteString("\n## On the customer's device\n\n| | native | wasm |\n|---|---:|---:|\n")
	row := func(what string, v func(platform string) float64) {
		fmt.Fprintf(b, "| %s | %s ms | %s ms |\n", what, plain(v(native)), plain(v(wasm)))
	}
	warm := func(name string) func(string) float64 {
		return func(platform string) float64 { return m.ms(platform, name) }
	}
	cold := func(unit string) func(string) float64 {
		return func(platform string) float64 { return m[key(platform, "ColdStart", unit)] / 1e6 }
	}
	row("open and check a month", warm("Open"))
	row("open and check a month, cold", cold("ns/open"))
	row("prove, bill", warm("Prove/bill"))
	row("prove, bill, cold (after opening)", cold("ns/prove"))
	row("prove, lines of three rates", warm("Prove/line3"))
	row("prove, dynamic", warm("Prove/dynamic"))
	row("prove, three blocks, minimum charge", warm("Prove/blocks"))
	row("prove, demand, every half-hour", warm("Prove/demand"))
	row("compile a year of half-hourly prices", warm("Compile"))
}

// files is what reading files that no meter has sealed costs.
func (m results) files(b *strings.Builder) {
	fmt.Fprintf(b, `
## Files that no meter has sealed

A year of five-minute readings in NEM12 is read in %s ms, native.

A file that holds the same three years of five-minute rows over and over, so that the series that comes out is always the same; heap in use at most, above what was before, looked at every half megabyte after a garbage collection.

| file | heap | of which the series |
|---|---:|---:|
`, plain(m.ms(native, "ReadNEM12Year")))
	for _, mb := range []string{"35", "140"} {
		fmt.Fprintf(b, "| %s MB | %.0f kB | %.0f kB |\n", mb, m[key(native, heap+mb, "B/peak")]/1000, m[key(native, heap+mb, "B/series")]/1000)
	}
}

// points is a plot as numbers.
func (m results) points(b *strings.Builder, p plot) {
	fmt.Fprintf(b, "\n| %s | prove | verify | submission |\n|---:|---:|---:|---:|\n", p.axis)
	for _, x := range m.along(p.name) {
		at := fmt.Sprintf("/%d", x)
		fmt.Fprintf(b, "| %d | %s ms | %s ms | %.0f bytes |\n", x, plain(m.ms(native, p.name+"/prove"+at)),
			plain(m.ms(native, p.name+"/verify"+at)), m.bytes(p.name+"/prove"+at))
	}
	b.WriteString("\n")
}
