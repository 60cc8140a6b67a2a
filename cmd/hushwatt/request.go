package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/tariffs"
)

// answerWithin is how long a request may be answered.
const answerWithin = 90 * 24 * time.Hour

var requestCommand = command{
	name:    "request",
	does:    "ask for a bill, as a supplier",
	example: "hushwatt request --tariff tariff.json --meter made-up-1 --start 2026-03-01 --end 2026-04-01 --supplier-dir supplier --out march.request",
	note: "DIR holds the supplier's key and a copy of each request; it is made on first use.\n" +
		"A request names prices slot by slot, so it must know how long a meter's slots are.",
	flags: func(f *flags) action {
		paths := f.needList("tariff", "FILE", "a tariff")
		addenda := declareAddenda(f)
		meters := f.needList("meter", "ID", "a meter's number")
		slot := flag(f, &option{name: "slot", value: "MINUTES", help: "length of the meters' slots, 30 by default"}, asSlot)
		p := declarePeriod(f, true)
		dir := f.need("supplier-dir", "DIR", "the supplier")
		out := f.need("out", "FILE", "where to write the request")
		return func(c *console) (answer, error) {
			ts, err := supplierTariffs(*paths, *addenda)
			if err != nil {
				return nil, err
			}
			return ask(ts, meterSlots(*meters, *slot), p, *dir, *out)
		}
	},
}

type requestAnswer struct {
	Request  string `json:"request"` // hash
	Supplier string `json:"supplier"`
	Serial   uint64 `json:"serial"`
	Start    string `json:"start"`
	End      string `json:"end"`
	NotAfter string `json:"not_after"`
}

func (a requestAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "Request %d for %s to %s (exclusive), to be answered by %s\nhash %s\n", a.Serial, a.Start, a.End, a.NotAfter, a.Request)
}

func meterSlots(ids []string, minutes int) []prover.MeterSlots {
	if minutes == 0 {
		minutes = 30
	}
	list := make([]prover.MeterSlots, len(ids))
	for i, id := range ids {
		list[i] = prover.MeterSlots{Meter: id, N: uint16(24 * 60 / minutes)}
	}
	return list
}

func ask(ts []*tariffs.Tariff, meters []prover.MeterSlots, p period, dir, out string) (answer, error) {
	asked, err := plan.New(ts, *p.start, *p.end, meters)
	if err != nil {
		return nil, err
	}
	r, err := prover.NewRequest(asked.BillPlan)
	if err != nil {
		return nil, err
	}
	key, err := supplierKey(dir)
	if err != nil {
		return nil, err
	}
	r.NotAfter = time.Now().Add(answerWithin).Unix()
	data, err := record(dir, func(serial uint64) ([]byte, error) {
		r.Serial = serial
		if err := r.Sign(key); err != nil {
			return nil, err
		}
		return r.Bytes(), nil
	})
	if err != nil {
		return nil, err
	}
	if err := writeFile(out, data, 0o644); err != nil {
		return nil, err
	}
	return requestAnswer{hashText(r), r.Supplier.String(), r.Serial, p.start.String(), p.end.String(), stamp(r.NotAfter)}, nil
}

func hashText(r *prover.Request) string {
	h := r.Hash()
	return hex.EncodeToString(h[:])
}

// readRequest reads a request file; without a path there is none.
func readRequest(path string) (*prover.Request, error) {
	if path == "" {
		return nil, nil
	}
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	r, err := prover.ParseRequest(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}
