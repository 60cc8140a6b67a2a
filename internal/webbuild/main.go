// Command webbuild compiles the programs that run in a browser, wasm/app,
// wasm/prover and wasm/reader, and leaves compressed copies in web/built, where the web package
// embeds them. Compressing is slow, so a copy is made anew only if the compiled
// program changed, or if a better quality is asked for than it was made with.
//
//	go run ./internal/webbuild [-quality 9] [-dir web/built]
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

func main() {
	quality := flag.Int("quality", 9, "brotli quality, 0 to 11; 11 for a release")
	dir := flag.String("dir", "web/built", "where the compressed copies go")
	cache := flag.String("cache", ".cache/wasm", "where the compiled programs stay")
	flag.Parse()
	if err := run(*dir, *cache, *quality); err != nil {
		fmt.Fprintln(os.Stderr, "webbuild:", err)
		os.Exit(1)
	}
}

// A stamp says what the compressed copies of one program were made from.
type stamp struct {
	Program string `json:"program"` // SHA-256 of the compiled program
	Quality int    `json:"quality"`
	Plain   int    `json:"plain_bytes"`
	Brotli  int    `json:"brotli_bytes"`
	Gzip    int    `json:"gzip_bytes"`
}

func run(dir, cache string, quality int) error {
	if quality < brotli.BestSpeed || quality > brotli.BestCompression {
		return fmt.Errorf("quality %d is not %d to %d", quality, brotli.BestSpeed, brotli.BestCompression)
	}
	for _, d := range []string{dir, cache} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	if err := runtime(dir); err != nil {
		return err
	}
	stamps := readStamps(dir)
	if len(stamps) == 0 {
		fmt.Println("building the app for the browser; the first time this takes a minute or two")
	}
	for _, name := range []string{"app", "prover", "reader"} {
		program, err := compile(name, cache)
		if err != nil {
			return err
		}
		made, err := pack(dir, name+".wasm", program, quality, stamps[name])
		if err != nil {
			return err
		}
		if made != stamps[name] {
			fmt.Printf("%s.wasm: %d bytes, brotli %d, gzip %d\n", name, made.Plain, made.Brotli, made.Gzip)
		}
		stamps[name] = made
	}
	return writeStamps(dir, stamps)
}

// compile builds one program and returns it. The same source gives the same
// bytes, wherever the module lies and whatever the state of its history.
func compile(name, cache string) ([]byte, error) {
	out := filepath.Join(cache, name+".wasm")
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"}, sparing(name)...)
	cmd := exec.Command("go", append(args, "-o", out, "hushwatt/wasm/"+name)...)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("compile %s: %w", name, err)
	}
	program, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	slimmed, err := slim(program)
	if err != nil {
		fmt.Printf("%s.wasm stays as large as it was compiled: %v\n", name, err)
		return program, nil
	}
	return slimmed, nil
}

// runtime copies the JavaScript side of Go's runtime, which must be that of the
// Go that compiles.
func runtime(dir string) error {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	return write(dir, "wasm_exec.js", text)
}

// pack leaves the compressed copies of a program in dir, unless those that are
// there were made from the same bytes at this quality or a better one.
func pack(dir, name string, program []byte, quality int, old stamp) (stamp, error) {
	sum := sha256.Sum256(program)
	made := stamp{Program: hex.EncodeToString(sum[:]), Quality: quality, Plain: len(program)}
	if old.Program == made.Program && old.Quality >= quality && exists(dir, name+".br") && exists(dir, name+".gz") {
		return old, nil
	}
	var br, gz bytes.Buffer
	var brErr, gzErr error
	var both sync.WaitGroup
	both.Go(func() {
		w := brotli.NewWriterOptions(&br, brotli.WriterOptions{Quality: quality, LGWin: 24})
		_, err := w.Write(program)
		brErr = errors.Join(err, w.Close())
	})
	both.Go(func() {
		w, err := gzip.NewWriterLevel(&gz, gzip.BestCompression)
		if err == nil {
			_, err = w.Write(program)
		}
		gzErr = errors.Join(err, w.Close())
	})
	both.Wait()
	made.Brotli, made.Gzip = br.Len(), gz.Len()
	return made, errors.Join(brErr, gzErr, write(dir, name+".br", br.Bytes()), write(dir, name+".gz", gz.Bytes()))
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// write replaces a file in one step, so that nobody embeds half of it.
func write(dir, name string, data []byte) error {
	old, err := os.ReadFile(filepath.Join(dir, name))
	if err == nil && bytes.Equal(old, data) {
		return nil
	}
	fresh := filepath.Join(dir, "."+name)
	if err := os.WriteFile(fresh, data, 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, filepath.Join(dir, name))
}

// readStamps returns no stamps if there are none, or none that can be read: then
// everything is made anew.
func readStamps(dir string) map[string]stamp {
	stamps := map[string]stamp{}
	text, err := os.ReadFile(filepath.Join(dir, "stamp.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) || json.Unmarshal(text, &stamps) != nil {
		return map[string]stamp{}
	}
	return stamps
}

func writeStamps(dir string, stamps map[string]stamp) error {
	text, err := json.MarshalIndent(stamps, "", "  ")
	if err != nil {
		return err
	}
	return write(dir, "stamp.json", append(text, '\n'))
}
