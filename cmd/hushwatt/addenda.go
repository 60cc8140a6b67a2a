package main

import (
	"fmt"
	"path/filepath"

	"hushwatt/tariffs"
)

// declareAddenda declares the flag that names the addenda of tariffs. One that
// stands among the tariffs counts as well: the content tells.
func declareAddenda(f *flags) *[]string {
	return f.list("addendum", "FILE", "hours of the tariff's events, announced later; all that there are")
}

// documents are tariffs and the addenda beside them, with the names of their files.
type documents struct {
	tariffs      []*tariffs.Tariff
	tariffFiles  []string
	addenda      []*tariffs.Addendum
	addendaFiles []string
}

// readDocuments reads tariffs and addenda, which say themselves what they are, and
// gives the tariffs the events that their addenda announce.
func readDocuments(paths, addenda []string) (*documents, error) {
	d := new(documents)
	for _, path := range append(append([]string(nil), paths...), addenda...) {
		data, err := readFile(path)
		if err != nil {
			return nil, err
		}
		t, a, err := tariffs.Read(data)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path, err)
		case a != nil:
			d.addenda, d.addendaFiles = append(d.addenda, a), append(d.addendaFiles, path)
		default:
			d.tariffs, d.tariffFiles = append(d.tariffs, t), append(d.tariffFiles, path)
		}
	}
	for i, a := range d.addenda {
		if err := d.belongs(a); err != nil {
			return nil, fmt.Errorf("%s: %w", d.addendaFiles[i], err)
		}
	}
	joined, err := tariffs.WithAddenda(d.tariffs, d.addenda)
	d.tariffs = joined
	return d, err
}

// belongs says why an addendum cannot count: its tariff is not here, another
// supplier has signed it, or it announces what its tariff does not have.
func (d *documents) belongs(a *tariffs.Addendum) error {
	for _, t := range d.tariffs {
		if t.ID() == a.Tariff() {
			_, err := t.With(a)
			return err
		}
	}
	return fmt.Errorf("an addendum is of the tariff %s, which is not among the tariffs", a.Tariff())
}

// note says which documents are not signed.
func (d *documents) note(c *console) {
	for i, t := range d.tariffs {
		if t.Supplier() == nil {
			c.note("%s is not signed", filepath.Base(d.tariffFiles[i]))
		}
	}
	for i, a := range d.addenda {
		if a.Supplier() == nil {
			c.note("%s is not signed", filepath.Base(d.addendaFiles[i]))
		}
	}
}

// readTariffs reads tariffs, with their addenda, and says which are not signed.
func readTariffs(c *console, paths []string, addenda ...string) ([]*tariffs.Tariff, error) {
	d, err := readDocuments(paths, addenda)
	if err != nil {
		return nil, err
	}
	d.note(c)
	return d.tariffs, nil
}

// readOneTariff reads a tariff to be looked at, with its addenda.
func readOneTariff(c *console, path string, addenda []string) (*tariffs.Tariff, error) {
	ts, err := readTariffs(c, []string{path}, addenda...)
	if err == nil && len(ts) != 1 {
		err = misusef("one tariff is looked at, these are %d", len(ts))
	}
	if err != nil {
		return nil, err
	}
	return ts[0], nil
}

// supplierTariffs reads a supplier's own tariffs, which need no signature, with
// their addenda.
func supplierTariffs(paths, addenda []string) ([]*tariffs.Tariff, error) {
	d, err := readDocuments(paths, addenda)
	if err != nil {
		return nil, err
	}
	return d.tariffs, nil
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
