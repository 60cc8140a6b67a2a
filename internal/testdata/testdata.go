// Package testdata finds the shared test material (real meter files, tariffs,
// independent vectors) that lies beside the checkout, for tests only. A test
// that cannot find it says so loudly and is skipped on a developer's machine;
// where CI or HUSHWATT_REQUIRE_DATA is set it fails, so that no run of the
// continuous integration passes without the real files.
package testdata

import (
	"os"
	"path/filepath"
	"testing"
)

// Shared returns the path of name below the shared folder. HUSHWATT_SHARED
// names that folder; otherwise it is looked for beside the module's root.
func Shared(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("HUSHWATT_SHARED")
	if root == "" {
		root = filepath.Join(Root(t), "..", "shared")
	}
	path := filepath.Join(root, filepath.FromSlash(name))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	const say = "NO REAL DATA: %s is not there; set HUSHWATT_SHARED to the folder that holds it"
	if os.Getenv("CI") != "" || os.Getenv("HUSHWATT_REQUIRE_DATA") != "" {
		t.Fatalf(say, path)
	}
	t.Skipf(say, path)
	return ""
}

// Root returns the folder of go.mod, from any package's test directory.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test's directory")
		}
		dir = up
	}
}
