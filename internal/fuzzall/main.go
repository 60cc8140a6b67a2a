// Command fuzzall runs every fuzz target of the module, one after the other.
// The Go tool fuzzes one target of one package at a time and has no list of
// them, so this program finds the targets in the test files. It fails if a
// target fails, and also if it finds none, so that a change of layout cannot
// quietly end all fuzzing.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// target is one fuzz function: `go test -fuzz ^Name$ Package`.
type target struct{ Package, Name string }

var fuzzFunc = regexp.MustCompile(`(?m)^func (Fuzz\w*)\(\w+ \*testing\.F\)`)

func main() {
	log.SetFlags(0)
	each := flag.Duration("each", 10*time.Second, "time for each target")
	together := flag.Duration("together", 0, "most time for all targets together (0: no limit)")
	flag.Parse()

	targets, err := find()
	if err != nil {
		log.Fatal(err)
	}
	if len(targets) == 0 {
		log.Fatal("no fuzz target found")
	}
	t := *each
	if *together > 0 {
		t = min(t, *together/time.Duration(len(targets)))
	}
	fmt.Printf("%d fuzz targets, %v each\n", len(targets), t.Round(time.Millisecond))
	failed := 0
	for _, tg := range targets {
		if err := run(tg, t); err != nil {
			fmt.Printf("FAIL %s %s: %v\n", tg.Package, tg.Name, err)
			failed++
		}
	}
	if failed > 0 {
		log.Fatalf("%d of %d fuzz targets failed", failed, len(targets))
	}
}

// find lists the fuzz functions in the test files of all packages.
func find() ([]target, error) {
	const format = `{{$p := .}}{{range .TestGoFiles}}{{$p.ImportPath}} {{$p.Dir}} {{.}}
{{end}}{{range .XTestGoFiles}}{{$p.ImportPath}} {{$p.Dir}} {{.}}
{{end}}`
	out, err := exec.Command("go", "list", "-f", format, "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var targets []target
	for _, line := range strings.Split(string(out), "\n") {
		var pkg, dir, file string
		if n, _ := fmt.Sscan(line, &pkg, &dir, &file); n != 3 {
			continue
		}
		src, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return nil, err
		}
		for _, m := range fuzzFunc.FindAllSubmatch(src, -1) {
			targets = append(targets, target{pkg, string(m[1])})
		}
	}
	return targets, nil
}

// run fuzzes one target. The fuzzing engine now and then takes the end of its
// own time for a failure ("context deadline exceeded", no failing input); such
// a run is repeated once.
func run(tg target, t time.Duration) error {
	again, err := fuzz(tg, t)
	if again {
		fmt.Printf("     %s %s: the engine ran out of its time, once more\n", tg.Package, tg.Name)
		_, err = fuzz(tg, t)
	}
	return err
}

func fuzz(tg target, t time.Duration) (deadline bool, err error) {
	fmt.Printf("---- %s %s\n", tg.Package, tg.Name)
	cmd := exec.Command("go", "test", "-run", "^$", "-fuzz", "^"+tg.Name+"$", "-fuzztime", t.String(), tg.Package)
	var out bytes.Buffer
	cmd.Stdout = io.MultiWriter(os.Stdout, &out)
	cmd.Stderr = cmd.Stdout
	err = cmd.Run()
	deadline = err != nil &&
		bytes.Contains(out.Bytes(), []byte("context deadline exceeded")) &&
		!bytes.Contains(out.Bytes(), []byte("Failing input"))
	return deadline, err
}
