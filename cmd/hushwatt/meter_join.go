package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"hushwatt/internal/wire"
	"hushwatt/meter"
)

var meterJoinCommand = command{
	name:    "meter join",
	does:    "join a registry that works by masks: a key for every neighbour that stands after this meter",
	example: "hushwatt meter join --meter-dir house-01 --registry street.registry --enrolments street.enrolments --out house-01.introductions",
	note: "FILE holds an introduction for each of these neighbours, sealed for it; all meters' files are handed to all, or\n" +
		"each to whom it may concern (hushwatt meter meet). Joining again introduces the meter with the same keys.",
	flags: func(f *flags) action {
		dir := f.need("meter-dir", "DIR", "the meter, enrolled")
		registry := f.need("registry", "FILE", "the registry, signed by its aggregator")
		enrolments := f.need("enrolments", "FILE", "the meters' enrolments together")
		out := f.need("out", "FILE", "where to write the introductions (*.introductions)")
		return func(*console) (answer, error) { return join(*dir, *registry, *enrolments, *out) }
	},
}

type joinAnswer struct {
	Meter      string   `json:"meter"`
	Registry   string   `json:"registry"`
	Introduced []string `json:"introduced"` // to these meters
}

func (a joinAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "meter %s has joined %s and introduces itself to %d neighbours\n", a.Meter, a.Registry, len(a.Introduced))
}

func join(dir, registry, enrolments, out string) (answer, error) {
	r, err := readRegistry(registry)
	if err != nil {
		return nil, err
	}
	if !r.Charter.Masking() {
		return nil, fmt.Errorf("%s has authorities: there is nothing to join", r.Charter.Registry)
	}
	find, err := readEnrolments(enrolments, r)
	if err != nil {
		return nil, err
	}
	m, err := openMeter(dir)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	list, err := m.Join(r, find)
	if err != nil {
		return nil, err
	}
	a := joinAnswer{m.Certificate().Meter, r.Charter.Registry, []string{}}
	var all [][]byte
	for _, i := range list {
		all = append(all, i.Bytes())
		a.Introduced = append(a.Introduced, r.Meters[r.Index(i.To)].Certificate.Meter)
	}
	data, err := wire.Marshal(all)
	if err != nil {
		return nil, err
	}
	return a, writeFile(out, data, 0o644)
}

var meterMeetCommand = command{
	name:    "meter meet",
	does:    "take the keys of the neighbours that stand before this meter in a registry of masks",
	example: "hushwatt meter meet --meter-dir house-01 --registry street.registry --from introductions/a.introductions introductions/b.introductions",
	note: "What is for other meters is passed over. Until every neighbour has introduced itself the meter can answer for no\n" +
		"slot in which one that has not is present.",
	flags: func(f *flags) action {
		dir := f.need("meter-dir", "DIR", "the meter, which has joined")
		registry := f.need("registry", "FILE", "the registry, signed by its aggregator")
		from := f.needList("from", "FILE", "what other meters have written with hushwatt meter join; one after another or --from each")
		f.options[len(f.options)-1].rest = true
		return func(*console) (answer, error) { return meet(*dir, *registry, *from) }
	},
}

type meetAnswer struct {
	Meter   string   `json:"meter"`
	Met     []string `json:"met"`
	Missing []string `json:"missing"` // neighbours before it of which the files have nothing
}

func (a meetAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "meter %s has met %d neighbours", a.Meter, len(a.Met))
	if len(a.Missing) > 0 {
		fmt.Fprintf(w, "; not here: %s", strings.Join(a.Missing, ", "))
	}
	fmt.Fprintln(w)
}

func meet(dir, registry string, from []string) (answer, error) {
	r, err := readRegistry(registry)
	if err != nil {
		return nil, err
	}
	m, err := openMeter(dir)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if err := inRegistry(m, r); err != nil {
		return nil, err
	}
	e, _ := m.Enrolled(int(r.Charter.Channel))
	id := e.Hash()
	own := string(id[:meter.IDSize])
	met := map[int]bool{}
	var refused []error
	for _, path := range from {
		list, err := readIntroductions(path)
		if err != nil {
			return nil, err
		}
		for _, i := range list {
			if string(i.To) != own {
				continue
			}
			if err := m.Meet(i); err != nil { // anybody may have written it: the others still count
				refused = append(refused, fmt.Errorf("%s: %w", path, err))
				continue
			}
			met[r.Index(i.From)] = true
		}
	}
	a := meetAnswer{m.Certificate().Meter, []string{}, []string{}}
	place := r.Index([]byte(own))
	for _, j := range r.Ring().Neighbours(place) {
		switch name := r.Meters[j].Certificate.Meter; {
		case met[j]:
			a.Met = append(a.Met, name)
		case j < place:
			a.Missing = append(a.Missing, name)
		}
	}
	return a, errors.Join(refused...)
}

func readIntroductions(path string) ([]*meter.Introduction, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	if err := wire.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("%s: not a file of introductions: %w", path, err)
	}
	var list []*meter.Introduction
	for _, b := range all {
		i, err := meter.DecodeIntroduction(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		list = append(list, i)
	}
	return list, nil
}
