package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hushwatt/prover"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// maxAsked bounds how many requests are made at once.
const maxAsked = 200

// askForm is the form as it was filled in.
type askForm struct {
	Meters      string // a line is a request; two meters on one took turns
	First, Last string // dates of the tariffs' clock, both inclusive
	AnswerBy    string
	Replaces    string
	Tariffs     []string // ids
}

func askFormOf(v url.Values) askForm {
	f := askForm{Meters: v.Get("meters"), First: v.Get("first"), Last: v.Get("last"),
		AnswerBy: v.Get("answer_by"), Replaces: strings.TrimSpace(v.Get("replaces")), Tariffs: v["tariff"]}
	for _, number := range v["meter"] { // ticked in the list of meters
		f.Meters = strings.TrimLeft(f.Meters+"\n"+number, "\n")
	}
	return f
}

// seal names what is in the form, so that what is asked is what was looked at.
func (f askForm) seal() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", f))
	return hex.EncodeToString(sum[:16])
}

// questions reads the form: one question a line, and what is wrong by field.
func (f askForm) questions(now time.Time) ([]Question, wrong) {
	bad, q := wrong{}, Question{}
	date := func(field, what, text string) tariffs.Date {
		d, err := tariffs.ParseDate(text)
		if err != nil {
			bad[field] = "Give " + what + ", as 2026-03-01."
		}
		return d
	}
	q.Start, q.End = date("first", "the first day", f.First), date("last", "the last day", f.Last)+1
	if len(bad) == 0 && q.End <= q.Start {
		bad["last"] = "The last day is before the first."
	}
	if f.AnswerBy != "" {
		q.AnswerBy = time.Unix((int64(date("answer_by", "the day to answer by", f.AnswerBy))+1)*86400-1, 0)
		if bad["answer_by"] == "" && q.AnswerBy.Before(now) {
			bad["answer_by"] = "The day to answer by is over."
		}
	}
	for _, id := range f.Tariffs {
		hash, err := hashOf(id)
		if err != nil {
			bad["tariffs"] = "One of these is not a tariff."
		}
		q.Tariffs = append(q.Tariffs, hash)
	}
	if len(f.Tariffs) == 0 {
		bad["tariffs"] = "Choose at least one tariff."
	}
	list := f.lines(q, bad)
	if f.Replaces != "" {
		serial, err := strconv.ParseUint(f.Replaces, 10, 63)
		switch {
		case err != nil || serial == 0:
			bad["replaces"] = "Give the number of a bill."
		case len(list) > 1:
			bad["replaces"] = "Only one request can replace a bill; give one line of meters."
		case len(list) == 1:
			list[0].Replaces = serial
		}
	}
	return list, bad
}

func (f askForm) lines(q Question, bad wrong) (list []Question) {
	for line := range strings.Lines(f.Meters) {
		numbers := strings.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(" \t\r\n,;", c) })
		if len(numbers) > 0 {
			slices.Sort(numbers)
			q.Meters = slices.Compact(numbers)
			list = append(list, q)
		}
	}
	switch {
	case len(list) == 0:
		bad["meters"] = "Give at least one meter."
	case len(list) > maxAsked:
		bad["meters"] = fmt.Sprintf("These are %d lines; at most %d at once.", len(list), maxAsked)
	}
	return list
}

// askLine is what a preview says of one request.
type askLine struct {
	Meters  string
	Seals   int
	Trouble string // why it cannot be asked
}

type tariffChoice struct {
	tariffLine
	Chosen bool
}

type askPage struct {
	Form    askForm
	Choices []tariffChoice
	Lines   []askLine // the preview, nil before
	Period  string
	Names   []tariffName // of the tariffs that are used
	By      int64
	Ready   int // of the lines
	Seal    string
	Made    string // address of those that were made while others failed
	MadeN   int
}

func (p *portal) ask(w http.ResponseWriter, r *http.Request) error {
	return p.showAsk(w, r, http.StatusOK, askPage{Form: askFormOf(r.URL.Query())}, page{})
}

