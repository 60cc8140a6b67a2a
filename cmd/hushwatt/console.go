package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A console is where a command's result goes.
type console struct {
	out, err io.Writer
	json     bool
}

// A misuse is an error of the command line itself: exit code 2.
type misuse struct{ error }

func (m misuse) Unwrap() error { return m.error }

func misusef(format string, args ...any) error {
	return misuse{fmt.Errorf(format, args...)}
}

// wantsJSON looks for --json before the flags are read, so that a mistake in
// them is reported as JSON too.
func wantsJSON(args []string) bool {
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	return slices.ContainsFunc(args, isJSON)
}

func isJSON(arg string) bool { return arg == "--json" || arg == "-json" }

// finish prints what a command returned and gives the exit code. With --json
// stdout holds one document and nothing else; an error is one line on stderr
// and, if there is no answer beside it, also that document.
func (c *console) finish(a answer, err error) int {
	switch {
	case c.json && a != nil:
		c.document(a)
	case c.json && err != nil:
		c.document(map[string]string{"error": oneLine(err)})
	case a != nil:
		a.text(c.out)
	}
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(c.err, "hushwatt: %s\n", oneLine(err))
	if errors.As(err, new(misuse)) {
		return exitMisuse
	}
	return exitRefused
}

// note tells the user something beside the result.
func (c *console) note(format string, args ...any) {
	fmt.Fprintf(c.err, "hushwatt: "+format+"\n", args...)
}

func (c *console) document(v any) {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // our own types: a mistake of the program
	}
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
