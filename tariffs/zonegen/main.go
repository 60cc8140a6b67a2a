// Command zonegen writes the one copy of the time zone rules that Hushwatt
// uses, ../zones.bin, from the zone files that come with the Go toolchain
// (lib/time/zoneinfo.zip, compiled from the IANA Time Zone Database, which is
// in the public domain). Run it with `go generate ./tariffs`; the same
// toolchain always writes the same bytes.
//
// A bill never reaches back before 1970, so older history is cut off, which
// also makes most zones with different names equal; equal ones are stored once.
package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("zonegen: ")
	out := flag.String("out", "zones.bin", "file to write")
	flag.Parse()
	dir, err := toolchain()
	if err != nil {
		log.Fatal(err)
	}
	archive, err := build(dir)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*out, archive, 0o644); err != nil {
		log.Fatal(err)
	}
}

// toolchain returns the folder of the Go toolchain's zone data.
func toolchain() (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "lib", "time"), nil
}

// build reads the toolchain's lib/time folder and returns the archive:
//
//	"hushwatt zones\n" ‖ version ‖ "\n" ‖ one line "name offset length\n" per
//	zone, ascending ‖ "\n" ‖ the zone files (RFC 9636) one after the other
func build(dir string) ([]byte, error) {
	version, err := readVersion(filepath.Join(dir, "update.bash"))
	if err != nil {
		return nil, err
	}
	zones, err := readZones(filepath.Join(dir, "zoneinfo.zip"))
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(zones))
	distinct := map[string]int{}
	for name, data := range zones {
		names = append(names, name)
		distinct[string(data)] = 0
	}
	sort.Strings(names)
	// Neighbours in this order end alike (the same rule string), which is what
	// a compressor likes.
	contents := make([]string, 0, len(distinct))
	for data := range distinct {
		contents = append(contents, data)
	}
	sort.Slice(contents, func(i, j int) bool {
		a, b := footer(contents[i]), footer(contents[j])
		return a < b || a == b && contents[i] < contents[j]
	})
	var blobs bytes.Buffer
	for _, data := range contents {
		distinct[data] = blobs.Len()
		blobs.WriteString(data)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "hushwatt zones\n%s\n", version)
	for _, name := range names {
		data := zones[name]
		fmt.Fprintf(&b, "%s %d %d\n", name, distinct[string(data)], len(data))
	}
	b.WriteByte('\n')
	b.Write(blobs.Bytes())
	return b.Bytes(), nil
}

// readVersion finds the release of the zone database that the toolchain's
// files were compiled from.
func readVersion(path string) (string, error) {
	script, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	m := regexp.MustCompile(`(?m)^DATA=([0-9]{4}[a-z]+)$`).FindSubmatch(script)
	if m == nil {
		return "", fmt.Errorf("%s names no release of the data", path)
	}
	return string(m[1]), nil
}

func readZones(path string) (map[string][]byte, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	zones := map[string][]byte{}
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			continue
		}
		data, err := readFile(f)
		if err != nil {
			return nil, err
		}
		if zones[f.Name], err = since1970(data); err != nil {
			return nil, fmt.Errorf("zone %s: %w", f.Name, err)
		}
	}
	return zones, nil
}

