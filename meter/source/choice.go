package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Choice is a user's word on something that a file leaves open. It is never
// taken without being asked for: the reader refuses the file with a ChoiceError,
// and the user says one of its choices in Options.Choices.
type Choice struct {
	Name    string // such as lost-hour=first
	Meaning string
}

// Choices returns all that Options.Choices may hold.
func Choices() []Choice { return slices.Clone(choices) }

var choices = []Choice{
	{"lost-hour=first", "the hour that clocks repeat in autumn stands once: it is the first of the two, the second is missing"},
	{"lost-hour=second", "it is the second of the two, the first is missing"},
	{"lost-hour=both", "it holds the energy of both: each gets one half, marked as estimated"},
	{"lost-hour=missing", "it is not to be trusted: both hours are missing"},
	{"filled-hour=drop", "the hour that clocks skip in spring is made up: its rows are left out"},
	{"filled-hour=shift", "clocks in the file were put forward late: its rows belong to the hour after"},
	{"negative=export", "a negative reading is energy fed to the grid"},
	{"negative=missing", "a negative reading is a correction, which says nothing of its own slot: the slot is missing"},
	{"epoch=utc", "the file's seconds are those of UTC, as its standard says"},
	{"epoch=local", "the file's seconds are those of the local clock, whose zone has to be named"},
	{"register=replaced", "a register that falls is another meter's: the interval of the change is missing"},
	{"register=rolled-over", "a register that falls went through zero and counted on"},
}

// A ChoiceError refuses a file that does not say what only its reader's user, or
// the meter's signature, can know.
type ChoiceError struct {
	Line     int
	Question string // what the file leaves open, a phrase
	Choices  []Choice
}

func (e *ChoiceError) Error() string {
	names := make([]string, len(e.Choices))
	for i, c := range e.Choices {
		names[i] = fmt.Sprintf("%s (%s)", c.Name, c.Meaning)
	}
	return fmt.Sprintf("line %d: %s; choose %s", e.Line, e.Question, strings.Join(names, ", or "))
}

// ErrZone refuses a file whose stamps are wall times of a clock that neither the
// format nor Options.Zone names.
var ErrZone = errors.New("the stamps carry no offset from UTC: name the zone of their clock")

// ask makes the error that offers the ways of one rule.
func ask(line int, rule, question string) error {
	e := &ChoiceError{Line: line, Question: question}
	for _, c := range choices {
		if strings.HasPrefix(c.Name, rule+"=") {
			e.Choices = append(e.Choices, c)
		}
	}
	return e
}

// choice returns the way that the user chose for a rule, "" for none.
func (o *Options) choice(rule string) string {
	for _, name := range o.Choices {
		if way, ok := strings.CutPrefix(name, rule+"="); ok {
			return way
		}
	}
	return ""
}

// checkChoices refuses unknown choices and two of one rule.
func (o *Options) checkChoices() error {
	for i, name := range o.Choices {
		if !slices.ContainsFunc(choices, func(c Choice) bool { return c.Name == name }) {
			known := make([]string, len(choices))
			for i, c := range choices {
				known[i] = c.Name
			}
			return fmt.Errorf("choice %q is not one of %s", name, strings.Join(known, ", "))
		}
		rule, _, _ := strings.Cut(name, "=")
		for _, before := range o.Choices[:i] {
			if before != name && strings.HasPrefix(before, rule+"=") {
				return fmt.Errorf("choices %s and %s contradict each other", before, name)
			}
		}
	}
	return nil
}
