package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The file in the repository is what this program writes, if the toolchain
// carries the same release of the zone data.
func TestFileIsReproduced(t *testing.T) {
	dir, err := toolchain()
	if err != nil {
		t.Skipf("NOT COMPARED: no Go toolchain here (%v)", err)
	}
	committed, err := os.ReadFile("../zones.bin")
	if err != nil {
		t.Fatal(err)
	}
	version, err := readVersion(filepath.Join(dir, "update.bash"))
	if err != nil || !bytes.HasPrefix(committed, []byte("hushwatt zones\n"+version+"\n")) {
		t.Skipf("NOT COMPARED: %s holds other zone data (%s, %v)", dir, version, err)
	}
	built, err := build(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(built, committed) {
		t.Errorf("zones.bin has %d bytes, the generator writes %d other ones: run go generate ./tariffs", len(committed), len(built))
	}
}

func TestParseRefuses(t *testing.T) {
	for name, data := range map[string]string{
		"empty":     "",
		"no magic":  "XXif2" + string(make([]byte, 100)),
		"version 1": "TZif\x00" + string(make([]byte, 100)),
		"truncated": "TZif2" + string(make([]byte, 39)),
	} {
		if _, err := since1970([]byte(data)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
