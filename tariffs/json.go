package tariffs

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A small JSON reader of its own, because a signed document must mean one thing
// only: the standard library's accepts duplicate keys and replaces invalid
// text, and turns numbers into floats.

// A value is one JSON value; exactly one of the fields belonging to kind is set.
type value struct {
	kind    kind
	text    string // a string's content
	number  int64
	items   []*value
	members []member // in the order of the document
}

type member struct {
	name  string
	value *value
}

type kind string

const (
	kindNull   kind = "null"
	kindBool   kind = "true or false"
	kindNumber kind = "a number"
	kindString kind = "a string"
	kindArray  kind = "an array"
	kindObject kind = "an object"
)

const (
	maxDocument = 16 << 20 // bytes; a year of quarter-hourly rows has 4 MB
	maxDepth    = 16
	maxInteger  = 1<<53 - 1 // what RFC 8785 can carry without loss
)

// readJSON reads one JSON document, the whole of data.
func readJSON(data []byte) (*value, error) {
	if len(data) > maxDocument {
		return nil, fmt.Errorf("document has %d bytes, at most %d are read", len(data), maxDocument)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if !utf8.ValidString(text) {
		return nil, errors.New("document is not valid UTF-8")
	}
	r := &reader{text: text}
	v, err := r.value(0)
	if err == nil {
		if r.space(); r.at < len(r.text) {
			err = errors.New("something follows the end of the document")
		}
	}
	if err != nil {
		line := 1 + strings.Count(r.text[:r.at], "\n")
		return nil, fmt.Errorf("line %d: %w", line, err)
	}
	return v, nil
}

type reader struct {
	text string
	at   int
}

func (r *reader) space() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

// next skips space and returns the byte there, 0 at the end.
func (r *reader) next() byte {
	if r.space(); r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *reader) expect(c byte) error {
	if r.next() != c {
		return fmt.Errorf("%q is expected here", c)
	}
	r.at++
	return nil
}

func (r *reader) value(depth int) (*value, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	switch c := r.next(); {
	case c == '{':
		return r.object(depth)
	case c == '[':
		return r.array(depth)
	case c == '"':
		s, err := r.string()
		return &value{kind: kindString, text: s}, err
	case c == '-' || c >= '0' && c <= '9':
		return r.integer()
	}
	for word, k := range map[string]kind{"null": kindNull, "true": kindBool, "false": kindBool} {
		if strings.HasPrefix(r.text[r.at:], word) {
			r.at += len(word)
			return &value{kind: k, text: word}, nil
		}
	}
	return nil, errors.New("a JSON value is expected here")
}

func (r *reader) object(depth int) (*value, error) {
	r.at++
	v := &value{kind: kindObject}
	seen := map[string]bool{}
	for r.next() != '}' {
		if len(v.members) > 0 {
			if err := r.expect(','); err != nil {
				return nil, err
			}
		}
		if r.next() != '"' {
			return nil, errors.New("a key in quotes is expected here")
		}
		name, err := r.string()
		if err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, fmt.Errorf("key %q occurs twice", name)
		}
		seen[name] = true
		if err := r.expect(':'); err != nil {
			return nil, err
		}
		item, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.members = append(v.members, member{name, item})
	}
	r.at++
	return v, nil
}

func (r *reader) array(depth int) (*value, error) {
	r.at++
	v := &value{kind: kindArray}
	for r.next() != ']' {
		if len(v.items) > 0 {
			if err := r.expect(','); err != nil {
				return nil, err
			}
		}
		item, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, item)
	}
	r.at++
	return v, nil
}

// integer reads a whole number. Anything else has more than one spelling, and a
// tariff needs none: its money is in strings.
func (r *reader) integer() (*value, error) {
	start := r.at
	for r.at < len(r.text) && strings.IndexByte("+-.0123456789eE", r.text[r.at]) >= 0 {
		r.at++
	}
	s := r.text[start:r.at]
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s || n > maxInteger || n < -maxInteger {
		return nil, fmt.Errorf("number %s: only whole numbers are read, plain and below 2^53 (money is a string)", s)
	}
	return &value{kind: kindNumber, number: n}, nil
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (r *reader) string() (string, error) {
	r.at++
	var b strings.Builder
	for r.at < len(r.text) {
		// Most strings have no escape: take the run up to the next special byte.
		run := r.at
		for r.at < len(r.text) && r.text[r.at] >= ' ' && r.text[r.at] != '"' && r.text[r.at] != '\\' {
			r.at++
		}
		b.WriteString(r.text[run:r.at])
		if r.at == len(r.text) {
			break
		}
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return b.String(), nil
		case c < ' ':
			return "", errors.New("a control character stands in a string unescaped")
		}
		decoded, err := r.escape()
		if err != nil {
			return "", err
		}
		b.WriteRune(decoded)
	}
	return "", errors.New("a string does not end")
}

// escape reads one escape, a surrogate pair being one.
func (r *reader) escape() (rune, error) {
	r.at++
	if r.at < len(r.text) {
		if c, ok := escapes[r.text[r.at]]; ok {
			r.at++
			return rune(c), nil
		}
	}
	first, ok := r.hex4()
	if !ok {
		return 0, errors.New("unknown escape in a string")
	}
	if !utf16.IsSurrogate(first) {
		return first, nil
	}
	if r.at < len(r.text) && r.text[r.at] == '\\' {
		r.at++
		if second, ok := r.hex4(); ok {
			if pair := utf16.DecodeRune(first, second); pair != utf8.RuneError {
				return pair, nil
			}
		}
	}
	return 0, errors.New("half of a surrogate pair in a string")
}

// hex4 reads the letter u and four hexadecimal digits.
func (r *reader) hex4() (rune, bool) {
	if r.at+5 > len(r.text) || r.text[r.at] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(r.text[r.at+1:r.at+5], 16, 16)
	if err != nil {
		return 0, false
	}
	r.at += 5
	return rune(n), true
}

// appendCanonical appends v in the form of RFC 8785: no space, keys in the
// order of their UTF-16 code units, the shortest escapes.
func appendCanonical(b []byte, v *value) []byte {
	switch v.kind {
	case kindNull, kindBool:
		return append(b, v.text...)
	case kindNumber:
		return strconv.AppendInt(b, v.number, 10)
	case kindString:
		return appendString(b, v.text)
	case kindArray:
		b = append(b, '[')
		for i, item := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCanonical(b, item)
		}
		return append(b, ']')
	}
	members := append([]member(nil), v.members...)
	sort.Slice(members, func(i, j int) bool { return lessUTF16(members[i].name, members[j].name) })
	b = append(b, '{')
	for i, m := range members {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, m.name), ':')
		b = appendCanonical(b, m.value)
	}
	return append(b, '}')
}

// lessUTF16 orders by UTF-16 code units. These are in the order of the code
// points, but for those beyond U+FFFF: their surrogates come before U+E000.
func lessUTF16(a, b string) bool {
	x, y := []rune(a), []rune(b)
	for i := 0; i < len(x) && i < len(y); i++ {
		if x[i] != y[i] {
			if wide := x[i] > 0xffff; wide != (y[i] > 0xffff) {
				return wide && y[i] >= 0xe000 || !wide && x[i] < 0xe000
			}
			return x[i] < y[i]
		}
	}
	return len(x) < len(y)
}

func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
