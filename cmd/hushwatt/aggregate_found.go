package main

import (
	"fmt"
	"io"
	"strings"

	"hushwatt/aggregate"
	"hushwatt/meter"
)

var aggregateKeyCommand = command{
	name:    "aggregate key",
	does:    "make the key of an authority or an aggregator, for one charter",
	example: "hushwatt aggregate key --name network-operator --out operator.key > operator.party",
	note: "FILE is the party's secret: it signs registries, who is present, and sums, and opens what meters enrol\n" +
		"with. The line on standard output goes into the charter; it is no secret.",
	flags: func(f *flags) action {
		name := f.need("name", "NAME", "how the charter calls the party")
		out := f.need("out", "FILE", "where to write the key (mode 0600; a key is never written over)")
		kem := flag(f, &option{name: "kem", value: "NAME", help: "x25519 for meters too weak for x-wing, the default"}, asKEM)
		return func(*console) (answer, error) { return makePartyKey(*out, *name, *kem) }
	},
}

type partyAnswer struct {
	Party string `json:"party"`
}

func (a partyAnswer) text(w io.Writer) { fmt.Fprintln(w, a.Party) }

func makePartyKey(out, name string, kem meter.KEM) (answer, error) {
	if kem == "" {
		kem = meter.XWing
	}
	if err := absent(out); err != nil {
		return nil, err
	}
	k, err := aggregate.NewPartyKey(name, kem, nil)
	if err != nil {
		return nil, err
	}
	p := k.Party()
	if _, err := meter.ParseParty(p.String()); err != nil {
		return nil, err
	}
	return partyAnswer{p.String()}, writeFile(out, []byte(k.String()+"\n"), 0o600)
}

