package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The toolchain in use writes programs that can be slimmed; what comes out does
// the same, is smaller once compressed, and still names functions when it fails.
func TestSlimProgramsRunTheSame(t *testing.T) {
	program := probe(t)
	slimmed, err := slim(bytes.Clone(program))
	if err != nil {
		t.Fatal(err)
	}
	before, after := packed(t, program), packed(t, slimmed)
	if after > before*17/20 {
		t.Errorf("%d bytes compressed, %d before: not worth it", after, before)
	}
	again, err := slim(bytes.Clone(slimmed))
	if err != nil || !bytes.Equal(again, slimmed) {
		t.Errorf("slimmed twice: %d bytes, once: %d (%v)", len(again), len(slimmed), err)
	}

	out, trace := underNode(t, program)
	slimOut, slimTrace := underNode(t, slimmed)
	if out != slimOut || !strings.Contains(out, `"caught":"the bottom"`) {
		t.Errorf("said %q, was to say %q", slimOut, out)
	}
	for _, want := range []string{"assignment to entry in nil map", "main.crash(", "main.main("} {
		if !strings.Contains(slimTrace, want) || !strings.Contains(trace, want) {
			t.Errorf("the crash does not say %q:\n%s", want, slimTrace)
		}
	}
	if strings.Contains(slimTrace, "main.go:") || !strings.Contains(trace, "main.go:") {
		t.Errorf("lines are still there:\n%s", slimTrace)
	}
}

func TestOtherProgramsAreRefused(t *testing.T) {
	program := probe(t)
	table := bytes.Index(program, []byte(tableMagic))
	if table < 0 {
		t.Fatal("no table of functions")
	}
	newer := bytes.Clone(program)
	newer[table]++
	cases := map[string][]byte{
		"empty":                   nil,
		"not a program":           []byte("half-hours of a quiet home"),
		"cut":                     program[:len(program)-len(program)/4],
		"cut in its head":         program[:9],
		"no data":                 []byte("\x00asm\x01\x00\x00\x00"),
		"table of another kind":   newer,
		"piece at a wrong place":  []byte("\x00asm\x01\x00\x00\x00\x0b\x08\x01\x00\x41\x7f\x0b\x01x"),
		"piece that says nothing": []byte("\x00asm\x01\x00\x00\x00\x0b\x01\x01"),
	}
	for name, c := range cases {
		if _, err := slim(c); !errors.Is(err, errProgram) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSignedNumbersReadBack(t *testing.T) {
	for _, v := range []int{0, 1, 63, 64, 8191, 8192, 1 << 20, 1<<31 - 1, -1, -64, -65, -1 << 31} {
		r := &reader{b: appendSigned(nil, v)}
		if got := r.signed(); got != v || len(r.b) != 0 || r.err != nil {
			t.Errorf("%d read back as %d, %v", v, got, r.err)
		}
	}
}

// probe compiles testdata/probe.
func probe(t *testing.T) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "probe.wasm")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, "./testdata/probe")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return read(t, filepath.Dir(out), "probe.wasm")
}

func packed(t *testing.T, program []byte) int {
	t.Helper()
	made, err := pack(t.TempDir(), "p.wasm", program, 9, stamp{})
	if err != nil {
		t.Fatal(err)
	}
	return made.Brotli
}

func underNode(t *testing.T, program []byte) (out, trace string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("node is needed to run programs")
		}
		t.Skip("NODE IS MISSING: slimmed programs are not run")
	}
	path := filepath.Join(t.TempDir(), "p.wasm")
	if err := os.WriteFile(path, program, 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	run := exec.Command(node, "--stack-size=8192", filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec_node.js"), path)
	run.Stdout, run.Stderr = &stdout, &stderr
	if err := run.Run(); err == nil {
		t.Fatal("the probe did not crash")
	}
	return stdout.String(), stderr.String()
}
