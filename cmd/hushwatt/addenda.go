package main

import (
	"fmt"
	"path/filepath"

	"hushwatt/tariffs"
)

// declareAddenda declares the flag that names the addenda of tariffs.
func declareAddenda(f *flags) *[]string {
	return f.list("addendum", "FILE", "hours of the tariff's events, announced later; all that there are")
}

// withEvents gives tariffs the events that addenda announce. An addendum says
// itself of which tariff it is.
func withEvents(c *console, ts []*tariffs.Tariff, paths []string) ([]*tariffs.Tariff, error) {
	of := map[string][]*tariffs.Addendum{}
	for _, path := range paths {
		a, err := readAddendum(path)
		if err != nil {
			return nil, err
		}
		if a.Supplier() == nil {
			c.note("%s is not signed", filepath.Base(path))
		}
		of[a.Tariff()] = append(of[a.Tariff()], a)
	}
	out := make([]*tariffs.Tariff, len(ts))
	for i, t := range ts {
		var err error
		if out[i], err = t.With(of[t.ID()]...); err != nil {
			return nil, err
		}
		delete(of, t.ID())
	}
	for id := range of {
		return nil, fmt.Errorf("an addendum is of the tariff %s, which is not among the tariffs", id)
	}
	return out, nil
}

// supplierTariffs reads a supplier's own tariffs, which need no signature, with
// their addenda.
func supplierTariffs(c *console, paths, addenda []string) ([]*tariffs.Tariff, error) {
	ts := make([]*tariffs.Tariff, len(paths))
	for i, path := range paths {
		var err error
		if ts[i], err = readTariff(path); err != nil {
			return nil, err
		}
	}
	if len(addenda) == 0 {
		return ts, nil
	}
	return withEvents(c, ts, addenda)
}

func readAddendum(path string) (*tariffs.Addendum, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	a, err := tariffs.ParseAddendum(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// oneOf wants exactly one of two flags.
func oneOf(first, firstName, second, secondName string) error {
	switch {
	case first == "" && second == "":
		return misusef("flag %s is missing (or %s)", firstName, secondName)
	case first != "" && second != "":
		return misusef("%s and %s do not go together", firstName, secondName)
	}
	return nil
}
