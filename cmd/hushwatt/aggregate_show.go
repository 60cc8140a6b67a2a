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

var aggregateShowCommand = command{
	name:    "aggregate show",
	does:    "what a charter, an enrolment, a registry or a release says, whose it is and who has signed",
	example: "hushwatt aggregate show street.registry",
	note: "FILE may also be the public side of a party or of a meter authority. Signatures are checked; whether the meter\n" +
		"authority is one to trust is for you: its line is shown. An enrolment is checked with its charter.",
	flags: func(f *flags) action {
		path := f.arg("FILE")
		charter := f.text("charter", "FILE", "the charter of an enrolment")
		return func(*console) (answer, error) { return showAny(*path, *charter) }
	},
}

// showAny tells what a file is by its content.
func showAny(path, charterPath string) (answer, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	var c *meter.Charter
	if charterPath != "" {
		if c, err = readCharter(charterPath); err != nil {
			return nil, err
		}
	}
	a, err := showLine(strings.TrimSpace(string(data)))
	if errors.Is(err, errNoLine) {
		a, err = showBinary(data, c)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

var errNoLine = errors.New("not a line of text")

// partyShown is the public side of a party.
type partyShown struct {
	Kind string `json:"kind"` // party
	Name string `json:"name"`
	Key  string `json:"key"`
}

func (a partyShown) text(w io.Writer) { fmt.Fprintf(w, "party %s\nkey          %s\n", a.Name, a.Key) }

// authorityShown is the public side of a meter authority.
type authorityShown struct {
	Kind      string `json:"kind"` // authority
	Authority string `json:"authority"`
	Hash      string `json:"hash"`
}

func (a authorityShown) text(w io.Writer) {
	fmt.Fprintf(w, "meter authority %s\nhash         %s\n", a.Authority, a.Hash)
}

// showLine shows what people carry as a line.
func showLine(s string) (answer, error) {
	switch {
	case strings.HasPrefix(s, "hushwatt-party1"):
		p, err := meter.ParseParty(s)
		return partyShown{"party", p.Name, fmt.Sprintf("%x", p.Key)}, err
	case strings.HasPrefix(s, "hushwatt-authority1"):
		m, err := meter.ParseAuthority(s)
		return authorityShown{"authority", m.String(), fmt.Sprintf("%x", m.Hash())}, err
	case strings.HasPrefix(s, "hushwatt-"):
		return nil, errors.New("a key or a signature: nothing to show")
	}
	return nil, errNoLine
}

// showBinary shows what is encoded in CBOR. Each kind has its own fields, so no file is
// two of them.
func showBinary(data []byte, c *meter.Charter) (answer, error) {
	if f, err := aggregate.ParseSlotFile(data); err == nil {
		return showRelease(f)
	}
	if wire.Unmarshal(data, new(meter.Charter)) == nil {
		got, err := meter.ParseCharter(data)
		if err != nil {
			return nil, err
		}
		return describeCharter(got), nil
	}
	if wire.Unmarshal(data, new(meter.Registry)) == nil {
		r, err := meter.ParseDraft(data)
		if err != nil {
			return nil, err
		}
		return describeRegistry(r), nil
	}
	if e := new(meter.Enrolment); wire.Unmarshal(data, e) == nil {
		return showEnrolment(data, e, c)
	}
	var many [][]byte
	if wire.Unmarshal(data, &many) == nil {
		return showEnrolments(many, c)
	}
	if closing, err := meter.DecodeClosing(data); err == nil {
		return describeClosing(closing), nil
	}
	return nil, errors.New("neither a charter nor an enrolment, a registry, a release or a closing")
}

func showRelease(f *aggregate.SlotFile) (answer, error) {
	issuer, err := f.Registry.Charter.IssuedBy()
	if err == nil {
		err = f.Verify([]meter.Authority{issuer})
	}
	if err != nil {
		return nil, err
	}
	return shownRelease{"release", releaseOf(f, issuer)}, nil
}

// shownRelease is a release that was checked.
type shownRelease struct {
	Kind string `json:"kind"`
	verifiedRelease
}

func showEnrolment(data []byte, e *meter.Enrolment, c *meter.Charter) (answer, error) {
	if c != nil {
		if _, err := meter.ParseEnrolment(data, c); err != nil {
			return nil, err
		}
	}
	return describeEnrolment(e, c), nil
}

type enrolmentsAnswer struct {
	Kind       string            `json:"kind"` // enrolments
	Enrolments []enrolmentAnswer `json:"enrolments"`
}

func (a enrolmentsAnswer) text(w io.Writer) {
	for _, e := range a.Enrolments {
		e.text(w)
	}
	fmt.Fprintf(w, "%d enrolments\n", len(a.Enrolments))
}

func showEnrolments(many [][]byte, c *meter.Charter) (answer, error) {
	a := enrolmentsAnswer{"enrolments", []enrolmentAnswer{}}
	if n := introductions(many); n > 0 {
		return introductionsAnswer{"introductions", n}, nil
	}
	for _, data := range many {
		e := new(meter.Enrolment)
		if err := wire.Unmarshal(data, e); err != nil {
			return nil, fmt.Errorf("enrolment: %w", err)
		}
		if _, err := showEnrolment(data, e, c); err != nil {
			return nil, err
		}
		a.Enrolments = append(a.Enrolments, describeEnrolment(e, c))
	}
	return a, nil
}

// introductionsAnswer is what a meter of a registry of masks hands to its neighbours.
type introductionsAnswer struct {
	Kind  string `json:"kind"` // introductions
	Count int    `json:"introductions"`
}

func (a introductionsAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "%d introductions between neighbours, sealed\n", a.Count)
}

// introductions counts the introductions of a file that holds nothing else.
func introductions(many [][]byte) int {
	for _, data := range many {
		if _, err := meter.DecodeIntroduction(data); err != nil {
			return 0
		}
	}
	return len(many)
}

// closingAnswer is what a meter says at the end of a day.
type closingAnswer struct {
	Kind  string `json:"kind"` // closing
	Meter string `json:"meter_id"`
	Day   string `json:"day"`
	Slots int    `json:"slots_not_released"`
}

func describeClosing(c *meter.Closing) closingAnswer {
	return closingAnswer{"closing", fmt.Sprintf("%x", c.Meter), meter.DayText(c.Day), len(c.Slots)}
}

func (a closingAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "closing of meter %s: %s, %d slots in no release\n", a.Meter, a.Day, a.Slots)
}