func readFile(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func footer(data string) string {
	end := len(data) - 1
	start := end
	for start > 0 && data[start-1] != '\n' {
		start--
	}
	return data[start:end]
}

// A block is the 64-bit part of a zone file (RFC 9636, section 3).
type block struct {
	version byte
	times   []int64
	types   []byte   // of each transition
	infos   [][]byte // 6 bytes each: offset, is-summer-time, abbreviation index
	abbrev  []byte   // zero-terminated abbreviations
	footer  string   // rule for the time after the last transition
}

var errZone = errors.New("not a zone file of version 2 or later without leap seconds")

// parse reads the 64-bit part of a zone file.
func parse(data []byte) (*block, error) {
	counts, rest, err := header(data)
	if err != nil {
		return nil, err
	}
	// The 32-bit part comes first; version 2 files may leave it all but empty.
	first := counts.times*5 + counts.infos*6 + counts.chars + counts.leaps*8 + counts.std + counts.ut
	if len(rest) < first {
		return nil, errZone
	}
	counts, rest, err = header(rest[first:])
	if err != nil {
		return nil, err
	}
	if counts.leaps != 0 || len(rest) < counts.times*9+counts.infos*6+counts.chars+counts.std+counts.ut {
		return nil, errZone
	}
	b := &block{version: data[4]}
	for i := range counts.times {
		b.times = append(b.times, int64(binary.BigEndian.Uint64(rest[8*i:])))
	}
	rest = rest[8*counts.times:]
	b.types, rest = rest[:counts.times], rest[counts.times:]
	for i := range counts.infos {
		b.infos = append(b.infos, rest[6*i:6*i+6])
	}
	rest = rest[6*counts.infos:]
	b.abbrev, rest = rest[:counts.chars], rest[counts.chars+counts.std+counts.ut:]
	if len(rest) < 2 || rest[0] != '\n' || rest[len(rest)-1] != '\n' {
		return nil, errZone
	}
	b.footer = string(rest[1 : len(rest)-1])
	return b, nil
}

type counts struct{ ut, std, leaps, times, infos, chars int }

func header(data []byte) (c counts, rest []byte, err error) {
	if len(data) < 44 || string(data[:4]) != "TZif" || data[4] < '2' {
		return c, nil, errZone
	}
	for i, p := range []*int{&c.ut, &c.std, &c.leaps, &c.times, &c.infos, &c.chars} {
		*p = int(binary.BigEndian.Uint32(data[20+4*i:]))
	}
	return c, data[44:], nil
}

// since1970 returns the zone file without what happened before 1970: one
// transition at second 0 says what was in force then, later ones follow.
func since1970(data []byte) ([]byte, error) {
	b, err := parse(data)
	if err != nil {
		return nil, err
	}
	var inForce byte
	kept := 0
	for kept < len(b.times) && b.times[kept] <= 0 {
		inForce = b.types[kept]
		kept++
	}
	n := &block{version: b.version, times: []int64{0}, footer: b.footer}
	renumber := map[byte]byte{}
	add := func(old byte) byte {
		if now, ok := renumber[old]; ok {
			return now
		}
		now := byte(len(n.infos))
		renumber[old] = now
		info := append([]byte(nil), b.infos[old]...)
		info[5] = n.abbreviation(b.abbrev[info[5]:])
		n.infos = append(n.infos, info)
		return now
	}
	n.types = append(n.types, add(inForce))
	for i := kept; i < len(b.times); i++ {
		n.times = append(n.times, b.times[i])
		n.types = append(n.types, add(b.types[i]))
	}
	return n.bytes(), nil
}

// abbreviation appends the zero-terminated string that text begins with,
// unless it is there already, and returns its place.
func (b *block) abbreviation(text []byte) byte {
	text = text[:bytes.IndexByte(text, 0)+1]
	at := bytes.Index(b.abbrev, text)
	if at < 0 {
		at = len(b.abbrev)
		b.abbrev = append(b.abbrev, text...)
	}
	return byte(at)
}

func (b *block) bytes() []byte {
	var w bytes.Buffer
	magic := append([]byte{'T', 'Z', 'i', 'f', b.version}, make([]byte, 15)...)
	w.Write(magic)
	w.Write(make([]byte, 24)) // an empty 32-bit part
	w.Write(magic)
	for _, n := range []int{0, 0, 0, len(b.times), len(b.infos), len(b.abbrev)} {
		w.Write(binary.BigEndian.AppendUint32(nil, uint32(n)))
	}
	for _, t := range b.times {
		w.Write(binary.BigEndian.AppendUint64(nil, uint64(t)))
	}
	w.Write(b.types)
	for _, info := range b.infos {
		w.Write(info)
	}
	w.Write(b.abbrev)
	w.WriteString("\n" + b.footer + "\n")
	return w.Bytes()
}
