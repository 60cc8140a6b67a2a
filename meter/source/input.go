package source

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxText bounds a file after decompression: twenty years of five-minute rows.
const maxText = 256 << 20

// input is a file's text, decompressed, without a byte-order mark.
type input struct {
	*bufio.Reader
	bounded *bounded
}

// beginning is what a format is recognised by.
type beginning struct {
	text string // up to 64 kB
	line string // the first line that is not blank, without white space around it
}

const beginningSize = 64 << 10

func newInput(r io.Reader) (*input, error) {
	raw := bufio.NewReader(r)
	var src io.Reader = raw
	if magic, _ := raw.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		gz, err := gzip.NewReader(raw)
		if err != nil {
			return nil, fmt.Errorf("read gzip: %w", err)
		}
		src = gz
	}
	b := &bounded{src: src, left: maxText}
	in := &input{bufio.NewReaderSize(b, beginningSize), b}
	mark, _ := in.Peek(4)
	switch {
	case bytes.HasPrefix(mark, []byte("PK\x03\x04")):
		return nil, errors.New("the file is a zip archive or a workbook (xlsx): take the file out of the archive, or save the sheet as CSV")
	case bytes.HasPrefix(mark, []byte("\ufeff")):
		in.Discard(len("\ufeff"))
	case bytes.HasPrefix(mark, []byte{0xff, 0xfe}), bytes.HasPrefix(mark, []byte{0xfe, 0xff}):
		return nil, errors.New("the file is in UTF-16: save it as UTF-8")
	}
	in.Peek(beginningSize) // an error stays in the reader until it is reached
	return in, b.err
}

func (in *input) beginning() beginning {
	data, _ := in.Peek(beginningSize)
	line, _, _ := bytes.Cut(bytes.TrimLeft(data, " \t\r\n"), []byte("\n"))
	return beginning{text: string(data), line: strings.TrimSpace(string(line))}
}

// failed prefers what went wrong with reading itself to what a format's reader
// made of it.
func (in *input) failed(err error) error {
	if in.bounded.err != nil {
		return in.bounded.err
	}
	return err
}

// bounded passes on at most left bytes, and remembers a failure.
type bounded struct {
	src  io.Reader
	left int
	err  error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.src.Read(p[:min(len(p), b.left+1)])
	b.left -= n
	switch {
	case b.left < 0:
		b.err = fmt.Errorf("meter file is larger than %d MB", maxText>>20)
		return 0, b.err
	case err != nil && !errors.Is(err, io.EOF):
		b.err = fmt.Errorf("read meter file: %w", err)
		return n, b.err
	}
	return n, err
}
