package main

import (
	"fmt"
	"io"
	"time"

	"hushwatt/prover/worker"
)

var billCommand = command{
	name:    "bill",
	does:    "open your meter's export, work out the bill and prove it",
	example: "hushwatt bill --export my.hushwatt --key my.key --tariff tariff.json --start 2026-03-01 --end 2026-04-01 --out march.bill",
	note: "The bill holds the total, the meter's seals and statuses, and the proof; no reading. With\n" +
		"--request it answers a supplier, and only if the privacy rules allow; without one it says what\n" +
		"nobody has asked, with a warning where they would not.",
	flags: func(f *flags) action {
		var j billJob
		j.exports = f.needList("export", "FILE", "an export of a meter (*.hushwatt); several if a meter was replaced")
		j.key = f.need("key", "FILE", "your key")
		j.tariffs = f.needList("tariff", "FILE", "a tariff; several that follow each other split the period")
		j.addenda = declareAddenda(f)
		j.period = declarePeriod(f, false)
		j.request = f.text("request", "FILE", "the supplier's request, in place of --start and --end")
		j.out = f.need("out", "FILE", "where to write the bill (*.bill)")
		return j.run
	},
}

// billJob is one use of `bill`.
type billJob struct {
	exports, tariffs, addenda *[]string
	key, request, out         *string
	period                    period
}

type billAnswer struct {
	Currency string  `json:"currency"`
	Total    string  `json:"total"`
	Bytes    int     `json:"bytes"`
	OpenMs   float64 `json:"open_ms"`
	ProveMs  float64 `json:"prove_ms"`
}

func (a billAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "Total %s %s\n", a.Total, a.Currency)
	fmt.Fprintf(w, "Every seal checked in %.0f ms, bill proven in %.0f ms and verified here: %s\n", a.OpenMs, a.ProveMs, size(a.Bytes))
}

func (j *billJob) run(c *console) (answer, error) {
	if err := j.check(); err != nil {
		return nil, err
	}
	job, opening, err := j.open(c)
	if err != nil {
		return nil, err
	}
	made, err := worker.Make(*job, time.Now())
	if err != nil {
		return nil, err
	}
	if err := writeFile(*j.out, made.Bill, 0o644); err != nil {
		return nil, err
	}
	if made.Tells != nil {
		c.note("keep this bill to yourself: %v", made.Tells)
	}
	return billAnswer{made.Currency, made.Total, len(made.Bill), milliseconds(opening), milliseconds(made.Proving)}, nil
}

// check wants either a request or both dates.
func (j *billJob) check() error {
	given := *j.period.start != 0 || *j.period.end != 0
	switch {
	case *j.request != "" && given:
		return misusef("--request names the period: leave out --start and --end")
	case *j.request == "" && *j.period.start == 0:
		return misusef("flag --start is missing (or --request)")
	case *j.request == "" && *j.period.end == 0:
		return misusef("flag --end is missing (or --request)")
	}
	return nil
}

// open reads all files and opens the exports.
func (j *billJob) open(c *console) (*worker.Job, time.Duration, error) {
	ts, err := readTariffs(c, *j.tariffs, *j.addenda)
	if err != nil {
		return nil, 0, err
	}
	request, err := readRequest(*j.request)
	if err != nil {
		return nil, 0, err
	}
	key, err := readKey(*j.key)
	if err != nil {
		return nil, 0, err
	}
	exports, err := readFiles(*j.exports)
	if err != nil {
		return nil, 0, err
	}
	job := &worker.Job{Tariffs: ts, Start: *j.period.start, End: *j.period.end, Request: request, Knowingly: request == nil}
	began := time.Now()
	for i, export := range exports {
		o, err := worker.Open(export, key)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", (*j.exports)[i], err)
		}
		job.Opened = append(job.Opened, o)
	}
	return job, time.Since(began), nil
}

// milliseconds is a duration as a JSON number, to a thousandth.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
