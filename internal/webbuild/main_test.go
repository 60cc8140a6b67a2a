package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/andybalholm/brotli"
)

var program = bytes.Repeat([]byte("\x00asm half-hours of a quiet home "), 400)

func TestCopiesUnpackToTheProgram(t *testing.T) {
	dir := t.TempDir()
	made, err := pack(dir, "p.wasm", program, 5, stamp{})
	if err != nil {
		t.Fatal(err)
	}
	zr, err := gzip.NewReader(bytes.NewReader(read(t, dir, "p.wasm.gz")))
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]io.Reader{"gzip": zr, "brotli": brotli.NewReader(bytes.NewReader(read(t, dir, "p.wasm.br")))} {
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, program) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	if made.Plain != len(program) || made.Brotli >= made.Plain || made.Gzip >= made.Plain {
		t.Errorf("stamp is %+v", made)
	}
}

func TestPackedAgainOnlyIfNeeded(t *testing.T) {
	dir := t.TempDir()
	first, err := pack(dir, "p.wasm", program, 5, stamp{})
	if err != nil {
		t.Fatal(err)
	}
	mark := func() {
		if err := os.WriteFile(filepath.Join(dir, "p.wasm.br"), []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cases := []struct {
		name    string
		program []byte
		quality int
		lose    string
		again   bool
	}{
		{"same", program, 5, "", false},
		{"lower quality", program, 4, "", false},
		{"better quality", program, 6, "", true},
		{"other program", program[1:], 5, "", true},
		{"copy lost", program, 5, "p.wasm.gz", true},
	}
	for _, c := range cases {
		mark()
		if c.lose != "" {
			if err := os.Remove(filepath.Join(dir, c.lose)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := pack(dir, "p.wasm", c.program, c.quality, first); err != nil {
			t.Fatal(err)
		}
		if again := string(read(t, dir, "p.wasm.br")) != "old"; again != c.again {
			t.Errorf("%s: packed again is %v", c.name, again)
		}
	}
}

func TestStampsSurviveAndDamageIsForgotten(t *testing.T) {
	dir := t.TempDir()
	if len(readStamps(dir)) != 0 {
		t.Error("stamps in an empty folder")
	}
	want := map[string]stamp{"app": {Program: "ab", Quality: 9, Plain: 3, Brotli: 2, Gzip: 1}}
	if err := writeStamps(dir, want); err != nil {
		t.Fatal(err)
	}
	if got := readStamps(dir); len(got) != 1 || got["app"] != want["app"] {
		t.Errorf("stamps are %v", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "stamp.json"), []byte(`{"app": 7`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := readStamps(dir); len(got) != 0 {
		t.Errorf("damaged stamps read as %v", got)
	}
}

func TestQualityIsChecked(t *testing.T) {
	if err := run(t.TempDir(), t.TempDir(), 12); err == nil {
		t.Error("quality 12 was accepted")
	}
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
