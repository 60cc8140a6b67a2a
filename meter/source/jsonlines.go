package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// jsonLines is a JSON decoder that knows at which line it stands.
type jsonLines struct {
	dec  *json.Decoder
	text *newlines
}

func newJSONLines(r io.Reader) *jsonLines {
	text := &newlines{src: r}
	return &jsonLines{json.NewDecoder(text), text}
}

// line returns the line up to which the decoder has read.
func (j *jsonLines) line() int { return j.text.before(j.dec.InputOffset()) + 1 }

// fail names the line of a decoding error.
func (j *jsonLines) fail(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("the file ends in the middle of a value")
	}
	return fmt.Errorf("line %d: %w", j.line(), err)
}

// newlines remembers where the line ends of a text are that is read through it.
type newlines struct {
	src  io.Reader
	at   int64   // bytes read
	ends []int64 // line ends that nobody has asked beyond
	seen int     // line ends before those
}

func (n *newlines) Read(p []byte) (int, error) {
	got, err := n.src.Read(p)
	for i, b := range p[:got] {
		if b == '\n' {
			n.ends = append(n.ends, n.at+int64(i))
		}
	}
	n.at += int64(got)
	return got, err
}

// before returns how many line ends lie before offset; offsets must not go back.
func (n *newlines) before(offset int64) int {
	i := 0
	for i < len(n.ends) && n.ends[i] < offset {
		i++
	}
	n.ends = append(n.ends[:0], n.ends[i:]...)
	n.seen += i
	return n.seen
}
