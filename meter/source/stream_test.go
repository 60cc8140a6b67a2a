package source

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"hushwatt/meter/slots"
)

// made is a file that is written while it is read, so that the test itself holds
// none of it.
type made struct {
	next func(b *bytes.Buffer) bool // writes some more, false at the end
	buf  bytes.Buffer
	size int64
	peak uint64
}

func (m *made) Read(p []byte) (int, error) {
	for m.buf.Len() < len(p) && m.next != nil {
		if !m.next(&m.buf) {
			m.next = nil
		}
	}
	n, err := m.buf.Read(p)
	if before := m.size >> 19; (m.size+int64(n))>>19 != before {
		m.look() // every half megabyte
	}
	m.size += int64(n)
	return n, err
}

// look remembers the highest heap in use, after what is garbage has gone.
func (m *made) look() {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	m.peak = max(m.peak, stats.HeapAlloc)
}

// A shape is a kind of long file.
type shape struct {
	name, head, end string
	rows            func(b *bytes.Buffer, i int) // writes row i
	point           string
}

// begin is 2005-01-01 as Unix seconds.
const begin = 1104537600

func shapes() []shape {
	return []shape{
		{name: "one home, five-minute rows again and again", head: "start,wh\n", rows: func(b *bytes.Buffer, i int) {
			fmt.Fprintf(b, "%s,%d\n", slots.Stamp(begin+int64(i%(3*366*288))*300), i%(3*366*288)%977)
		}},
		{name: "newest first", head: "Consumption (kwh), Start, End\n", rows: func(b *bytes.Buffer, i int) {
			at := begin + int64(600_000-i)*300
			fmt.Fprintf(b, "0.%03d, %s, %s\n", i%977, slots.Stamp(at), slots.Stamp(at+300))
		}},
		{name: "many homes, of which one is read", point: "MAC000007", head: lclHead, rows: func(b *bytes.Buffer, i int) {
			fmt.Fprintf(b, "MAC%06d,%s,0.%03d\n", i%50, wallText(begin+int64(i/50)*1800), i%977)
		}},
		{name: "NEM12, a register after another", head: "100,NEM12,200402020000,A,B\n", rows: func(b *bytes.Buffer, i int) {
			if i%1500 == 0 {
				fmt.Fprintf(b, "200,NMI%07d,E1B1,E1,E1,N1,S1,kWh,5,\n", i/1500)
			}
			b.WriteString("300," + time.Unix(begin+int64(i%1500)*secondsPerDay, 0).UTC().Format("20060102"))
			for k := range 288 {
				b.WriteString(",0.")
				b.WriteString(strconv.Itoa(100 + (i+k)%877))
			}
			b.WriteString(",A,,,20260101000000,\n")
		}, point: "NMI0000002"},
		{name: "Green Button", head: strings.Split(espiFile("espi", espiWh, "@"), "@")[0], end: "</espi:IntervalBlock></content></entry></feed>",
			rows: func(b *bytes.Buffer, i int) {
				b.WriteString(strings.NewReplacer("<P:", "<espi:", "</P:", "</espi:").Replace(espiRead(begin+int64(i)*1800, 1800, strconv.Itoa(i%977), "")))
			}},
	}
}

// read reads a file of this shape and of so many bytes. It returns the file, and how
// much heap was in use at most, above what was before, and for the series alone.
func (s *shape) read(t testing.TB, size int) (f *File, peak, held int64) {
	i, written := 0, 0
	m := &made{}
	m.next = func(b *bytes.Buffer) bool {
		before := b.Len()
		if i == 0 {
			b.WriteString(s.head)
		}
		s.rows(b, i)
		i++
		if written += b.Len() - before; written > size {
			b.WriteString(s.end)
		}
		return written <= size
	}
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	m.look()
	base := m.peak
	f, err := Read(m, Options{Point: s.point})
	if err != nil {
		t.Fatal(err)
	}
	if m.size < int64(size) {
		t.Fatalf("read %d bytes", m.size)
	}
	for _, s := range f.Series {
		held += int64(cap(s.Wh))*4 + int64(cap(s.Status))
	}
	return f, int64(m.peak - base), held
}

// Files of 35 MB and more, each in its own shape: what is held at any time is the
// series that comes out, twice over while it grows, and a few hundred kilobytes.
func TestStreaming(t *testing.T) {
	if testing.Short() {
		t.Skip("LEFT OUT with -short; make unit runs it")
	}
	for _, s := range shapes() {
		t.Run(s.name, func(t *testing.T) {
			const size = 35 << 20
			f, peak, held := s.read(t, size)
			t.Logf("%d MB of text, %d slots: at most %d kB above the start, of which the series %d kB", size>>20, len(f.Series[0].Wh), peak>>10, held>>10)
			if limit := 2*held + 512<<10; peak > limit {
				t.Errorf("%d bytes of heap for a series of %d", peak, held)
			}
		})
	}
}

// BenchmarkStreamHeap is the heap that a file takes while it is read, for one that
// holds the same three years of a home over and over: it must not depend on how often.
func BenchmarkStreamHeap(b *testing.B) {
	for _, mb := range []int{35, 140} {
		b.Run(strconv.Itoa(mb), func(b *testing.B) {
			var peak, held int64
			for b.Loop() {
				_, peak, held = shapes()[0].read(b, mb<<20)
			}
			b.ReportMetric(float64(peak), "B/peak")
			b.ReportMetric(float64(held), "B/series")
		})
	}
}
