package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// parseTOML reads the part of TOML that tariff books are written in: tables,
// dotted tables, and keys with texts, numbers, truth values and lists of them.
func parseTOML(s *sheet, data []byte) (*node, error) {
	if len(data) > maxBook {
		return nil, fmt.Errorf("%d bytes, a tariff book has at most %d", len(data), maxBook)
	}
	root := &node{sheet: s, index: -1, kind: isObject}
	b := &tomlReader{table: root, root: root}
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	lines.Buffer(nil, maxBook+1)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(uncomment(lines.Text()))
		if b.pending != "" {
			line = b.pending + " " + line
		}
		if len(line) > maxValue {
			return nil, fmt.Errorf("line %d: a value of more than %d bytes", number, maxValue)
		}
		if b.pending = ""; open(line) {
			b.pending = line
			continue
		}
		if err := b.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if b.pending != "" {
		return nil, errors.New("a list does not end")
	}
	return root, lines.Err()
}

const (
	maxBook  = 256 << 10 // bytes; the books seen have five thousand
	maxValue = 16 << 10
)

type tomlReader struct {
	root, table *node
	pending     string // a list that goes on
	nodes       int
}

// uncomment cuts a comment that begins outside of quotes.
func uncomment(line string) string {
	inside := false
	for i, c := range line {
		if c == '"' {
			inside = !inside
		}
		if c == '#' && !inside {
			return line[:i]
		}
	}
	return line
}

// open reports whether a list begun on the line goes on.
func open(line string) bool {
	_, value, ok := strings.Cut(line, "=")
	return ok && strings.HasPrefix(strings.TrimSpace(value), "[") && strings.Count(value, "[") > strings.Count(value, "]")
}

func (b *tomlReader) line(line string) error {
	switch {
	case line == "":
		return nil
	case strings.HasPrefix(line, "["):
		name, ok := strings.CutSuffix(line[1:], "]")
		if !ok || strings.ContainsAny(name, "[]\"") {
			return fmt.Errorf("%q is not a table's name", shorten(line))
		}
		b.table = b.root
		for depth, part := range strings.Split(name, ".") {
			if depth > maxDepth || part == "" {
				return fmt.Errorf("%q is not a table's name", shorten(line))
			}
			if err := b.enter(strings.TrimSpace(part)); err != nil {
				return err
			}
		}
		return nil
	}
	key, value, ok := strings.Cut(line, "=")
	key = strings.TrimSpace(key)
	if !ok || key == "" || strings.ContainsAny(key, " \".'") {
		return fmt.Errorf("%q is not a key and its value", shorten(line))
	}
	if b.member(key) != nil {
		return fmt.Errorf("%s stands there twice", key)
	}
	n, rest, err := b.value(strings.TrimSpace(value), b.table, key, -1, 0)
	if err != nil {
		return err
	}
	if rest != "" {
		return fmt.Errorf("%q follows the value of %s", shorten(rest), key)
	}
	b.table.items = append(b.table.items, n)
	return nil
}

func (b *tomlReader) member(name string) *node {
	for _, m := range b.table.items {
		if m.name == name {
			return m
		}
	}
	return nil
}

func (b *tomlReader) enter(name string) error {
	m := b.member(name)
	if m == nil {
		m = &node{sheet: b.root.sheet, parent: b.table, name: name, index: -1, kind: isObject}
		b.table.items = append(b.table.items, m)
	}
	if m.kind != isObject {
		return fmt.Errorf("%s is a value and a table", name)
	}
	b.table = m
	return nil
}

// value reads one value and returns what follows it.
func (b *tomlReader) value(s string, parent *node, name string, index, depth int) (*node, string, error) {
	if b.nodes++; b.nodes > maxBook/8 || depth > maxDepth {
		return nil, "", errors.New("too many values")
	}
	n := &node{sheet: parent.sheet, parent: parent, name: name, index: index}
	if text, ok := strings.CutPrefix(s, `"`); ok {
		body, rest, ok := strings.Cut(text, `"`)
		if !ok || strings.Contains(body, `\`) {
			return nil, "", fmt.Errorf("%q: texts with escapes are not read", shorten(s))
		}
		n.kind, n.text = isText, body
		return n, strings.TrimSpace(rest), nil
	}
	if rest, ok := strings.CutPrefix(s, "["); ok {
		n.kind = isList
		return b.items(n, strings.TrimSpace(rest), depth)
	}
	end := strings.IndexAny(s, ",] ")
	if end < 0 {
		end = len(s)
	}
	n.kind, n.text = isNumber, strings.ReplaceAll(s[:end], "_", "")
	if n.text == "true" || n.text == "false" {
		n.kind = isBool
	} else if _, ok := decimal(n.text); !ok {
		n.kind = isText // a date
	}
	if n.text == "" {
		return nil, "", fmt.Errorf("%s has no value", name)
	}
	return n, strings.TrimSpace(s[end:]), nil
}

func (b *tomlReader) items(n *node, s string, depth int) (*node, string, error) {
	for {
		if rest, ok := strings.CutPrefix(s, "]"); ok {
			return n, strings.TrimSpace(rest), nil
		}
		item, rest, err := b.value(s, n, "", len(n.items), depth+1)
		if err != nil {
			return nil, "", err
		}
		n.items = append(n.items, item)
		after, comma := strings.CutPrefix(rest, ",")
		if !comma && !strings.HasPrefix(rest, "]") {
			return nil, "", errors.New("a list does not end")
		}
		s = strings.TrimSpace(after)
	}
}
