package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A node is one value of a source document. Numbers keep the text in which they
// are written, so that no price passes through a float. Every node remembers
// whether it was read: what was not is listed at the end.
type node struct {
	sheet  *sheet
	parent *node
	name   string // in its object
	index  int    // in its array, else −1

	kind  kind
	text  string // of a string, number, true or false
	items []*node

	read bool
	why  string // why it is left out, with all below it
}

type kind byte

const (
	isNull kind = iota
	isBool
	isNumber
	isText
	isList
	isObject
)

var kindNames = [...]string{"null", "true or false", "a number", "a text", "a list", "an object"}

const (
	maxDepth = 64
	maxNodes = 1 << 20 // a node takes some 150 bytes
)

// parseJSON reads one document. Beyond JSON it takes the bare words Infinity,
// -Infinity and NaN, which Python writes; they are read as texts.
func parseJSON(s *sheet, data []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(quoteInfinities(bytes.TrimPrefix(data, []byte("\ufeff")))))
	d.UseNumber()
	b := &builder{sheet: s, decoder: d}
	root, err := b.value(nil, "", -1, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the document")
	}
	return root, nil
}

// quoteInfinities puts quotes around the three words where they stand outside
// of strings.
func quoteInfinities(data []byte) []byte {
	if !bytes.Contains(data, []byte("Infinity")) && !bytes.Contains(data, []byte("NaN")) {
		return data
	}
	out := make([]byte, 0, len(data)+64)
	inside := false
	for i := 0; i < len(data); i++ {
		if !inside {
			if word := infinityAt(data[i:]); word != "" {
				out = append(append(append(out, '"'), word...), '"')
				i += len(word) - 1
				continue
			}
		}
		switch data[i] {
		case '"':
			inside = !inside
		case '\\':
			if inside && i+1 < len(data) {
				out = append(out, data[i])
				i++
			}
		}
		out = append(out, data[i])
	}
	return out
}

func infinityAt(data []byte) string {
	for _, word := range []string{"Infinity", "-Infinity", "NaN"} {
		if bytes.HasPrefix(data, []byte(word)) {
			return word
		}
	}
	return ""
}

type builder struct {
	sheet   *sheet
	decoder *json.Decoder
	nodes   int
}

func (b *builder) value(parent *node, name string, index, depth int) (*node, error) {
	if b.nodes++; b.nodes > maxNodes {
		return nil, fmt.Errorf("more than %d values", maxNodes)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxDepth)
	}
	token, err := b.decoder.Token()
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	n := &node{sheet: b.sheet, parent: parent, name: name, index: index}
	switch v := token.(type) {
	case nil:
		n.kind = isNull
	case bool:
		n.kind, n.text = isBool, strconv.FormatBool(v)
	case json.Number:
		n.kind, n.text = isNumber, v.String()
	case string:
		n.kind, n.text = isText, v
	case json.Delim:
		n.kind = isList
		if v == '{' {
			n.kind = isObject
		}
		return n, b.inside(n, depth)
	}
	return n, nil
}

// inside reads what a list or an object holds, and its closing bracket.
func (b *builder) inside(n *node, depth int) error {
	names := map[string]bool{}
	for b.decoder.More() {
		name, index := "", len(n.items)
		if n.kind == isObject {
			token, err := b.decoder.Token()
			if err != nil {
				return fmt.Errorf("not JSON: %w", err)
			}
			name, _ = token.(string)
			if index = -1; names[name] {
				return fmt.Errorf("%s: %q stands there twice", n.path(), name)
			}
			names[name] = true
		}
		item, err := b.value(n, name, index, depth+1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	if _, err := b.decoder.Token(); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return nil
}

// path says where a node is: rates[3].rateBands[0].rateAmount.
func (n *node) path() string {
	switch {
	case n == nil || n.parent == nil && len(n.items) > 0:
		return strings.TrimSpace(n.within() + " document")
	case n.parent == nil:
		return n.name // a cell of a table
	}
	return n.within()
}

func (n *node) within() string {
	switch {
	case n == nil:
		return ""
	case n.parent == nil && n.name != "":
		return n.name + ":" // one of several files
	case n.parent == nil:
		return ""
	}
	above := n.parent.within()
	if n.index >= 0 {
		return above + "[" + strconv.Itoa(n.index) + "]"
	}
	name := n.name
	if strings.ContainsAny(name, " .[]\"") || name == "" {
		name = strconv.Quote(name)
	}
	switch {
	case above == "":
		return name
	case strings.HasSuffix(above, ":"):
		return above + " " + name
	}
	return above + "." + name
}

// pattern is the path without numbers, the same for all items of a list.
func (n *node) pattern() string {
	switch {
	case n == nil || n.parent == nil:
		return ""
	case n.index >= 0:
		return n.parent.pattern() + "[]"
	}
	return n.parent.pattern() + "." + n.name
}

// fail notes the first thing that is wrong. Where there is no node, need has
// noted that already.
func (n *node) fail(format string, args ...any) {
	if n == nil {
		return
	}
	n.sheet.fail("%s: %s", n.path(), fmt.Sprintf(format, args...))
}

// at returns a member of an object, nil where there is none or it is null. It
// may be called on nil.
func (n *node) at(name string) *node {
	if n == nil || n.kind != isObject {
		return nil
	}
	for _, m := range n.items {
		if m.name == name && m.kind != isNull {
			return m
		}
	}
	return nil
}

// need is at for what must be there.
func (n *node) need(name string) *node {
	m := n.at(name)
	if m == nil && n != nil {
		n.fail("%s is missing", name)
	}
	return m
}

// list returns the items of a list; nothing for nil.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	if n.kind != isList {
		n.fail("is %s, must be a list", kindNames[n.kind])
		return nil
	}
	return n.items
}

