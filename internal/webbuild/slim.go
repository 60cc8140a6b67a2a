package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// slim takes two things out of a compiled program that a customer would only
// download: the tables that tell line numbers to whoever reads a crash (which
// then names functions only), and the borders between the 90,000 pieces into
// which Go's linker cuts the memory that a program starts with. Together they
// are a sixth of the compressed program; nothing of what it does is touched.
func slim(program []byte) ([]byte, error) {
	before, data, after, err := dataSection(program)
	if err != nil {
		return nil, err
	}
	memory, err := startMemory(data)
	if err != nil {
		return nil, err
	}
	if err := forgetLines(memory); err != nil {
		return nil, err
	}
	data = segments(memory)
	out := append(bytes.Clone(before), sectionData)
	out = binary.AppendUvarint(out, uint64(len(data)))
	return append(append(out, data...), after...), nil
}

// Of the WebAssembly core specification, 5.5.2 and 5.5.14.
const (
	sectionData = 11
	opI32Const  = 0x41
	opEnd       = 0x0b
)

var errProgram = errors.New("not a program as Go's linker writes it")

// dataSection finds what a program's memory starts with, and the rest of the
// program before and after it.
func dataSection(program []byte) (before, data, after []byte, err error) {
	r := &reader{b: program}
	if !bytes.Equal(r.take(8), []byte("\x00asm\x01\x00\x00\x00")) {
		return nil, nil, nil, errProgram
	}
	for r.err == nil && len(r.b) > 0 {
		start := len(program) - len(r.b)
		id := r.byte()
		body := r.take(r.unsigned())
		if id == sectionData {
			return program[:start], body, r.b, r.err
		}
	}
	return nil, nil, nil, errProgram
}

// startMemory puts the pieces of a data section where they belong.
func startMemory(data []byte) ([]byte, error) {
	const most = 64 << 20
	r := &reader{b: data}
	var memory []byte
	for range r.unsigned() {
		kind, op, at, end := r.byte(), r.byte(), r.signed(), r.byte()
		piece := r.take(r.unsigned())
		if r.err != nil || kind != 0 || op != opI32Const || end != opEnd || at < 0 || at+len(piece) > most {
			return nil, errProgram
		}
		if more := at + len(piece) - len(memory); more > 0 {
			memory = append(memory, make([]byte, more)...)
		}
		copy(memory[at:], piece)
	}
	if r.err != nil || len(r.b) > 0 {
		return nil, errProgram
	}
	return memory, nil
}

// segments writes memory as a data section. Only runs of zeros that are long
// enough to matter once unpacked divide it: compressed, they are nothing, and
// each border costs some bytes.
func segments(memory []byte) []byte {
	const gap = 1 << 10
	var list []byte
	count := 0
	zeros := make([]byte, gap)
	for at := 0; at < len(memory); {
		if memory[at] == 0 {
			at++
			continue
		}
		length := bytes.Index(memory[at:], zeros)
		if length < 0 {
			length = len(bytes.TrimRight(memory[at:], "\x00"))
		}
		list = append(list, 0, opI32Const)
		list = appendSigned(list, at)
		list = binary.AppendUvarint(append(list, opEnd), uint64(length))
		list = append(list, memory[at:at+length]...)
		at += length
		count++
	}
	return append(binary.AppendUvarint(nil, uint64(count)), list...)
}

// Where things stand in Go's table of functions (runtime/symtab.go: pcHeader and
// _func; cmd/internal/objabi/funcdata.go), as versions 1.20 to 1.26 write it.
const (
	tableMagic = "\xf1\xff\xff\xff\x00\x00\x01\x08"

	funcPCFile, funcPCLine, funcFiles, funcStartLine   = 20, 24, 32, 36
	funcPCSP, funcPCDataCount, funcDataCount, funcSize = 16, 28, 43, 44

	pcdataInlining, pcdataLiveArguments               = 2, 3
	funcdataInlining, funcdataArguments, funcdataLive = 3, 5, 6
)

