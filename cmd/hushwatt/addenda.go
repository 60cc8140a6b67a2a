package main

import (
	"fmt"
	"path/filepath"

	"hushwatt/tariffs"
)

// declareAddenda declares the flag that names the addenda of tariffs, the only way
// in which a command takes one: among the tariffs it is refused.
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

// readDocuments reads tariffs and addenda, and gives the tariffs the events that
// their addenda announce.
func readDocuments(paths, addenda []string) (*documents, error) {
	ts, err := readOnlyTariffs(paths)
	if err != nil {
		return nil, err
	}
	as, err := readAddenda(addenda)
	if err != nil {
		return nil, err
	}
	d := &documents{ts, paths, as, addenda}
	for i, a := range as {
		if err := d.belongs(a); err != nil {
			return nil, fmt.Errorf("%s: %w", addenda[i], err)
		}
	}
	d.tariffs, err = tariffs.WithAddenda(ts, as)
	return d, err
}

// readOnlyTariffs reads tariffs; to one that gives an addendum among them it says
// how to.
func readOnlyTariffs(paths []string) ([]*tariffs.Tariff, error) {
	var ts []*tariffs.Tariff
	for _, path := range paths {
		t, _, err := readDocument(path)
		if err == nil && t == nil {
			err = misusef("%s is an addendum, not a tariff: give it as --addendum %[1]s", path)
		}
		if err != nil {
			return nil, err
		}
		ts = append(ts, t)
	}
	return ts, nil
}

// readAddenda reads addenda, each in its own file.
func readAddenda(paths []string) ([]*tariffs.Addendum, error) {
	var as []*tariffs.Addendum
	for _, path := range paths {
		_, a, err := readDocument(path)
		if err == nil && a == nil {
			err = misusef("%s is a tariff, not an addendum: --addendum takes the hours of a tariff's events", path)
		}
		if err != nil {
			return nil, err
		}
		as = append(as, a)
	}
	return as, nil
}

// readDocument reads a tariff or an addendum, which say themselves what they are.
func readDocument(path string) (*tariffs.Tariff, *tariffs.Addendum, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	t, a, err := tariffs.Read(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, a, nil
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
func readTariffs(c *console, paths, addenda []string) ([]*tariffs.Tariff, error) {
	d, err := readDocuments(paths, addenda)
	if err != nil {
		return nil, err
	}
	d.note(c)
	return d.tariffs, nil
}

// readOneTariff reads a tariff to be looked at, with its addenda.
func readOneTariff(c *console, path string, addenda []string) (*tariffs.Tariff, error) {
	ts, err := readTariffs(c, []string{path}, addenda)
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
