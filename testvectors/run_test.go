package testvectors_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
	"hushwatt/testvectors"
)

// TestVectors runs every file, natively and under WebAssembly alike.
func TestVectors(t *testing.T) {
	all := testvectors.Load(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		v := all[name]
		reason, err := run(v)
		if err != nil {
			t.Errorf("%s: not a vector: %v", name, err)
			continue
		}
		want := v.Reason
		if want == "" && v.Expected == testvectors.Refused {
			want = testvectors.Refused
		}
		if reason != want {
			t.Errorf("%s: refused for %q, should be for %q (empty: accepted)", name, reason, want)
		}
	}
}

// TestEveryVectorIsComplete: form, and that each refused vector mutates an
// accepted one of its kind, which TestVectors finds accepted.
func TestEveryVectorIsComplete(t *testing.T) {
	all := testvectors.Load(t)
	for name, v := range all {
		if v.Section == "" || !strings.HasSuffix(v.Comment, ".") || v.Kind == "" {
			t.Errorf("%s: section %q, kind %q, comment %q", name, v.Section, v.Kind, v.Comment)
		}
		switch v.Expected {
		case testvectors.Accepted:
			if v.Base != "" || v.Reason != "" {
				t.Errorf("%s: accepted, with a base or a reason", name)
			}
		case testvectors.Refused:
			base := all[v.Base]
			if base == nil || base.Expected != testvectors.Accepted || base.Kind != v.Kind {
				t.Errorf("%s: base %q is no accepted vector of kind %s", name, v.Base, v.Kind)
			} else if slices.Equal(base.Input.(json.RawMessage), v.Input.(json.RawMessage)) {
				t.Errorf("%s: the same input as its base", name)
			}
		default:
			t.Errorf("%s: expects %q", name, v.Expected)
		}
	}
}

// TestCounts: enough files, most of them refused, and small.
func TestCounts(t *testing.T) {
	all := testvectors.Load(t)
	sections, refused := map[string][2]int{}, 0
	for _, v := range all {
		n := sections[v.Section]
		n[0]++
		if v.Expected == testvectors.Refused {
			n[1]++
			refused++
		}
		sections[v.Section] = n
	}
	for _, s := range slices.Sorted(maps.Keys(sections)) {
		t.Logf("section %-4s %3d files, %3d of them refused", s, sections[s][0], sections[s][1])
	}
	if len(all) < 250 || 4*refused < 3*len(all) {
		t.Errorf("%d files, %d of them refused; 250 are wanted, three quarters refused", len(all), refused)
	}
	files, err := filepath.Glob(filepath.Join(testdata.Root(t), "testvectors", "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 400_000 {
			t.Errorf("%s: %d bytes", path, info.Size())
		}
		size += info.Size()
	}
	if size > 6_000_000 {
		t.Errorf("%d bytes in all", size)
	}
	t.Logf("%d files, %d refused, %d bytes", len(all), refused, size)
}
