// Command wasmtest runs the tests of the packages named on its command line a
// second time, compiled to WebAssembly, under Node. The customer's side of the
// protocol runs in a browser; a difference between the two builds would be a
// bill that the supplier refuses. Long tests skip themselves (-short).
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// oldestNode is the first major version of Node whose WebAssembly runs Go's.
const oldestNode = 18

func main() {
	log.SetFlags(0)
	if err := haveNode(); err != nil {
		log.Printf("**** WEBASSEMBLY NOT TESTED: %v ****", err)
		if os.Getenv("CI") != "" {
			os.Exit(1)
		}
		return
	}
	if err := test(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

// haveNode finds Node, or installs it where that is possible without asking.
func haveNode() error {
	if checkNode() == nil {
		return nil
	}
	cmd := exec.Command("internal/debian.sh", "nodejs")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return errors.Join(checkNode(), err)
	}
	return checkNode()
}

func checkNode() error {
	out, err := exec.Command("node", "--version").Output()
	if err != nil {
		return fmt.Errorf("node %d or later is needed: %w", oldestNode, err)
	}
	var major int
	if _, err := fmt.Sscanf(string(out), "v%d.", &major); err != nil || major < oldestNode {
		return fmt.Errorf("node %d or later is needed, found %s", oldestNode, strings.TrimSpace(string(out)))
	}
	return nil
}

func test(packages []string) error {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	runner := filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "go_js_wasm_exec")
	args := append([]string{"test", "-short", "-timeout", "20m", "-exec", runner}, packages...)
	cmd := exec.Command("go", args...)
	cmd.Env = smallEnv()
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("tests under WebAssembly: %w", err)
	}
	return nil
}

// smallEnv passes on what the Go tool and the tests look at and nothing else:
// a Go program in WebAssembly has only 8 kB for arguments and environment.
func smallEnv() []string {
	env := []string{"GOOS=js", "GOARCH=wasm"}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch {
		case name == "GOOS" || name == "GOARCH":
		case strings.HasPrefix(name, "GO"), strings.HasPrefix(name, "HUSHWATT_"),
			name == "PATH", name == "HOME", name == "TMPDIR", name == "CI",
			strings.HasSuffix(strings.ToLower(name), "_proxy"), strings.HasPrefix(name, "SSL_CERT"):
			env = append(env, kv)
		}
	}
	return env
}