func readPartyKey(path string) (*aggregate.PartyKey, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	k, err := aggregate.ParsePartyKey(strings.TrimSuffix(string(data), "\n"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

func readParty(path string) (meter.Party, error) {
	data, err := readFile(path)
	if err != nil {
		return meter.Party{}, err
	}
	p, err := meter.ParseParty(strings.TrimSpace(string(data)))
	if err != nil {
		return meter.Party{}, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

var aggregateCharterCommand = command{
	name:    "aggregate charter",
	does:    "found a registry: who its parties are, and below how many meters nothing is released",
	example: "hushwatt aggregate charter --name street --party operator.party --party consumers.party --squares --authority-key meters.key --out street.charter",
	note: "Two or three parties are authorities, which open sums together. One party alone is the aggregator of a\n" +
		"registry that works by masks between meters. The authority that certifies the meters signs: a meter gives\n" +
		"keys to nobody else. What a charter says is never changed; another one needs new keys and enrolments.",
	flags: func(f *flags) action {
		var o charter
		o.name = f.need("name", "NAME", "of the registry")
		o.parties = f.needList("party", "FILE", "what hushwatt aggregate key printed")
		o.key = f.need("authority-key", "FILE", "the secret key of the authority that certifies the meters")
		o.out = f.need("out", "FILE", "where to write the charter (*.charter)")
		o.slot = flag(f, &option{name: "slot", value: "MINUTES", help: "5, 10, 15, 30 or 60, as the meters; 30 by default"}, asSlot)
		o.channel = flag(f, &option{name: "channel", value: "NAME", help: "import, the default, or export"}, asChannel)
		o.squares = f.toggle("squares", "sum squares too, for variance")
		o.minSum = flag(f, &option{name: "min-sum", value: "N", help: fmt.Sprintf("fewest meters in a sum, %d by default", usualMinSet)}, asLeast)
		o.minVariance = flag(f, &option{name: "min-variance", value: "N", help: fmt.Sprintf("fewest in a variance, %d by default", usualMinVariance)}, asLeast)
		o.neighbours = flag(f, &option{name: "neighbours", value: "N", help: fmt.Sprintf("of a meter in a registry of masks, even, %d to 64, %d by default", meter.MinNeighbours, aggregate.Degree)}, asNumber)
		o.force = f.toggle("force", "write over a charter that is there")
		return func(*console) (answer, error) { return o.run() }
	},
}

// charter is one use of `aggregate charter`.
type charter struct {
	name, key, out                        *string
	parties                               *[]string
	slot, minSum, minVariance, neighbours *int
	channel                               *uint8
	squares, force                        *bool
}

func (o *charter) run() (answer, error) {
	minSum := orElse(*o.minSum, usualMinSet)
	c := meter.Charter{Registry: *o.name, N: uint16(24 * 60 / orElse(*o.slot, 30)), Channel: *o.channel, Squares: *o.squares,
		MinSum: uint32(minSum), MinVariance: uint32(orElse(*o.minVariance, max(minSum, usualMinVariance)))}
	for _, path := range *o.parties {
		p, err := readParty(path)
		if err != nil {
			return nil, err
		}
		c.Parties = append(c.Parties, p)
	}
	switch masking := c.Masking(); {
	case masking:
		if n := orElse(*o.neighbours, aggregate.Degree); n >= 0 && n < 256 {
			c.Neighbours = uint8(n)
		}
	case *o.neighbours != 0:
		return nil, misusef("--neighbours is for a registry of masks, which has one party")
	}
	key, err := readAuthorityKey(*o.key)
	if err != nil {
		return nil, err
	}
	signed, err := key.SignCharter(c)
	if err != nil {
		return nil, err
	}
	if err := keepFile(*o.out, signed.Bytes(), 0o644, *o.force); err != nil {
		return nil, err
	}
	return describeCharter(signed), nil
}

func readCharter(path string) (*meter.Charter, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	c, err := meter.ParseCharter(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// charterAnswer is a charter in words.
type charterAnswer struct {
	Kind        string   `json:"kind"` // charter
	Registry    string   `json:"registry"`
	Issuer      string   `json:"issuer"` // the meter authority
	Mode        string   `json:"mode"`   // authorities or masking
	Parties     []string `json:"parties"`
	Slot        int      `json:"slot_minutes"`
	Channel     string   `json:"channel"`
	Squares     bool     `json:"squares"`
	MinSum      uint32   `json:"min_sum"`
	MinVariance uint32   `json:"min_variance"`
	Neighbours  uint8    `json:"neighbours,omitempty"`
	Hash        string   `json:"hash"`
}

func describeCharter(c *meter.Charter) charterAnswer {
	hash := c.Hash()
	a := charterAnswer{Kind: "charter", Registry: c.Registry, Mode: "authorities", Slot: 24 * 60 / int(c.N), Channel: channelName(c.Channel),
		Squares: c.Squares, MinSum: c.MinSum, MinVariance: c.MinVariance, Neighbours: c.Neighbours, Hash: fmt.Sprintf("%x", hash)}
	if c.Masking() {
		a.Mode = "masking"
	}
	if issuer, err := c.IssuedBy(); err == nil {
		a.Issuer = issuer.String()
	}
	for i := range c.Parties {
		a.Parties = append(a.Parties, c.Parties[i].Name)
	}
	return a
}

func (a charterAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "charter of %s: %s, slots of %d minutes\n", a.Registry, a.Channel, a.Slot)
	a.rules(w)
	fmt.Fprintf(w, "signed by    %s\nhash         %s\n", a.Issuer, a.Hash)
}

// rules are what a charter says that its registries hold to.
func (a charterAnswer) rules(w io.Writer) {
	if a.Mode == "masking" {
		fmt.Fprintf(w, "aggregator   %s, with masks between each meter and %d others\n", a.Parties[0], a.Neighbours)
	} else {
		fmt.Fprintf(w, "authorities  %s: together they open sums, none alone\n", strings.Join(a.Parties, ", "))
	}
	fmt.Fprintf(w, "a sum        of %d meters at least\n", a.MinSum)
	if a.Squares {
		fmt.Fprintf(w, "a variance   of %d meters at least\n", a.MinVariance)
	} else {
		fmt.Fprintln(w, "a variance   never")
	}
}
