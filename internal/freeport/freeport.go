// Package freeport gives tests an address that they can name before anybody listens
// there, and that stays theirs while a server is killed and started again. A port that
// the system picks is not that: once let go it may be picked for any other
// connection. For tests only.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Ports below those that Linux (32768 and up) and others (49152 and up) pick from.
const first, last = 20000, 32000

// Address returns a loopback address, host:port, on which nobody listens.
func Address(t testing.TB) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprint("127.0.0.1:", first+rand.IntN(last-first))
		if l, err := net.Listen("tcp", address); err == nil {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			return address
		}
	}
	t.Fatal("no free port was found")
	return ""
}
