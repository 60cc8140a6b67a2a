package server

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"hushwatt/prover"
)

// street is a server on a loopback port with month bills ready to be sent, each
// of another home.
type street struct {
	*town
	address string
	client  *http.Client
	bills   [][]byte
}

func newStreet(b *testing.B, n int) *street {
	w := newTown(b)
	s := &street{town: w, bills: make([][]byte, n)}
	homes := make([]*home, n)
	requests := make([]*prover.Request, n)
	for i := range n {
		homes[i] = w.home(fmt.Sprint("meter-", i), uint64(i%7), 31)
		requests[i] = w.ask(homes[i], 0, 31)
	}
	var wait sync.WaitGroup
	for k := range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := k; i < n; i += runtime.GOMAXPROCS(0) {
				s.bills[i] = w.answer(homes[i], requests[i]).Bytes()
			}
		})
	}
	wait.Wait()
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	h := w.server.HTTP()
	go h.Serve(l)
	b.Cleanup(func() { h.Close() })
	s.address = "http://" + l.Addr().String() + "/api/v1/bills"
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	return s
}

// post sends one bill over HTTP and returns how long its receipt took.
func (s *street) post(b *testing.B, bill []byte) time.Duration {
	began := time.Now()
	r, err := s.client.Post(s.address, BillType, bytes.NewReader(bill))
	if err != nil {
		b.Error(err)
		return 0
	}
	defer r.Body.Close()
	if data, err := io.ReadAll(r.Body); err != nil || r.StatusCode != http.StatusOK {
		b.Errorf("%d %s %v", r.StatusCode, data, err)
	}
	return time.Since(began)
}

func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	at := func(share int) float64 {
		return float64(took[min(len(took)-1, len(took)*share/1000)].Microseconds()) / 1000
	}
	b.ReportMetric(at(500), "p50-ms")
	b.ReportMetric(at(990), "p99-ms")
	b.ReportMetric(at(1000), "max-ms")
}

// BenchmarkSubmissions sends month bills over HTTP from 32 connections as fast as
// the server answers; every receipt is on the disk before it is sent. Client and
// server share the machine.
func BenchmarkSubmissions(b *testing.B) {
	s := newStreet(b, b.N)
	took := make([]time.Duration, b.N)
	next := make(chan int, b.N)
	for i := range b.N {
		next <- i
	}
	close(next)
	b.ResetTimer()
	var wait sync.WaitGroup
	for range 32 {
		wait.Go(func() {
			for i := range next {
				took[i] = s.post(b, s.bills[i])
			}
		})
	}
	wait.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "bills/s")
	report(b, took)
}

// BenchmarkSubmissionLatency sends month bills at a steady 150 a second, each at
// its time whether or not earlier ones were answered.
func BenchmarkSubmissionLatency(b *testing.B) {
	s := newStreet(b, b.N)
	took := make([]time.Duration, b.N)
	tick := time.NewTicker(time.Second / 150)
	defer tick.Stop()
	b.ResetTimer()
	var wait sync.WaitGroup
	for i := range b.N {
		<-tick.C
		wait.Go(func() { took[i] = s.post(b, s.bills[i]) })
	}
	wait.Wait()
	b.StopTimer()
	report(b, took)
}
