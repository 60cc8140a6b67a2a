//go:build !js

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The compiled program does calls, reports progress, pushes what changes and
// stops what is cancelled. What the jobs do is tested in prover/worker; the
// script around it, worker.js, in a browser.
func TestProgramUnderNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("node is needed to run prover.wasm")
		}
		t.Skip("NODE IS MISSING: prover.wasm is not tested")
	}
	program := filepath.Join(t.TempDir(), "prover.wasm")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	script := `[
		{"id": 1, "type": "hello", "body": {"origin": "https://demo.example", "clock": "Europe/London"}},
		{"id": 2, "type": "new-key", "cancel": true},
		{"id": 3, "type": "new-key"},
		{"id": 4, "type": "recovery-file", "body": {"passphrase": "correct horse battery"}},
		{"id": 5, "type": "forget-everything"},
		{"id": 6, "type": "restore", "body": {"passphrase": "wrong horse battery"}, "useFile": true},
		{"id": 7, "type": "restore", "body": {"passphrase": "correct horse battery"}, "useFile": true},
		{"id": 8, "type": "open-demo"},
		{"id": 9, "type": "hello", "body": {"origin": "https://demo.example"}}
	]`
	run := exec.Command(node, filepath.Join("testdata", "host.mjs"), program, filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"), script)
	run.Stderr = os.Stderr
	out, err := run.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	var got struct {
		Version string
		Answers []struct {
			Result map[string]any
			Error  struct{ Code, Sentence string }
		}
		Pushed, Progress, Records, Holding int
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := []string{"", "cancelled", "", "", "", "wrong-passphrase", "", "supplier-offline", ""}
	if len(got.Answers) != len(want) {
		t.Fatalf("%d answers\n%s", len(got.Answers), out)
	}
	for i, a := range got.Answers {
		if a.Error.Code != want[i] {
			t.Errorf("call %d: error %q, want %q", i+1, a.Error.Code, want[i])
		}
	}
	before, after := got.Answers[2].Result["recipient"], got.Answers[8].Result["recipient"]
	if before != after || before == nil {
		t.Errorf("key was %v, is %v", before, after)
	}
	if got.Version != "development" || got.Pushed == 0 || got.Progress == 0 || got.Records == 0 || got.Holding != 0 {
		t.Errorf("version %q, %d pushed, %d progress, %d records, %d locks held", got.Version, got.Pushed, got.Progress, got.Records, got.Holding)
	}
}
