// Command report runs all benchmarks of package bench, and those beside the code of
// sums, files and sealing, in one go, natively on one core and compiled to WebAssembly
// under Node, and writes docs/benchmarks.md with its plots. It says MET or MISSED for
// every ratio that must hold and every time that is aimed for, and fails if a must is
// missed.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	short := flag.Bool("short", false, "measure for a moment only, to try the program")
	docs := flag.String("docs", "docs", "folder of benchmarks.md and its plots")
	flag.Parse()
	r := runner{benchtime: "1s", count: "3"}
	if *short {
		r = runner{benchtime: "50ms", count: "1"}
	}
	results, err := r.all()
	if err != nil {
		log.Fatal(err)
	}
	targets := results.targets()
	text := results.document(machine(), targets)
	if err := os.WriteFile(filepath.Join(*docs, "benchmarks.md"), []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
	for _, p := range plots {
		if err := os.WriteFile(filepath.Join(*docs, p.file), []byte(p.svg(results)), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	failed := false
	for _, t := range targets {
		fmt.Println(t)
		failed = failed || t.must && !t.met()
	}
	if failed {
		log.Fatal("a ratio that must hold does not")
	}
}
