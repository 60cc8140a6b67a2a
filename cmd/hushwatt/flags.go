package main

import (
	"strconv"
	"strings"
)

// flags are the flags and positional arguments of one command. Flags may stand
// before or after positional arguments, as --name value or --name=value; after
// "--" everything is positional. One flag is given at most once unless it is
// declared as a list. (The standard flag package stops at the first positional
// argument, knows no required flags and takes the last of two values.)
type flags struct {
	options []*option
	args    []*option // positional, all required, the last maybe repeated
}

// An option is one flag, or one positional argument.
type option struct {
	name  string
	value string // what stands for the value in help; empty for a switch
	help  string

	required, repeated, given bool
	rest                      bool // positional arguments that nothing else takes are more values

	set func(value string) error
}

// text declares an optional flag.
func (f *flags) text(name, value, help string) *string {
	return flag(f, &option{name: name, value: value, help: help}, asText)
}

// need declares a required flag.
func (f *flags) need(name, value, help string) *string {
	return flag(f, &option{name: name, value: value, help: help, required: true}, asText)
}

// list declares an optional flag that may be repeated.
func (f *flags) list(name, value, help string) *[]string {
	var all []string
	f.options = append(f.options, &option{name: name, value: value, help: help, repeated: true,
		set: func(s string) error { all = append(all, s); return nil }})
	return &all
}

// needList declares a required flag that may be repeated.
func (f *flags) needList(name, value, help string) *[]string {
	all := f.list(name, value, help)
	f.options[len(f.options)-1].required = true
	return all
}

// checkedList is a list of which each value must pass check; one that does not is
// misuse.
func (f *flags) checkedList(name, value, help string, check func(string) error) *[]string {
	all := f.list(name, value, help)
	o := f.options[len(f.options)-1]
	add := o.set
	o.set = func(s string) error {
		if err := check(s); err != nil {
			return misusef("--%s: %w", name, err)
		}
		return add(s)
	}
	return all
}

// toggle declares a flag without a value.
func (f *flags) toggle(name, help string) *bool {
	on := new(bool)
	f.options = append(f.options, &option{name: name, help: help,
		set: func(string) error { *on = true; return nil }})
	return on
}

// arg declares a required positional argument.
func (f *flags) arg(value string) *string {
	v := new(string)
	f.args = append(f.args, &option{name: value, value: value,
		set: func(s string) error { *v = s; return nil }})
	return v
}

// rest declares positional arguments of one kind, at least one, after all
// others.
func (f *flags) rest(value string) *[]string {
	var all []string
	f.args = append(f.args, &option{name: value, value: value, repeated: true,
		set: func(s string) error { all = append(all, s); return nil }})
	return &all
}

// flag declares a flag whose value parse understands; a value that it does not
// understand is misuse.
func flag[T any](f *flags, o *option, parse func(string) (T, error)) *T {
	v := new(T)
	o.set = func(s string) (err error) {
		if *v, err = parse(s); err != nil {
			return misusef("--%s: %w", o.name, err)
		}
		return nil
	}
	f.options = append(f.options, o)
	return v
}

func asText(s string) (string, error) {
	if s == "" {
		return "", misusef("the value is empty")
	}
	return s, nil
}

func asNumber(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, misusef("%q is not a number", s)
	}
	return n, nil
}

// parse reads a command line. It reports whether help was asked for.
func (f *flags) parse(args []string) (help bool, err error) {
	var positional []string
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			positional, args = append(positional, args...), nil
		case isHelp(arg):
			return true, nil
		case len(arg) < 2 || arg[0] != '-':
			positional = append(positional, arg)
		default:
			if args, err = f.one(arg, args); err != nil {
				return false, err
			}
		}
	}
	return false, f.complete(positional)
}

func isHelp(arg string) bool { return arg == "--help" || arg == "-help" || arg == "-h" }

// one reads one flag, whose value may be the first of args, and returns what is
// left of args.
func (f *flags) one(arg string, args []string) ([]string, error) {
	name, value, inline := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
	o := f.named(name)
	if o == nil {
		return nil, misusef("unknown flag --%s", name)
	}
	if o.given && !o.repeated {
		return nil, misusef("flag --%s is given twice", name)
	}
	o.given = true
	if o.value == "" {
		if inline {
			return nil, misusef("flag --%s takes no value", name)
		}
		return args, o.set("")
	}
	if !inline {
		if len(args) == 0 {
			return nil, misusef("flag --%s needs a value", name)
		}
		value, args = args[0], args[1:]
	}
	return args, o.set(value)
}

func (f *flags) named(name string) *option {
	for _, o := range f.options {
		if o.name == name {
			return o
		}
	}
	return nil
}

// complete hands out the positional arguments and checks that nothing is
// missing or left over.
func (f *flags) complete(positional []string) error {
	for i, o := range f.args {
		if i >= len(positional) {
			return misusef("%s is missing", o.name)
		}
		last := i + 1
		if o.repeated {
			last = len(positional)
		}
		for _, value := range positional[i:last] {
			if err := o.set(value); err != nil {
				return err
			}
		}
	}
	if n := len(f.args); len(positional) > n && (n == 0 || !f.args[n-1].repeated) {
		if err := f.more(positional[n:]); err != nil {
			return err
		}
	}
	for _, o := range f.options {
		if o.required && !o.given {
			return misusef("flag --%s is missing", o.name)
		}
	}
	return nil
}

// more gives what is left over to the flag that takes it: --from homes/*.csv.
func (f *flags) more(values []string) error {
	for _, o := range f.options {
		if !o.rest || !o.given {
			continue
		}
		for _, v := range values {
			if err := o.set(v); err != nil {
				return err
			}
		}
		return nil
	}
	return misusef("unexpected argument %q", values[0])
}

// usage is the command line in one line: required flags as they are, optional
// ones in brackets, "…" after what may be repeated.
func (f *flags) usage() string {
	var b strings.Builder
	for _, o := range f.args {
		b.WriteString(" " + o.value)
		if o.repeated {
			b.WriteString("…")
		}
	}
	for _, o := range f.options {
		s := strings.TrimSpace("--" + o.name + " " + o.value)
		if o.repeated {
			s += "…"
		}
		if !o.required {
			s = "[" + s + "]"
		}
		b.WriteString(" " + s)
	}
	return b.String()
}
