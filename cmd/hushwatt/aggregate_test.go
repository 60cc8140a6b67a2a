package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// smallTown writes files of half-hours of 2026-03-01 and returns their paths; home i
// uses 100·i + slot Wh, and home 0 lacks the second slot.
func smallTown(t *testing.T, homes int) []string {
	dir := t.TempDir()
	var paths []string
	for i := range homes {
		var b strings.Builder
		b.WriteString("start,wh\n")
		for s := range 48 {
			if i != 0 || s != 1 {
				fmt.Fprintf(&b, "2026-03-01T%02d:%02d:00Z,%d\n", s/2, s%2*30, 100*i+s)
			}
		}
		path := filepath.Join(dir, fmt.Sprintf("home-%02d.csv", i))
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func TestAggregateSimulate(t *testing.T) {
	homes := smallTown(t, 12)
	out := filepath.Join(t.TempDir(), "releases")
	args := append([]string{"aggregate", "simulate", "--from"}, homes...)
	args = append(args, "--start", "2026-03-01T00:00:00Z", "--end", "2026-03-01T01:00:00Z", "--seed", "1", "--min-set", "12", "--out", out, "--json")
	// Mean of 0, 100 … 1100 is 550; the variance of 0 … 11 is 143/12, times 100².
	const want = `{"releases":[{"start":"2026-03-01T00:00:00Z","meters":12,"sum_wh":6600,"mean_wh":"550.000000","variance":null,"verified":true}],"withheld":["2026-03-01T00:30:00Z"]}` + "\n"
	if got := succeed(t, args...); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	file := filepath.Join(out, "2026-03-01T000000Z.release")
	if got := succeed(t, "aggregate", "verify", "--release", file, "--authority", filepath.Join(out, "authority.pub"), "--json"); !strings.Contains(got, `"verdict":"accepted"`) || !strings.Contains(got, `"sum_wh":6600`) {
		t.Errorf("verify: %s", got)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	code, stdout, _ := hushwatt("aggregate", "verify", "--release", file, "--json")
	if code != exitRefused || !strings.Contains(stdout, `"verdict":"refused"`) {
		t.Errorf("altered file: exit %d, %s", code, stdout)
	}
}

func TestAggregateVariance(t *testing.T) {
	args := append([]string{"aggregate", "simulate", "--from"}, smallTown(t, 20)...)
	args = append(args, "--start", "2026-03-01T00:00:00Z", "--end", "2026-03-01T00:30:00Z", "--seed", "1", "--masking", "--json")
	// The variance of 0 … 19 is 399/12 = 33.25, times 100².
	const want = `"meters":20,"sum_wh":19000,"mean_wh":"950.000000","variance":"332500.000000","verified":true}],"withheld":[]}`
	if got := succeed(t, args...); !strings.Contains(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAggregateWithholds(t *testing.T) {
	args := append([]string{"aggregate", "simulate", "--from"}, smallTown(t, 3)...)
	args = append(args, "--start", "2026-03-01T00:00:00Z", "--end", "2026-03-01T00:30:00Z", "--seed", "1", "--json")
	if got := succeed(t, args...); got != `{"releases":[],"withheld":["2026-03-01T00:00:00Z"]}`+"\n" {
		t.Error(got)
	}
}

func TestAggregateMisuse(t *testing.T) {
	home := smallTown(t, 1)[0]
	usual := []string{"aggregate", "simulate", "--from", home, "--start", "2026-03-01T00:00:00Z", "--end", "2026-03-02T00:00:00Z", "--seed", "1"}
	for _, more := range [][]string{
		{"--authorities", "4"}, {"--masking", "--authorities", "2"}, {"--drop", "1.5"}, {"--drop", "x"}, {"--min-set", "1"}, {"--min-set", "0"}, {"missing.csv"},
	} {
		if code, _, _ := hushwatt(append(append([]string{}, usual...), more...)...); code != exitMisuse {
			t.Errorf("%v: exit %d", more, code)
		}
	}
}

// hushwatt runs the program in a folder of its own.
func hushwatt(args ...string) (code int, stdout, stderr string) {
	var out, err strings.Builder
	code = run(args, &out, &err)
	return code, out.String(), err.String()
}

// succeed runs the program, which must end well, and returns what it prints.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := hushwatt(args...)
	if code != exitDone {
		t.Fatalf("%v: exit %d: %s", args, code, stderr)
	}
	return stdout
}
