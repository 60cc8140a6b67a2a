package bench

import (
	"os"
	"path/filepath"
	"testing"

	"hushwatt/meter"
)

// A device that has just started has no tables of the group's bases yet. That can
// be measured once in a process, in one that has not sealed anything itself: a
// first process leaves a meter file and its key in the folder of the environment
// variable, a second one opens it and proves a bill.
const folder = "HUSHWATT_BENCH_FOLDER"

func BenchmarkColdPrepare(b *testing.B) {
	dir := os.Getenv(folder)
	if dir == "" {
		b.Skip(folder, " is not set: the cold start is not prepared")
	}
	h := newHome(b, 1, 48, month)
	key, err := h.key.File()
	must(b, err)
	must(b, os.WriteFile(filepath.Join(dir, "month.hushwatt"), h.export, 0o600))
	must(b, os.WriteFile(filepath.Join(dir, "month.key"), key, 0o600))
}

func BenchmarkColdStart(b *testing.B) {
	dir := os.Getenv(folder)
	if dir == "" {
		b.Skip(folder, " is not set: the cold start is not measured")
	}
	if b.N > 1 {
		b.Fatal("a process starts once: -benchtime 1x")
	}
	export, err := os.ReadFile(filepath.Join(dir, "month.hushwatt"))
	must(b, err)
	file, err := os.ReadFile(filepath.Join(dir, "month.key"))
	must(b, err)
	key, err := meter.ParseKey(file)
	must(b, err)
	h := &home{name: "1900011354301", n: 48}
	p := h.plan(b, rates(3, "bill"), month)
	open := elapsed(func() { h.opened = openExport(b, export, key) })
	prove := elapsed(func() { h.answer(b, p) })
	b.ReportMetric(float64(open.Nanoseconds()), "ns/open")
	b.ReportMetric(float64(prove.Nanoseconds()), "ns/prove")
}