// forgetLines takes out of the table of functions what only a printed stack
// asks for: files, lines, what was inlined where, and how arguments look. What
// the runtime itself needs, the collector above all, stays.
func forgetLines(memory []byte) error {
	at := bytes.Index(memory, []byte(tableMagic))
	if at < 0 || bytes.Contains(memory[at+1:], []byte(tableMagic)) {
		return fmt.Errorf("%w: its table of functions is not where it should be", errProgram)
	}
	table := memory[at:]
	field := func(n int) int { return int(binary.LittleEndian.Uint64(table[8*n:])) }
	if len(table) < 72 {
		return errProgram
	}
	count, files, steps, list := field(1), field(5), field(7), field(8)
	if files <= 0 || files > steps || steps > list || list > len(table) || count > (len(table)-list)/8 {
		return fmt.Errorf("%w: its table of functions is of another kind", errProgram)
	}
	functions := table[list:]
	kept := newSteps(table[steps:list])
	for i := range count {
		start := int(binary.LittleEndian.Uint32(functions[8*i+4:]))
		if start+funcSize > len(functions) {
			return errProgram
		}
		if err := forget(functions[start:], kept); err != nil {
			return err
		}
	}
	kept.clearOthers()
	clear(table[files:steps])
	return nil
}

// forget does so for one function, and marks what must be kept for it.
func forget(function []byte, kept *steps) error {
	tables, data := int(binary.LittleEndian.Uint32(function[funcPCDataCount:])), int(function[funcDataCount])
	if funcSize+4*(tables+data) > len(function) {
		return errProgram
	}
	for _, field := range []int{funcPCFile, funcPCLine, funcFiles, funcStartLine} {
		clear(function[field : field+4])
	}
	err := kept.mark(function[funcPCSP:])
	for i := range tables {
		of := function[funcSize+4*i:]
		if i == pcdataInlining || i == pcdataLiveArguments {
			clear(of[:4]) // none
		} else {
			err = errors.Join(err, kept.mark(of))
		}
	}
	for i := range data {
		if i == funcdataInlining || i == funcdataArguments || i == funcdataLive {
			copy(function[funcSize+4*(tables+i):], "\xff\xff\xff\xff") // none
		}
	}
	return err
}

// steps are tables of values by program counter, shared by functions: pairs of
// numbers, ended by a zero where a first number would stand.
type steps struct {
	table []byte
	kept  []bool
}

func newSteps(table []byte) *steps { return &steps{table: table, kept: make([]bool, len(table))} }

// mark keeps the table whose offset is given as four bytes; 0 means none.
func (s *steps) mark(offset []byte) error {
	at := int(binary.LittleEndian.Uint32(offset))
	if at == 0 {
		return nil
	}
	if at > len(s.table) {
		return errProgram
	}
	r := &reader{b: s.table[at:]}
	for first := true; ; first = false {
		if r.unsigned() == 0 && !first {
			break
		}
		r.unsigned()
		if r.err != nil {
			return r.err
		}
	}
	for i := at; i < len(s.table)-len(r.b); i++ {
		s.kept[i] = true
	}
	return nil
}

func (s *steps) clearOthers() {
	for i, kept := range s.kept {
		if !kept {
			s.table[i] = 0
		}
	}
}

// A reader takes numbers and bytes off the front of a slice until that fails.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.b, r.err = nil, errProgram
		return nil
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// unsigned reads LEB128 of at most 32 bits, as signed does.
func (r *reader) unsigned() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > 1<<32-1 {
		r.b, r.err = nil, errProgram
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

func (r *reader) signed() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || n > 5 {
		r.b, r.err = nil, errProgram
		return 0
	}
	r.b = r.b[n:]
	unused := 64 - 7*n
	return int(int64(v<<unused) >> unused)
}

func appendSigned(b []byte, v int) []byte {
	for ; v < -64 || v > 63; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v)&0x7f)
}