func (p *portal) showAsk(w http.ResponseWriter, r *http.Request, status int, body askPage, pg page) error {
	list, err := p.tariffLines(r.Context())
	if err != nil {
		return err
	}
	for _, t := range list {
		body.Choices = append(body.Choices, tariffChoice{t, slices.Contains(body.Form.Tariffs, t.ID)})
	}
	body.Seal = body.Form.seal()
	pg.Title, pg.Section, pg.Body = "Ask for bills", "ask", body
	return p.show(w, r, status, "ask", pg)
}

// asks shows a preview, or makes the requests of the preview that was shown.
func (p *portal) asks(w http.ResponseWriter, r *http.Request) error {
	v, err := formOf(r)
	if err != nil {
		return err
	}
	body := askPage{Form: askFormOf(v)}
	questions, bad := body.Form.questions(p.Now())
	if len(bad) > 0 {
		return p.showAsk(w, r, http.StatusUnprocessableEntity, body, page{Wrong: bad})
	}
	if err := p.preview(r.Context(), &body, questions); err != nil {
		t := p.trouble(r, err)
		return p.showAsk(w, r, t.Status, body, page{Trouble: t})
	}
	switch {
	case v.Get("do") != "ask":
		return p.showAsk(w, r, http.StatusOK, body, page{})
	case v.Get("seal") != body.Form.seal():
		return p.showAsk(w, r, http.StatusOK, body, page{Done: "The form has changed since the preview. Here is the new one; nothing was asked yet."})
	}
	return p.askAll(w, r, body, questions)
}

// preview fills in what asking would do, without doing it.
func (p *portal) preview(ctx context.Context, body *askPage, questions []Question) error {
	q := questions[0]
	body.Period, body.By = span(q.Start.String(), q.End.String(), "January"), q.AnswerBy.Unix()
	if q.AnswerBy.IsZero() {
		body.By = p.Now().Add(answerWithin).Unix()
	}
	seen := map[string]bool{}
	for _, q := range questions {
		line := askLine{Meters: joined(q.Meters)}
		used, err := p.previewOne(ctx, q, &line)
		for _, name := range used {
			if !seen[name.ID] {
				seen[name.ID], body.Names = true, append(body.Names, name)
			}
		}
		if err = storeProblem(err); isInternal(err) {
			return err
		}
		if err != nil {
			line.Trouble = err.Error()
		}
		if line.Trouble == "" {
			body.Ready++
		}
		body.Lines = append(body.Lines, line)
	}
	return nil
}

func isInternal(err error) bool {
	_, internal := err.(*internalError)
	return internal
}

