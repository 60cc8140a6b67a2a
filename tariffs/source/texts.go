package source

import (
	"bufio"
	"bytes"
	"strings"
	"unicode"

	"hushwatt/tariffs"
)

// clean makes a name that the strict document takes: no control characters, no
// more than one space in a row.
func clean(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
}

// Holidays reads a list of public holidays: lines that begin with a date
// YYYY-MM-DD, or a TOML table whose lists hold such dates.
func Holidays(data []byte) ([]string, error) {
	var days []string
	seen := map[string]bool{}
	add := func(s string) {
		if _, err := tariffs.ParseDate(s); err == nil && !seen[s] {
			seen[s] = true
			days = append(days, s)
		}
	}
	if root, err := parseTOML(&sheet{}, data); err == nil {
		for _, year := range root.at("holidays").members() {
			for _, day := range year.items {
				add(day.text)
			}
		}
	}
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	for len(data) <= MaxFile && lines.Scan() {
		first, _, _ := strings.Cut(lines.Text(), ",")
		add(strings.TrimSpace(first))
	}
	if len(days) == 0 {
		return nil, errNoHolidays
	}
	return days, nil
}

func isHolidays(data []byte) bool {
	days, err := Holidays(data)
	return err == nil && len(days) > 1
}

func (n *node) members() []*node {
	if n == nil {
		return nil
	}
	return n.items
}
