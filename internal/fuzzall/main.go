// Command fuzzall runs every fuzz target of the module. The Go tool fuzzes one
// target of one package at a time and has no list of them, so this program
// finds the targets in the test files. It fails if a
// target fails, and also if it finds none, so that a change of layout cannot
// quietly end all fuzzing.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// target is one fuzz function: `go test -fuzz ^Name$ Package`.
type target struct{ Package, Name string }

var fuzzFunc = regexp.MustCompile(`(?m)^func (Fuzz\w*)\(\w+ \*testing\.F\)`)

func main() {
	log.SetFlags(0)
	each := flag.Duration("each", 10*time.Second, "time for each target")
	together := flag.Duration("together", 0, "most time for all targets together, builds apart (0: no limit)")
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
		t = min(t, *together*atOnce/time.Duration(len(targets)))
	}
	fmt.Printf("%d fuzz targets, %v each, %d at once\n", len(targets), t.Round(time.Millisecond), atOnce)
	if failed := runAll(targets, t); failed > 0 {
		log.Fatalf("%d of %d fuzz targets failed", failed, len(targets))
	}
}

// atOnce targets are fuzzed at the same time, each with its share of the
// processors.
const atOnce = 2

// runAll fuzzes all targets and returns how many failed.
func runAll(targets []target, t time.Duration) int {
	todo := make(chan target)
	var failed atomic.Int32
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for tg := range todo {
				if !run(tg, t) {
					failed.Add(1)
				}
			}
		})
	}
	for _, tg := range targets {
		todo <- tg
	}
	close(todo)
	workers.Wait()
	return int(failed.Load())
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

// run fuzzes one target and prints how it went. The fuzzing engine now and then
// takes the end of its own time for a failure, on a busy machine more often; such a
// run is repeated, and if it ends so again it has found nothing either.
func run(tg target, t time.Duration) bool {
	out, err := fuzz(tg, t)
	if err != nil && ranOut(out) {
		fmt.Printf("again %s %s: the engine ran out of its time\n", tg.Package, tg.Name)
		out, err = fuzz(tg, t)
	}
	if err != nil && !ranOut(out) {
		fmt.Printf("FAIL  %s %s: %v\n%s\n", tg.Package, tg.Name, err, out)
		return false
	}
	fmt.Printf("ok    %s %s: %s\n", tg.Package, tg.Name, last(progress, out))
	return true
}

// ranOut says whether a failed run has no failing input and names none but its own end.
func ranOut(out []byte) bool {
	return bytes.Contains(out, []byte("context deadline exceeded")) && !bytes.Contains(out, []byte("Failing input"))
}

var progress = regexp.MustCompile(`execs: \d+`)

func last(re *regexp.Regexp, out []byte) []byte {
	all := re.FindAll(out, -1)
	if len(all) == 0 {
		return []byte("no inputs")
	}
	return all[len(all)-1]
}

// fuzz is one run. An input that reaches new code is made smaller for ten steps
// at most: by default the engine takes a minute for each, and would try a decoder
// of large files twenty times in all.
func fuzz(tg target, t time.Duration) ([]byte, error) {
	share := max(1, runtime.NumCPU()/atOnce)
	return exec.Command("go", "test", "-run", "^$", "-fuzz", "^"+tg.Name+"$", "-fuzztime", t.String(),
		"-fuzzminimizetime", "10x", "-parallel", strconv.Itoa(share), tg.Package).CombinedOutput()
}
