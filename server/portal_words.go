package server

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// portalWords are the functions of the templates: values as people read them.
var portalWords = template.FuncMap{
	"stamp": stamp,
	"moment": func(unix int64) string {
		return time.Unix(unix, 0).UTC().Format("2 Jan 2006, 15:04 UTC")
	},
	"day": func(unix int64) string { return time.Unix(unix, 0).UTC().Format("2 Jan 2006") },
	"missing": func(p tariffs.Policy) string {
		if p == tariffs.PolicyRefuse {
			return "the bill is refused"
		}
		return "billed as 0, and counted"
	},
	"estimated": func(p tariffs.Policy) string {
		if p == tariffs.PolicyRefuse {
			return "the bill is refused"
		}
		return "billed, and counted"
	},
	"limits": func() [3]string {
		return [3]string{tariffs.LimitSlot.FloatString(2), tariffs.LimitThreeHours.FloatString(2), tariffs.LimitDay.FloatString(2)}
	},
	"share": func(decimal string) string {
		f, _ := strconv.ParseFloat(decimal, 64)
		return strconv.FormatFloat(100*f, 'f', 1, 64) + "%"
	},
	"hex":      func(b any) string { return fmt.Sprintf("%x", b) },
	"count":    grouped,
	"sentence": sentence,
	"state":    func(s store.State) string { return stateWords[s] },
}

var stateWords = map[store.State]string{
	store.Awaited: "Awaited", store.Accepted: "Accepted", store.RefusedState: "Refused",
	store.Replaced: "Replaced", store.Expired: "Expired", store.Withdrawn: "Withdrawn",
}

// day writes a date YYYY-MM-DD in words.
func day(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return t.Format("2 January 2006")
}

// grouped writes a whole number with commas between thousands.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// span writes the days from first to the day before last, dates as YYYY-MM-DD;
// month is how a month is written, "January" or "Jan".
func span(first, last, month string) string {
	a, errA := time.Parse(time.DateOnly, first)
	b, errB := time.Parse(time.DateOnly, last)
	if errA != nil || errB != nil {
		return first + " – " + last
	}
	b = b.AddDate(0, 0, -1)
	to := b.Format("2 " + month + " 2006")
	switch {
	case a.Equal(b):
		return to
	case a.Year() != b.Year():
		return a.Format("2 "+month+" 2006") + " – " + to
	case a.Month() != b.Month():
		return a.Format("2 "+month) + " – " + to
	}
	return a.Format("2") + "–" + to
}

var currencySigns = map[string]string{"GBP": "£", "EUR": "€"}

// amount writes money with its currency; the text is a decimal number.
func amount(text, currency string) string {
	minus := ""
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		minus, text = "−", rest
	}
	if sign, ok := currencySigns[currency]; ok {
		return minus + sign + text
	}
	return minus + text + "\u00a0" + currency
}

// perKWh writes a price of pico-currency per Wh as currency per kWh.
func perKWh(price int64, currency string) string {
	return amount(trimZeros(price, 9, 4), currency)
}

// trimZeros writes n·10^-digits with as few decimals as it has, but at least so many.
func trimZeros(n int64, digits, least int) string {
	minus := ""
	if n < 0 {
		minus, n = "-", -n
	}
	text := fmt.Sprintf("%0*d", digits+1, n)
	whole, rest := text[:len(text)-digits], text[len(text)-digits:]
	for len(rest) > least && rest[len(rest)-1] == '0' {
		rest = rest[:len(rest)-1]
	}
	return minus + whole + "." + rest
}

// writeTable answers with a CSV file. No cell can be read as a formula.
func writeTable(w http.ResponseWriter, name string, head []string, rows [][]string) error {
	var b bytes.Buffer
	c := csv.NewWriter(&b)
	c.UseCRLF = true
	c.Write(head)
	for _, row := range rows {
		for i := range row {
			row[i] = plainCell(row[i])
		}
		c.Write(row)
	}
	c.Flush()
	return writeCSV(w, name, b.Bytes())
}

func writeCSV(w http.ResponseWriter, name string, data []byte) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Write(data)
	return nil
}

// some cuts a list to those that a search finds in any of their texts.
func some[T any](list []T, search string, texts func(T) []string) []T {
	if search == "" {
		return list
	}
	var found []T
	for _, v := range list {
		for _, text := range texts(v) {
			if strings.Contains(strings.ToLower(text), strings.ToLower(search)) {
				found = append(found, v)
				break
			}
		}
	}
	return found
}

// sentence begins with a capital and ends with a stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	if c := text[0]; c >= 'a' && c <= 'z' {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if !strings.ContainsAny(text[len(text)-1:], ".!?…") {
		text += "."
	}
	return text
}
