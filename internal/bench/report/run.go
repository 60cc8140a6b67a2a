package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// results holds what was measured: the median of all runs, by platform, benchmark
// and unit, such as "native Prove/bill ns/op".
type results map[string]float64

// samples are the results of each run.
type samples map[string][]float64

func (s samples) medians() results {
	m := results{}
	for k, runs := range s {
		slices.Sort(runs)
		m[k] = (runs[(len(runs)-1)/2] + runs[len(runs)/2]) / 2
	}
	return m
}

func key(platform, name, unit string) string { return platform + " " + name + " " + unit }

// runner runs benchmarks; benchtime and count are those of go test.
type runner struct{ benchtime, count string }

const (
	native = "native"
	wasm   = "wasm"
	bench  = "./internal/bench"
)

// all runs everything, the cold starts each in a process of its own.
func (r runner) all() (results, error) {
	dir, err := os.MkdirTemp("", "hushwatt-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.Setenv("HUSHWATT_BENCH_FOLDER", dir); err != nil {
		return nil, err
	}
	once := runner{"1x", "1"}
	steps := []step{
		{r, native, bench, "^Benchmark(Prove|Verify|Baseline|Batch)$"},
		{r, native, "./meter", "^BenchmarkSealAgainstBaseline$"},
		{r, native, bench, "^Benchmark(Open|Compile|Days|Functionals|Slots)$"},
		{r, native, "./meter/source", "^BenchmarkReadNEM12Year$"},
		{once, native, "./meter/source", "^BenchmarkStreamHeap$"},
		{r, native, "./prover", "^BenchmarkDemandBulletproof$"},
		{r, native, "./aggregate", "^Benchmark(CheckSlot|Arrival|Record|Answer|Growth|Prio3Sum)$"},
		{r, native, "./aggregate/engine", "^BenchmarkIntake$"},
		{r, wasm, bench, "^Benchmark(Prove|Open|Compile)$"},
		{once, native, bench, "^BenchmarkColdPrepare$"},
	}
	for range 3 {
		steps = append(steps, step{once, native, bench, "^BenchmarkColdStart$"}, step{once, wasm, bench, "^BenchmarkColdStart$"})
	}
	out := samples{}
	for _, s := range steps {
		text, err := s.r.run(s.platform, s.package_, s.which)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", s.platform, s.which, err)
		}
		if err := out.add(s.platform, text); err != nil {
			return nil, err
		}
	}
	return out.medians(), nil
}

// step is one call of go test.
type step struct {
	r                         runner
	platform, package_, which string
}

// run runs the benchmarks on one core and returns what they print.
func (r runner) run(platform, package_, which string) (string, error) {
	args := []string{"test", "-run", "^$", "-bench", which, "-benchtime", r.benchtime, "-count", r.count, "-cpu", "1", "-timeout", "20m"}
	cmd := exec.Command("go")
	if platform == wasm {
		root, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return "", err
		}
		args = append(args, "-exec", filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "go_js_wasm_exec"))
		cmd.Env = smallEnv()
	}
	cmd.Args = append(append(cmd.Args, args...), package_)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	fmt.Fprintln(os.Stderr, platform, package_, which)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out.String())
	}
	return out.String(), nil
}

// smallEnv is an environment for WebAssembly, where a Go program has only 8 kB for
// it and its arguments.
func smallEnv() []string {
	env := []string{"GOOS=js", "GOARCH=wasm"}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if name == "PATH" || name == "HOME" || name == "TMPDIR" || strings.HasPrefix(name, "HUSHWATT_") ||
			strings.HasPrefix(name, "GO") && name != "GOOS" && name != "GOARCH" {
			env = append(env, kv)
		}
	}
	return env
}

// add reads the output of go test -bench: a name, the number of runs, and then
// pairs of a number and its unit.
func (s samples) add(platform, text string) error {
	found := false
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		found = true
		name := strings.TrimPrefix(f[0], "Benchmark")
		for i := 2; i+1 < len(f); i += 2 {
			v, err := strconv.ParseFloat(f[i], 64)
			if err != nil {
				return fmt.Errorf("%s: %w", line, err)
			}
			k := key(platform, name, f[i+1])
			s[k] = append(s[k], v)
		}
	}
	if !found {
		return errors.New("no benchmark ran:\n" + text)
	}
	return nil
}

// machine names what the numbers were measured on.
func machine() string {
	model := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
			}
		}
	}
	node := "without Node"
	if v, err := exec.Command("node", "--version").Output(); err == nil {
		node = "Node " + strings.TrimSpace(string(v))
	}
	load := ""
	if l, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = ", load at the end " + strings.Fields(string(l))[0]
	}
	return fmt.Sprintf("%s, %d cores, %s/%s, %s, %s%s", model, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), node, load)
}
