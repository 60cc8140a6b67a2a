package prover

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"hushwatt/internal/wire"
)

// ErrPeriodGap is the error of a period that leaves days between it and those
// that were billed before.
var ErrPeriodGap = errors.New("period leaves a gap to those that were billed before")

// Intervals holds the periods that were billed of one meter and kind. They are
// disjoint and adjacent: together one gapless run of time. The zero value is
// empty. Both sides keep one, so that neither is talked into a second bill.
type Intervals struct {
	list []billed // in order of time
}

type billed struct {
	_       struct{} `cbor:",toarray"`
	Start   int64
	End     int64
	Request [32]byte
}

// Check reports whether [start, end) may be added. With replaces (the hash of an
// earlier request) it must be that request's own period; without, it must touch
// what is there and overlap nothing.
func (v *Intervals) Check(start, end int64, replaces []byte) error {
	if len(replaces) > 0 {
		if i := v.find(replaces); i < 0 {
			return errors.New("the request to replace was never answered")
		} else if v.list[i].Start != start || v.list[i].End != end {
			return errors.New("the request to replace was for another period")
		}
		return nil
	}
	for _, o := range v.list {
		if start < o.End && o.Start < end {
			return errors.New("period overlaps one that was billed before")
		}
	}
	if n := len(v.list); n > 0 && start != v.list[n-1].End && end != v.list[0].Start {
		return ErrPeriodGap
	}
	return nil
}

// Add records that request was answered for [start, end), after Check.
func (v *Intervals) Add(start, end int64, request [32]byte, replaces []byte) {
	if i := v.find(replaces); i >= 0 {
		v.list[i].Request = request
		return
	}
	v.list = append(v.list, billed{Start: start, End: end, Request: request})
	slices.SortFunc(v.list, func(a, b billed) int { return int(max(-1, min(1, a.Start-b.Start))) })
}

func (v *Intervals) find(request []byte) int {
	return slices.IndexFunc(v.list, func(o billed) bool { return bytes.Equal(o.Request[:], request) })
}

// Answered is a customer's memory of the signed requests that were answered: one
// run of periods for each supplier, meter and kind (docs/protocol.md, section
// 5.1). The zero value has none.
type Answered struct {
	runs []run // ascending
}

type run struct {
	_        struct{} `cbor:",toarray"`
	Supplier Supplier
	Meter    string
	Kind     Kind
	Periods  []billed
}

func (r *run) compare(o *run) int {
	return cmp.Or(bytes.Compare(r.Supplier[:], o.Supplier[:]), cmp.Compare(r.Meter, o.Meter), cmp.Compare(r.Kind, o.Kind))
}

// Check reports whether a signed request may be answered. A request that was
// answered may not: its stored bytes are sent again.
func (a *Answered) Check(r *Request) error {
	hash := r.Hash()
	for _, m := range r.Terms.Meters {
		v := Intervals{a.at(r, m.Meter).Periods}
		if v.find(hash[:]) >= 0 {
			return errors.New("request was answered before")
		}
		if err := v.Check(r.Terms.Period.Start, r.Terms.Period.End, r.Replaces); err != nil {
			return fmt.Errorf("meter %s: %w", m.Meter, err)
		}
	}
	return nil
}

// Add records that a request was answered, after Check.
func (a *Answered) Add(r *Request) {
	for _, m := range r.Terms.Meters {
		at := a.at(r, m.Meter)
		v := Intervals{at.Periods}
		v.Add(r.Terms.Period.Start, r.Terms.Period.End, r.Hash(), r.Replaces)
		at.Periods = v.list
		if i, found := a.find(&at); found {
			a.runs[i] = at
		} else {
			a.runs = slices.Insert(a.runs, i, at)
		}
	}
}

// at returns a meter's run, an empty one if nothing was answered yet.
func (a *Answered) at(r *Request, meter string) run {
	key := run{Supplier: r.Supplier, Meter: meter, Kind: r.Terms.Kind}
	if i, found := a.find(&key); found {
		key.Periods = slices.Clone(a.runs[i].Periods)
	}
	return key
}

func (a *Answered) find(key *run) (int, bool) {
	return slices.BinarySearchFunc(a.runs, key, func(r run, k *run) int { return r.compare(k) })
}

// Bytes returns the form that ParseAnswered reads.
func (a *Answered) Bytes() []byte { return mustMarshal(a.runs) }

// ParseAnswered reads what Bytes wrote.
func ParseAnswered(b []byte) (*Answered, error) {
	a := new(Answered)
	if err := wire.Unmarshal(b, &a.runs); err != nil {
		return nil, fmt.Errorf("answered requests: %w", err)
	}
	for i := range a.runs {
		r := &a.runs[i]
		if i > 0 && a.runs[i-1].compare(r) >= 0 {
			return nil, errors.New("answered requests: meters are not in order")
		}
		for k, p := range r.Periods {
			if p.Start >= p.End || k > 0 && p.Start != r.Periods[k-1].End {
				return nil, fmt.Errorf("answered requests: periods of meter %.64q are not one run", r.Meter)
			}
		}
	}
	return a, nil
}
