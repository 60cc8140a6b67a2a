package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// A command is one verb of the program.
type command struct {
	name    string // as typed, "meter seal"
	does    string // one line
	example string // one line that works
	note    string // further help, if any

	// flags declares the command's flags on f and returns what to do once
	// they are read.
	flags func(f *flags) action
}

// An action does a command's work. It returns what to print; with an error as
// well, both are printed and the program ends as refused.
type action func(c *console) (answer, error)

// An answer is what a command prints: with --json its JSON form, else its text.
type answer interface {
	text(w io.Writer)
}

func (cmd command) help(w io.Writer, f *flags) {
	fmt.Fprintf(w, "hushwatt %s: %s\n\n  hushwatt %[1]s%[3]s\n\n", cmd.name, cmd.does, f.usage())
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, o := range f.options {
		fmt.Fprintf(t, "  %s\t%s\n", strings.TrimSpace("--"+o.name+" "+o.value), o.help)
	}
	t.Flush()
	if cmd.note != "" {
		fmt.Fprintf(w, "\n%s\n", cmd.note)
	}
	fmt.Fprintf(w, "\nExample:\n  %s\n", cmd.example)
}
