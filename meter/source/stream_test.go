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

// Files of 35 MB and more, each in its own shape: what is held at any time is the
// series that comes out, twice over while it grows, and a few hundred kilobytes.
func TestStreaming(t *testing.T) {
	const size = 35 << 20
	begin := time.Date(2005, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	for name, c := range map[string]struct {
		head  string
		rows  func(b *bytes.Buffer, i int) // writes row i
		point string
	}{
		"one home, five-minute rows again and again": {head: "start,wh\n", rows: func(b *bytes.Buffer, i int) {
			fmt.Fprintf(b, "%s,%d\n", slots.Stamp(begin+int64(i%(3*366*288))*300), i%(3*366*288)%977)
		}},
		"newest first": {head: "Consumption (kwh), Start, End\n", rows: func(b *bytes.Buffer, i int) {
			at := begin + int64(600_000-i)*300
			fmt.Fprintf(b, "0.%03d, %s, %s\n", i%977, slots.Stamp(at), slots.Stamp(at+300))
		}},
		"many homes, of which one is read": {point: "MAC000007", head: lclHead, rows: func(b *bytes.Buffer, i int) {
			fmt.Fprintf(b, "MAC%06d,%s,0.%03d\n", i%50, wallText(begin+int64(i/50)*1800), i%977)
		}},
		"NEM12, a register after another": {head: "100,NEM12,200402020000,A,B\n", rows: func(b *bytes.Buffer, i int) {
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
		"Green Button": {head: strings.Split(espiFile("espi", espiWh, "@"), "@")[0], rows: func(b *bytes.Buffer, i int) {
			b.WriteString(strings.NewReplacer("<P:", "<espi:", "</P:", "</espi:").Replace(espiRead(begin+int64(i)*1800, 1800, strconv.Itoa(i%977), "")))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			i, written := 0, 0
			m := &made{}
			m.next = func(b *bytes.Buffer) bool {
				before := b.Len()
				if i == 0 {
					b.WriteString(c.head)
				}
				c.rows(b, i)
				i++
				written += b.Len() - before
				if written > size && strings.HasPrefix(name, "Green") {
					b.WriteString("</espi:IntervalBlock></content></entry></feed>")
				}
				return written <= size
			}
			defer debug.SetGCPercent(debug.SetGCPercent(20))
			m.look()
			base := m.peak
			f, err := Read(m, Options{Point: c.point})
			if err != nil {
				t.Fatal(err)
			}
			if m.size < size {
				t.Fatalf("read %d bytes", m.size)
			}
			held := int64(0)
			for _, s := range f.Series {
				held += int64(cap(s.Wh))*4 + int64(cap(s.Status))
			}
			peak := int64(m.peak - base)
			t.Logf("%d MB of text, %d slots: at most %d kB above the start, of which the series %d kB", m.size>>20, len(f.Series[0].Wh), peak>>10, held>>10)
			if limit := 2*held + 512<<10; peak > limit {
				t.Errorf("%d bytes of heap for a series of %d", peak, held)
			}
		})
	}
}
