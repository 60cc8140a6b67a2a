package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hushwatt/internal/pgtest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program is the built binary: the tests use it as a person would.
var program string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "hushwatt-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "hushwatt")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return pgtest.Main(m.Run)
}

// A desk is a folder in which the program is used.
type desk struct {
	*testing.T
	dir string
}

func newDesk(t *testing.T) desk { return desk{t, t.TempDir()} }

// outcome is what one use of the program gave.
type outcome struct {
	code           int
	stdout, stderr string
}

// complaint is stderr without the notes on unsigned tariffs.
func (o outcome) complaint() string {
	var b strings.Builder
	for line := range strings.Lines(o.stderr) {
		if !strings.HasSuffix(line, "is not signed\n") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func (d desk) try(args ...string) outcome {
	d.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = d.dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		d.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// do runs a command with --json that must succeed, and returns its document.
func (d desk) do(line string, args ...string) map[string]any {
	d.Helper()
	full := append(strings.Fields(line), args...)
	o := d.try(append(full, "--json")...)
	if o.code != 0 {
		d.Fatalf("%.200q: exit %d: %s", full, o.code, o.stderr)
	}
	for line := range strings.Lines(o.stderr) {
		if !strings.HasSuffix(line, "is not signed\n") {
			d.Errorf("%.200q: stderr: %s", full, line)
		}
	}
	return d.document(o.stdout)
}

// refused runs a command with --json that must end with the code, with one line
// on stderr that contains the words, and with {"error"} on stdout.
func (d desk) refused(code int, words, line string, args ...string) {
	d.Helper()
	full := append(strings.Fields(line), args...)
	o := d.try(append(full, "--json")...)
	if o.code != code {
		d.Errorf("%.200q: exit %d, want %d: %s", full, o.code, code, o.stderr)
	}
	if line := o.complaint(); strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
		d.Errorf("%.200q: stderr is not one line: %q", full, line)
	} else if !strings.Contains(line, words) {
		d.Errorf("%.200q: %q does not say %q", full, line, words)
	}
	doc := d.document(o.stdout)
	if len(doc) != 1 || doc["error"] == "" || doc["error"] == nil {
		d.Errorf("%.200q: stdout is %s", full, o.stdout)
	}
}

// document reads stdout as exactly one JSON object.
func (d desk) document(stdout string) map[string]any {
	d.Helper()
	dec := json.NewDecoder(strings.NewReader(stdout))
	dec.UseNumber()
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil {
		d.Fatalf("not a JSON document: %v: %q", err, stdout)
	}
	if dec.More() {
		d.Fatalf("more than one document: %q", stdout)
	}
	return doc
}

func (d desk) path(name string) string { return filepath.Join(d.dir, name) }

func (d desk) read(name string) []byte {
	d.Helper()
	b, err := os.ReadFile(d.path(name))
	if err != nil {
		d.Fatal(err)
	}
	return b
}

func (d desk) write(name string, data []byte) {
	d.Helper()
	if err := os.WriteFile(d.path(name), data, 0o600); err != nil {
		d.Fatal(err)
	}
}

// fields checks a document's keys, all of them, in any order.
func (d desk) fields(doc map[string]any, want string) {
	d.Helper()
	names := strings.Fields(want)
	for _, name := range names {
		if _, ok := doc[name]; !ok {
			d.Errorf("no field %q in %v", name, doc)
		}
	}
	if len(doc) != len(names) {
		d.Errorf("fields of %v, want %s", doc, want)
	}
}