// some is list for what is painted or multiplied: more items than any tariff has
// are refused, so that work stays in proportion to the file.
func (n *node) some(most int) []*node {
	if n != nil && len(n.items) > most {
		n.fail("has %d entries, at most %d are read", len(n.items), most)
		return nil
	}
	return n.list()
}

// few is some for the members of an object.
func (n *node) few(most int) []*node {
	if n == nil || len(n.items) <= most {
		return n.members()
	}
	n.fail("has %d members, at most %d are read", len(n.items), most)
	return nil
}

// Bounds for some: what real tariffs have, many times over.
const (
	maxRates   = 500 // rates, elements, seasons of a tariff
	maxWindows = 100 // stretches of one rate
	maxDays    = 16  // names of days in one list
)

// str returns a text, number or truth value as it is written; "" for nil.
func (n *node) str() string {
	if n == nil {
		return ""
	}
	if n.kind == isList || n.kind == isObject {
		n.fail("is %s, must be a text", kindNames[n.kind])
		return ""
	}
	n.read = true
	return n.text
}

// yes returns a truth value; false for nil.
func (n *node) yes() bool {
	switch s := strings.ToLower(n.str()); s {
	case "", "false", "0", "no":
		return false
	case "true", "1", "yes":
		return true
	default:
		n.fail("%q is neither true nor false", s)
		return false
	}
}

// count returns a whole number between 0 and most.
func (n *node) count(most int) int {
	if n == nil {
		return 0
	}
	d := n.amount()
	if !d.IsInt() || d.Sign() < 0 || d.Num().BitLen() > 31 || int(d.Num().Int64()) > most {
		n.fail("%s is not a whole number between 0 and %d", n.text, most)
		return 0
	}
	return int(d.Num().Int64())
}

// skip leaves a node out, with all that is below it.
func (n *node) skip(why string) {
	if n != nil && n.why == "" {
		n.why = why
	}
}

// taken marks all leaves below a node as read.
func (n *node) taken() {
	if n == nil {
		return
	}
	n.read = true
	for _, m := range n.items {
		m.taken()
	}
}

// left appends what was not read below n.
func (n *node) left(out *drops) {
	switch {
	case n.why != "":
		out.add(n, n.why)
	case len(n.items) > 0:
		for _, m := range n.items {
			m.left(out)
		}
	case n.kind == isNull || n.kind == isList || n.kind == isObject || n.text == "" || n.read:
	default:
		out.add(n, noPlace)
	}
}

const noPlace = "the document has no place for it"

// brief is a node's value in a line.
func (n *node) brief() string {
	switch n.kind {
	case isList:
		return fmt.Sprintf("a list of %d", len(n.items))
	case isObject:
		for _, name := range []string{"displayName", "rateName", "name", "label", "type"} {
			if m := n.at(name); m != nil && len(m.items) == 0 {
				return shorten(m.text)
			}
		}
		return fmt.Sprintf("an object of %d", len(n.items))
	}
	return shorten(n.text)
}

func shorten(s string) string {
	r := []rune(s)
	if len(r) > 60 {
		return string(r[:57]) + "…"
	}
	return s
}