func (p *portal) previewOne(ctx context.Context, q Question, line *askLine) (used []tariffName, err error) {
	plan, err := p.Desk().Preview(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, t := range plan.Compiled[0].Tariffs {
		used = append(used, tariffName{t.ID(), t.DisplayName})
	}
	first, last := plan.Period.Days()
	line.Seals = (last - first + 1) * len(q.Meters)
	if err := plan.Private(); err != nil {
		return used, problemOf(problemTariffRefused, http.StatusUnprocessableEntity, "customers’ devices would refuse: %v", err)
	}
	return used, p.taken(ctx, q, plan.Period)
}

// taken says what stands in the way of a question: the store says so again when
// it is asked.
func (p *portal) taken(ctx context.Context, q Question, period prover.Period) error {
	for _, number := range q.Meters {
		list, err := p.Store.Items(ctx, store.Filter{Meter: number, Now: p.Now().Unix()})
		if err != nil {
			return err
		}
		for _, it := range list {
			open := it.Answer == nil && it.Withdrawn == 0 && it.NotAfter >= p.Now().Unix()
			switch {
			case it.Start >= period.End || period.Start >= it.End:
			case open:
				return problem(http.StatusConflict, "bill %d of this time is awaited already", it.Serial)
			case it.State == store.Accepted && it.Serial != q.Replaces:
				return problem(http.StatusConflict, "bill %d of this time was accepted; name it under Replaces", it.Serial)
			}
		}
	}
	return nil
}

// askAll makes every request that can be made. Those that cannot stay in the form.
func (p *portal) askAll(w http.ResponseWriter, r *http.Request, body askPage, questions []Question) error {
	var made []uint64
	var left []string
	var lines []askLine
	for i, q := range questions {
		line := body.Lines[i]
		if line.Trouble == "" {
			asked, err := p.Desk().Ask(r.Context(), q)
			if err == nil {
				made = append(made, asked.Serial)
				continue
			}
			line.Trouble = p.trouble(r, err).Detail
		}
		lines, left = append(lines, line), append(left, joined(q.Meters))
	}
	address := "/portal/requests/made?serials=" + serialText(made)
	if len(left) == 0 {
		http.Redirect(w, r, address, http.StatusSeeOther)
		return nil
	}
	body.Lines, body.Ready, body.Form.Meters = lines, 0, strings.Join(left, "\n")
	if len(made) > 0 {
		body.Made, body.MadeN = address, len(made)
	}
	t := p.trouble(r, problem(http.StatusConflict, "%d of %d requests could not be made; they are still in the form", len(left), len(questions)))
	return p.showAsk(w, r, t.Status, body, page{Trouble: t})
}

// joined writes the meters of one request as one line of the form.
func joined(meters []string) string { return strings.Join(meters, " ") }

// serialText writes rising serials as "4-6,9".
func serialText(list []uint64) string {
	var b strings.Builder
	for i := 0; i < len(list); {
		k := i
		for k+1 < len(list) && list[k+1] == list[k]+1 {
			k++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, list[i])
		if k > i {
			fmt.Fprintf(&b, "-%d", list[k])
		}
		i = k + 1
	}
	return b.String()
}

// serialsIn reads what serialText wrote.
func serialsIn(text string) ([]uint64, error) {
	var list []uint64
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		a, errA := strconv.ParseUint(from, 10, 63)
		b, errB := strconv.ParseUint(to, 10, 63)
		if errA != nil || errB != nil || b < a || b-a >= maxAsked || len(list) > maxAsked {
			return nil, store.ErrNotFound
		}
		for ; a <= b; a++ {
			list = append(list, a)
		}
	}
	return list, nil
}

// madeLine is a request with the link that its customer opens.
type madeLine struct {
	row
	Link string
}

type madePage struct {
	Lines []madeLine
	CSV   string
}

func (p *portal) madeLines(r *http.Request) ([]madeLine, error) {
	serials, err := serialsIn(r.URL.Query().Get("serials"))
	if err != nil {
		return nil, err
	}
	var list []madeLine
	for _, serial := range serials {
		it, err := p.Store.Item(r.Context(), serial, p.Now().Unix())
		if err != nil {
			return nil, err
		}
		data, err := p.Store.RequestBytes(r.Context(), it.Request)
		if err != nil {
			return nil, err
		}
		list = append(list, madeLine{row{*it}, p.Desk().Link(data)})
	}
	return list, nil
}

func (p *portal) made(w http.ResponseWriter, r *http.Request) error {
	list, err := p.madeLines(r)
	if err != nil {
		return err
	}
	title := "1 request made"
	if len(list) != 1 {
		title = fmt.Sprintf("%d requests made", len(list))
	}
	return p.show(w, r, http.StatusOK, "made", page{Title: title, Section: "ask",
		Body: madePage{list, "/portal/requests/made.csv?" + r.URL.RawQuery}})
}

func (p *portal) madeCSV(w http.ResponseWriter, r *http.Request) error {
	list, err := p.madeLines(r)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, l := range list {
		rows = append(rows, []string{strconv.FormatUint(l.Serial, 10), joined(l.Meters), l.First, l.Last, stamp(l.NotAfter), l.Link})
	}
	return writeTable(w, "requests.csv", []string{"request", "meters", "start", "end", "answer_by", "link"}, rows)
}
