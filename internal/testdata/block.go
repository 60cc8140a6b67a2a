package testdata

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Regenerate reports whether generators write what they make instead of
// comparing it: HUSHWATT_REGENERATE is set, as `make vectors` does.
func Regenerate() bool { return os.Getenv("HUSHWATT_REGENERATE") != "" }

// Shows checks that docs/protocol.md holds want in the fenced block that the
// comment <!-- bytes: BLOCK --> announces, or writes it there.
func Shows(t testing.TB, block, want string) {
	t.Helper()
	path := filepath.Join(Root(t), "docs", "protocol.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin := "<!-- bytes: " + block + " -->\n```\n"
	before, rest, found := strings.Cut(string(text), begin)
	got, after, closed := strings.Cut(rest, "```\n")
	switch {
	case !found || !closed:
		t.Errorf("docs/protocol.md has no block of bytes for the %s", block)
	case got == want:
	case !Regenerate():
		t.Errorf("docs/protocol.md: the bytes of the %s are\n%s\nand should be\n%s", block, got, want)
	default:
		if err := os.WriteFile(path, []byte(before+begin+want+"```\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
