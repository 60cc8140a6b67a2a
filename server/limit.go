package server

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// maxBuckets bounds the memory of a limiter.
const maxBuckets = 10_000

// limiter is a token bucket for each address; addresses of IPv6 count by their
// /64. When there are too many, newcomers share one bucket.
type limiter struct {
	mu      sync.Mutex
	rate    float64 // a second; 0 for no limit
	burst   float64
	now     func() time.Time
	buckets map[netip.Prefix]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newLimiter(rate, burst float64, now func() time.Time) *limiter {
	return &limiter{rate: rate, burst: burst, now: now, buckets: map[netip.Prefix]*bucket{}}
}

// allow takes one token of an address, host:port or host, if there is one.
func (l *limiter) allow(address string) bool {
	if l.rate <= 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b := l.bucket(prefixOf(address), now)
	b.tokens = min(l.burst, b.tokens+l.rate*max(0, now.Sub(b.at).Seconds()))
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

func (l *limiter) bucket(p netip.Prefix, now time.Time) *bucket {
	if b := l.buckets[p]; b != nil {
		return b
	}
	if len(l.buckets) >= maxBuckets {
		l.sweep(now)
	}
	if len(l.buckets) >= maxBuckets {
		p = netip.Prefix{}
		if b := l.buckets[p]; b != nil {
			return b
		}
	}
	b := &bucket{tokens: l.burst, at: now}
	l.buckets[p] = b
	return b
}

// sweep forgets buckets that are full again.
func (l *limiter) sweep(now time.Time) {
	for p, b := range l.buckets {
		if b.tokens+l.rate*now.Sub(b.at).Seconds() >= l.burst {
			delete(l.buckets, p)
		}
	}
}

func prefixOf(address string) netip.Prefix {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	p, _ := ip.Prefix(bits)
	return p
}

// limited refuses requests of an address that sends too many.
func (s *Server) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.limits.allow(r.RemoteAddr) {
			entryOf(r.Context()).route = "none"
			s.turnAway(w, r, problem(http.StatusTooManyRequests, "too many requests from this address").with("Retry-After", "1"))
			return
		}
		next.ServeHTTP(w, r)
	})
}
