package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"hushwatt/aggregate"
	"hushwatt/internal/wire"
	"hushwatt/meter"
)

var aggregateRegistryCommand = command{
	name:    "aggregate registry",
	does:    "put a registry together: which meters are summed from a day on, and over which sets",
	example: "hushwatt aggregate registry --charter street.charter --from enrolments/a.enrolment enrolments/b.enrolment --set street --first 2026-03-02 --out street.registry --enrolments street.enrolments",
	note: "A set is NAME=METER,METER…, NAME=@FILE for a file with a meter in each line, or NAME alone for all meters. Any\n" +
		"two sets are apart or one inside the other; a registry of masks has one set, of all. The registry counts once\n" +
		"all parties have signed it (hushwatt aggregate sign). One that replaces another (--before) begins on a later day;\n" +
		"a set that keeps its name loses no meter or at least the minimum, and gains none or as many: fewer would show\n" +
		"in the difference.",
	flags: func(f *flags) action {
		var o founding
		o.charter = f.need("charter", "FILE", "the charter")
		o.from = f.needList("from", "FILE", "meters' enrolments, or a file of many; one after another or --from each")
		f.options[len(f.options)-1].rest = true
		o.sets = f.needList("set", "NAME=METERS", "a set whose sum is released")
		o.first = flag(f, &option{name: "first", value: "DATE", help: "first day on which it holds, UTC", required: true}, asDayNumber)
		o.out = f.need("out", "FILE", "where to write the registry (*.registry)")
		o.enrolments = f.need("enrolments", "FILE", "where to write the enrolments together, for the parties")
		o.before = f.text("before", "FILE", "the registry that it replaces")
		o.force = f.toggle("force", "write over files that are there")
		return func(*console) (answer, error) { return o.run() }
	},
}

// founding is one use of `aggregate registry`.
type founding struct {
	charter, out, enrolments, before *string
	from, sets                       *[]string
	first                            *uint16
	force                            *bool
}

