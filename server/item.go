package server

import (
	"bytes"
	"encoding/csv"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hushwatt/server/store"
)

// item is a request and what became of it, in JSON.
type item struct {
	Serial     uint64    `json:"serial"`
	Request    string    `json:"request" doc:"Hash, in hexadecimal."`
	State      string    `json:"state" enum:"awaited,accepted,refused,replaced,expired,withdrawn"`
	Meters     []string  `json:"meters"`
	Kind       string    `json:"kind"`
	Start      string    `json:"start" doc:"First day, of the tariff's clock."`
	End        string    `json:"end" doc:"The day after the last."`
	Created    string    `json:"created"`
	AnswerBy   string    `json:"answer_by"`
	Withdrawn  string    `json:"withdrawn,omitempty"`
	Replaces   uint64    `json:"replaces,omitempty" doc:"Serial of the request whose bill this one replaces."`
	ReplacedBy uint64    `json:"replaced_by,omitempty"`
	Bill       *answer   `json:"bill,omitempty"`
	Refusals   []refusal `json:"refusals,omitempty"`
}

type answer struct {
	Receipt    uint64 `json:"receipt" doc:"The receipt's serial."`
	ID         string `json:"id"`
	Submission string `json:"submission" doc:"Hash, in hexadecimal."`
	Accepted   string `json:"accepted"`
	Total      string `json:"total"`
	Currency   string `json:"currency"`
	Slots      int    `json:"slots"`
	Missing    int    `json:"missing"`
	Estimated  int    `json:"estimated"`
	Bytes      int    `json:"bytes"`
}

type refusal struct {
	Reference string `json:"reference" doc:"What the sender was told to quote."`
	Reason    string `json:"reason"`
	Detail    string `json:"detail"`
	SHA256    string `json:"sha256" doc:"Of the refused bytes."`
	At        string `json:"at"`
	Times     int    `json:"times"`
	Bytes     int    `json:"bytes"`
}

func itemOf(it *store.Item) item {
	out := item{
		Serial: it.Serial, Request: hex.EncodeToString(it.Request[:]), State: string(it.State), Meters: it.Meters,
		Kind: string(it.Kind), Start: it.First, End: it.Last, Created: stamp(it.Created), AnswerBy: stamp(it.NotAfter),
		Replaces: it.Replaces, ReplacedBy: it.ReplacedBy,
	}
	if it.Withdrawn != 0 {
		out.Withdrawn = stamp(it.Withdrawn)
	}
	if a := it.Answer; a != nil {
		out.Bill = &answer{a.Receipt, hex.EncodeToString(a.ID[:]), hex.EncodeToString(a.Submission[:]), stamp(a.Accepted),
			a.Total, a.Currency, a.Slots, a.Missing, a.Estimated, a.Size}
	}
	for _, r := range it.Refusals {
		out.Refusals = append(out.Refusals, refusal{r.Reference, string(r.Reason), r.Detail, hex.EncodeToString(r.Hash[:]), stamp(r.At), r.Times, r.Size})
	}
	return out
}

// stamp writes an instant as RFC 3339 in UTC.
func stamp(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

var csvHeader = []string{"request", "state", "meters", "start", "end", "total", "currency", "missing", "estimated",
	"receipt", "accepted", "reason", "reference", "asked", "answer_by", "request_hash"}

// csvOf writes items as a table, RFC 4180.
func csvOf(list []store.Item) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	w.Write(csvHeader)
	for i := range list {
		it := &list[i]
		row := make([]string, len(csvHeader))
		copy(row, []string{strconv.FormatUint(it.Serial, 10), string(it.State), strings.Join(it.Meters, " "), it.First, it.Last})
		if a := it.Answer; a != nil {
			copy(row[5:], []string{a.Total, a.Currency, strconv.Itoa(a.Missing), strconv.Itoa(a.Estimated),
				strconv.FormatUint(a.Receipt, 10), stamp(a.Accepted)})
		} else if len(it.Refusals) > 0 {
			copy(row[11:], []string{string(it.Refusals[0].Reason), it.Refusals[0].Reference})
		}
		copy(row[13:], []string{stamp(it.Created), stamp(it.NotAfter), hex.EncodeToString(it.Request[:])})
		for k := range row {
			row[k] = plainCell(row[k])
		}
		w.Write(row)
	}
	w.Flush()
	return b.Bytes()
}

// plainCell keeps a spreadsheet from reading a cell as a formula, also behind
// blanks that it skips.
func plainCell(s string) string {
	first, _ := utf8.DecodeRuneInString(s)
	if s != "" && (strings.ContainsRune("=+-@", first) || unicode.IsControl(first) || unicode.IsSpace(first)) {
		return "'" + s
	}
	return s
}
