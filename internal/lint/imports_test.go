package lint

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// rooms says which of our own packages a package may import; it is the table
// of docs/design/architecture.md. Every room may import internal/wire.
var rooms = map[string][]string{
	"internal/wire":     {},
	"meter/slots":       {},
	"meter/source":      {"meter/slots"},
	"tariffs":           {},
	"prover/ristretto":  {},
	"prover/messages":   {},
	"prover/sigma":      {"prover/ristretto"},
	"prover/rangeproof": {"prover/ristretto", "prover/sigma"},
	"prover/fold":       {"prover/ristretto", "prover/sigma"},
	"prover/digits":     {"prover/ristretto", "prover/sigma"},
	"meter/household":   {"meter/slots"},
	"tariffs/source":    {"tariffs"},
	"meter":             {"prover/ristretto", "meter/slots"},
	"prover":            {"prover/ristretto", "prover/sigma", "prover/fold", "prover/digits", "prover/rangeproof", "meter"},
	"prover/plan":       {"prover", "meter", "tariffs"},
	"prover/worker":     {"prover", "prover/plan", "prover/messages", "meter", "tariffs"},
	"aggregate":         {"prover/ristretto", "meter"},
	"aggregate/feeder":  {},
	"aggregate/engine":  {"aggregate", "aggregate/feeder", "server/store", "meter"},
	"server/store":      {"tariffs", "meter", "prover"},
	"server":            {"server/store", "tariffs", "meter", "prover", "prover/plan", "aggregate"},
	"app":               {"prover/messages"},
	"wasm/app":          {"app"},
	"wasm/prover":       {"prover/worker", "prover/messages"},
	"wasm/reader":       {"meter/source", "prover/messages"},
	"web":               {},
}

// outside are packages that are no room: the program that ties all rooms
// together, generators of test vectors, and the tools of the build.
var outside = []string{"cmd/hushwatt", "testvectors", "tariffs/zonegen", "internal/bench", "internal/endtoend", "internal/lint", "internal/fuzzall", "internal/wasmtest", "internal/webbuild", "internal/testdata", "internal/pgtest", "internal/freeport", "playwright-tests/town"}

// testOnly are packages that only tests may import, of ours and of others.
// circl's group package alone adds 350 kB to a browser's download, its hpke package 225 kB.
var testOnly = []string{"hushwatt/internal/testdata", "hushwatt/internal/pgtest", "hushwatt/internal/freeport", "hushwatt/testvectors", "github.com/cloudflare/circl/group", "github.com/cloudflare/circl/hpke"}

func TestRoomsImportOnlyTheirNeighbours(t *testing.T) {
	for _, goos := range []string{"native", "js"} {
		for _, p := range packages(t, goos) {
			if slices.ContainsFunc(outside, func(o string) bool { return within(p.name(), o) }) {
				continue
			}
			allowed, known := rooms[p.name()]
			if !known {
				t.Errorf("%s (%s): not a room of the house; docs/design/architecture.md lists them", p.name(), goos)
			}
			for _, imported := range p.Imports {
				name, ours := strings.CutPrefix(imported, "hushwatt/")
				if ours && name != "internal/wire" && !slices.Contains(allowed, name) {
					t.Errorf("%s (%s) imports %s: allowed are internal/wire %v", p.name(), goos, name, allowed)
				}
			}
		}
	}
}

func TestTestOnlyPackagesStayInTests(t *testing.T) {
	for _, goos := range []string{"native", "js"} {
		for _, p := range packages(t, goos) {
			for _, dep := range p.Deps {
				if slices.Contains(testOnly, dep) && !slices.Contains(testOnly, p.ImportPath) {
					t.Errorf("%s (%s) depends on %s outside its tests", p.name(), goos, dep)
				}
			}
		}
	}
}

// The customer's browser must not download what it cannot use.
func TestWorkerIsLean(t *testing.T) {
	for _, p := range packages(t, "js") {
		if p.name() != "prover/worker" && p.name() != "wasm/prover" {
			continue
		}
		for _, dep := range p.Deps {
			if dep == "net/http" || dep == "database/sql" || dep == "encoding/xml" || dep == "hushwatt/meter/source" || strings.HasPrefix(dep, "github.com/maxence-charriere/") {
				t.Errorf("%s depends on %s", p.name(), dep)
			}
		}
	}
}

// The reader of files that nobody has sealed has nothing to do with keys, proofs
// or networks.
func TestReaderIsLean(t *testing.T) {
	for _, p := range packages(t, "js") {
		if p.name() != "wasm/reader" {
			continue
		}
		for _, dep := range p.Deps {
			if dep == "net/http" || dep == "crypto/ed25519" || strings.HasPrefix(dep, "github.com/") || dep == "hushwatt/meter" || dep == "hushwatt/prover" || dep == "hushwatt/internal/wire" {
				t.Errorf("%s depends on %s", p.name(), dep)
			}
		}
	}
}

func TestNoDrawerForEverything(t *testing.T) {
	for _, p := range packages(t, "native") {
		for _, part := range strings.Split(p.name(), "/") {
			if part == "utils" || part == "util" || part == "common" || part == "pkg" || part == "helpers" || part == "misc" {
				t.Errorf("%s: a package is named after what it does, not %q", p.name(), part)
			}
		}
	}
}

// within reports whether package name lies in folder dir or is it.
func within(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, path.Clean(dir)+"/")
}