func (o *founding) run() (answer, error) {
	c, err := readCharter(*o.charter)
	if err != nil {
		return nil, err
	}
	var list []*meter.Enrolment
	for _, path := range *o.from {
		more, err := readEnrolmentFile(path, c)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	for _, e := range list {
		if e.First > *o.first {
			return nil, fmt.Errorf("meter %s is enrolled from %s on, after the registry's first day", e.Certificate.Meter, meter.DayText(e.First))
		}
	}
	sets, err := o.readSets(list)
	if err != nil {
		return nil, err
	}
	r, err := meter.NewRegistry(c, *o.first, list, sets)
	if err != nil {
		return nil, err
	}
	if err := o.follow(r); err != nil {
		return nil, err
	}
	if err := r.CheckUnsigned(); err != nil {
		return nil, err
	}
	if err := o.write(r, list); err != nil {
		return nil, err
	}
	return describeRegistry(r), nil
}

// follow ties the registry to the one that it replaces.
func (o *founding) follow(r *meter.Registry) error {
	if *o.before == "" {
		return nil
	}
	before, err := readRegistry(*o.before)
	if err != nil {
		return err
	}
	hash := before.Hash()
	r.Before = hash[:]
	return meter.CheckSuccessor(before, r)
}

func (o *founding) write(r *meter.Registry, list []*meter.Enrolment) error {
	data, err := enrolmentFile(list)
	if err != nil {
		return err
	}
	return errors.Join(keepFile(*o.enrolments, data, 0o644, *o.force), keepFile(*o.out, r.Bytes(), 0o644, *o.force))
}

// readSets reads --set.
func (o *founding) readSets(list []*meter.Enrolment) (map[string][]string, error) {
	sets := map[string][]string{}
	for _, text := range *o.sets {
		name, meters, given := strings.Cut(text, "=")
		if _, twice := sets[name]; twice || name == "" {
			return nil, misusef("--set %s: a set has a name of its own", text)
		}
		sets[name] = []string{}
		switch path, file := strings.CutPrefix(meters, "@"); {
		case !given:
			for _, e := range list {
				sets[name] = append(sets[name], e.Certificate.Meter)
			}
		case file:
			data, err := readFile(path)
			if err != nil {
				return nil, err
			}
			sets[name] = strings.Fields(string(data))
		default:
			sets[name] = strings.Split(meters, ",")
		}
	}
	return sets, nil
}

// enrolmentFile is a file of many enrolments: an array of byte strings in CBOR.
func enrolmentFile(list []*meter.Enrolment) ([]byte, error) {
	var all [][]byte
	for _, e := range list {
		all = append(all, e.Bytes())
	}
	return wire.Marshal(all)
}

// readEnrolmentFile reads one enrolment, or a file of many.
func readEnrolmentFile(path string, c *meter.Charter) ([]*meter.Enrolment, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	many := [][]byte{data}
	if err := wire.Unmarshal(data, &many); err != nil {
		many = [][]byte{data}
	}
	var list []*meter.Enrolment
	for _, b := range many {
		e, err := meter.ParseEnrolment(b, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		list = append(list, e)
	}
	return list, nil
}

var aggregateSignCommand = command{
	name:    "aggregate sign",
	does:    "sign a registry as one of its parties, after checking it",
	example: "hushwatt aggregate sign --registry street.registry --key operator.key",
	note: "The signature goes into FILE, which parties hand on to each other; with --out it is written by itself, for whoever\n" +
		"keeps FILE to add with --signature. One that replaces another is signed beside that one (--before). With --enrolments\n" +
		"a meter whose keys do not open is found now; later it would keep the party from starting.",
	flags: func(f *flags) action {
		var o signing
		o.registry = f.need("registry", "FILE", "the registry")
		o.key = f.text("key", "FILE", "the party's secret key")
		o.before = f.text("before", "FILE", "the registry that it replaces")
		o.enrolments = f.text("enrolments", "FILE", "check that the key opens what the meters have enrolled with")
		o.out = f.text("out", "FILE", "write the signature here and leave the registry as it is")
		o.signatures = f.list("signature", "FILE", "a signature that another party has written with --out")
		return func(*console) (answer, error) { return o.run() }
	},
}

// signing is one use of `aggregate sign`.
type signing struct {
	registry, key, before, enrolments, out *string
	signatures                             *[]string
}

const signatureName = "hushwatt-signature"

func (o *signing) run() (answer, error) {
	switch {
	case *o.key == "" && len(*o.signatures) == 0:
		return nil, misusef("--key or --signature is needed")
	case *o.out != "" && *o.key == "":
		return nil, misusef("--out goes with --key")
	case *o.out != "" && len(*o.signatures) > 0:
		return nil, misusef("--signature adds to the registry, which --out leaves as it is")
	}
	r, err := readDraft(*o.registry)
	if err != nil {
		return nil, err
	}
	if err := o.add(r); err != nil {
		return nil, err
	}
	if *o.key != "" {
		signature, err := o.sign(r)
		if err != nil {
			return nil, err
		}
		if *o.out != "" {
			return describeRegistry(r), writeFile(*o.out, []byte(wire.EncodeText(signatureName, signature)+"\n"), 0o644)
		}
		if err := r.AddSignature(signature); err != nil {
			return nil, err
		}
	}
	return describeRegistry(r), writeFile(*o.registry, r.Bytes(), 0o644)
}

func (o *signing) sign(r *meter.Registry) ([]byte, error) {
	key, err := readPartyKey(*o.key)
	if err != nil {
		return nil, err
	}
	if *o.enrolments != "" {
		find, err := readEnrolments(*o.enrolments, r)
		if err != nil {
			return nil, err
		}
		if err := key.CheckEnrolments(r, find); err != nil {
			return nil, err
		}
	}
	if *o.before == "" {
		if len(r.Before) > 0 {
			return nil, errors.New("the registry replaces another: --before says which, to check it against")
		}
		return key.SignRegistry(r, nil)
	}
	before, err := readRegistry(*o.before)
	if err != nil {
		return nil, err
	}
	return key.SignRegistry(r, before)
}

// add adds the signatures of others.
func (o *signing) add(r *meter.Registry) error {
	for _, path := range *o.signatures {
		data, err := readFile(path)
		if err != nil {
			return err
		}
		signature, err := wire.DecodeText(signatureName, strings.TrimSpace(string(data)))
		if err != nil {
			return fmt.Errorf("%s: signature %w", path, err)
		}
		if err := r.AddSignature(signature); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func readDraft(path string) (*meter.Registry, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	r, err := meter.ParseDraft(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// registryAnswer is a registry in words.
type registryAnswer struct {
	Kind    string        `json:"kind"` // registry
	Charter charterAnswer `json:"charter"`
	First   string        `json:"first"`
	Before  string        `json:"before,omitempty"` // hash of the registry that it replaces
	Meters  int           `json:"meters"`
	Sets    []setAnswer   `json:"sets"`
	Signed  []string      `json:"signed"`
	Missing []string      `json:"missing"` // parties that have not signed
	Hash    string        `json:"hash"`
}

type setAnswer struct {
	Name     string `json:"name"`
	Meters   int    `json:"meters"`
	Inside   string `json:"inside,omitempty"` // the smallest set around it
	Sum      bool   `json:"sum"`              // released if all meters are present
	Variance bool   `json:"variance"`         // likewise
}

func describeRegistry(r *meter.Registry) registryAnswer {
	a := registryAnswer{Kind: "registry", Charter: describeCharter(&r.Charter), First: meter.DayText(r.First), Meters: len(r.Meters),
		Sets: []setAnswer{}, Signed: []string{}, Missing: []string{}, Hash: fmt.Sprintf("%x", r.Hash())}
	if len(r.Before) > 0 {
		a.Before = fmt.Sprintf("%x", r.Before)
	}
	all := meter.NewBitmap(len(r.Meters))
	for i := range r.Meters {
		all.Set(i)
	}
	released := map[string]aggregate.Releasable{}
	for _, s := range aggregate.Released(r, all) {
		released[s.Set] = s
	}
	for i := range r.Sets {
		s := &r.Sets[i]
		seen, sum := released[s.Name]
		a.Sets = append(a.Sets, setAnswer{s.Name, s.Meters.Count(), around(r, i), sum, seen.Squares})
	}
	for i, name := range a.Charter.Parties {
		if r.HasSigned(i) {
			a.Signed = append(a.Signed, name)
		} else {
			a.Missing = append(a.Missing, name)
		}
	}
	return a
}

// around names the smallest set that holds all meters of another and more.
func around(r *meter.Registry, i int) (name string) {
	least := len(r.Meters) + 1
	for j := range r.Sets {
		o := &r.Sets[j]
		if n := o.Meters.Count(); n > r.Sets[i].Meters.Count() && n < least && r.Sets[i].Meters.AndNot(o.Meters).Count() == 0 {
			name, least = o.Name, n
		}
	}
	return name
}

func (a registryAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "registry %s: %d meters from %s on, %s, slots of %d minutes\n", a.Charter.Registry, a.Meters, a.First, a.Charter.Channel, a.Charter.Slot)
	a.Charter.rules(w)
	for _, s := range a.Sets {
		fmt.Fprintf(w, "set          %s: %d meters", s.Name, s.Meters)
		if s.Inside != "" {
			fmt.Fprintf(w, ", inside %s", s.Inside)
		}
		switch {
		case s.Variance:
			fmt.Fprintln(w, "; sum and variance")
		case s.Sum:
			fmt.Fprintln(w, "; sum only")
		default:
			fmt.Fprintln(w, "; nothing is released: its meters outside smaller sets are too few")
		}
	}
	if a.Before != "" {
		fmt.Fprintf(w, "replaces     %s\n", a.Before)
	}
	fmt.Fprintf(w, "hash         %s\nsigned by    %s\n", a.Hash, orNobody(a.Signed))
	if len(a.Missing) > 0 {
		fmt.Fprintf(w, "not yet by   %s\n", strings.Join(a.Missing, ", "))
	}
}

func orNobody(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}
