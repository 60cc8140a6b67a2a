package main

import (
	"slices"
	"strings"
	"testing"
)

// sample is a command line with one flag of each sort.
type sample struct {
	flags
	file   *string
	out    *string
	slot   *int
	tariff *[]string
	quiet  *bool
}

func newSample() *sample {
	s := &sample{}
	s.file = s.arg("FILE")
	s.out = s.need("out", "FILE", "")
	s.slot = flag(&s.flags, &option{name: "slot", value: "MINUTES"}, asNumber)
	s.tariff = s.list("tariff", "FILE", "")
	s.quiet = s.toggle("quiet", "")
	return s
}

func TestFlagsBeforeAndAfterPositionals(t *testing.T) {
	for _, line := range []string{
		"in --out o --slot 15 --tariff a --tariff b --quiet",
		"--out o --slot 15 --tariff a in --tariff b --quiet",
		"--quiet --out=o --slot=15 --tariff=a -tariff=b -- in",
	} {
		s := newSample()
		help, err := s.parse(strings.Fields(line))
		if err != nil || help {
			t.Fatalf("%s: %v %v", line, help, err)
		}
		if *s.file != "in" || *s.out != "o" || *s.slot != 15 || !*s.quiet || !slices.Equal(*s.tariff, []string{"a", "b"}) {
			t.Errorf("%s: read %q %q %d %v %q", line, *s.file, *s.out, *s.slot, *s.quiet, *s.tariff)
		}
	}
}

func TestFlagsRefused(t *testing.T) {
	for line, want := range map[string]string{
		"in":                       "flag --out is missing",
		"--out o":                  "FILE is missing",
		"a b --out o":              `unexpected argument "b"`,
		"in --out":                 "flag --out needs a value",
		"in --out=":                "--out: the value is empty",
		"in --out o --out p":       "flag --out is given twice",
		"in --out o --nope":        "unknown flag --nope",
		"in --out o --slot many":   `--slot: "many" is not a number`,
		"in --out o --quiet=false": "flag --quiet takes no value",
	} {
		_, err := newSample().parse(strings.Fields(line))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
		if _, ok := err.(misuse); !ok {
			t.Errorf("%s: %T is not misuse", line, err)
		}
	}
}

func TestFlagsHelp(t *testing.T) {
	s := newSample()
	if help, err := s.parse([]string{"--nope=1"}); help || err == nil {
		t.Error("unknown flag taken for help")
	}
	if help, err := newSample().parse([]string{"--out", "o", "--help"}); !help || err != nil {
		t.Errorf("help: %v %v", help, err)
	}
	if want := " FILE --out FILE [--slot MINUTES] [--tariff FILE…] [--quiet]"; newSample().usage() != want {
		t.Errorf("usage is %q, want %q", newSample().usage(), want)
	}
}

// TestCommandsHelp reads the help of every command as a user does: what it does,
// then how it is called, with what it needs.
func TestCommandsHelp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for name, usage := range map[string]string{
		"tariff check": "\n  hushwatt tariff check FILE [--addendum FILE…] [--json]\n",
		"keygen":       "\n  hushwatt keygen --out FILE [--kem NAME] [--json]\n",
	} {
		o := d.try(append(strings.Fields(name), "--help")...)
		if o.code != 0 || !strings.HasPrefix(o.stdout, "hushwatt "+name+": ") || !strings.Contains(o.stdout, usage) || strings.Contains(o.stdout, "%!") {
			t.Errorf("%s --help: exit %d, and says\n%s", name, o.code, o.stdout)
		}
	}
}
