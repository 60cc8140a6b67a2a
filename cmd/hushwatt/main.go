// Command hushwatt is the whole of Hushwatt as one program: it makes keys,
// seals meter files, checks and signs tariffs, asks for bills, makes them with
// their proofs, and verifies them. docs/design/commands.md says what all
// commands have in common; `hushwatt COMMAND --help` shows an example of each.
// The work itself is done by the packages; this one reads flags and files.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// commands are the program's verbs, in the order of a first visit.
var commands = []command{
	demoCommand,
	keygenCommand,
	meterReadCommand,
	meterSealCommand,
	meterShowCommand,
	meterAuthorityCommand,
	meterNewCommand,
	meterEnrolCommand,
	meterJoinCommand,
	meterMeetCommand,
	meterPublishCommand,
	meterCloseCommand,
	tariffImportCommand,
	tariffShowCommand,
	tariffCheckCommand,
	tariffSignCommand,
	tariffQuoteCommand,
	tariffCompareCommand,
	requestCommand,
	billCommand,
	verifyCommand,
	aggregateSimulateCommand,
	aggregateFeederCommand,
	aggregateKeyCommand,
	aggregateCharterCommand,
	aggregateRegistryCommand,
	aggregateSignCommand,
	aggregateShowCommand,
	aggregateServeCommand,
	aggregateAuthorityCommand,
	aggregateReleasesCommand,
	aggregateVerifyCommand,
	aggregateDayEndCommand,
	aggregatePlayCommand,
	serveCommand,
	backupCommand,
	fsckCommand,
	versionCommand,
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitDone    = 0
	exitRefused = 1
	exitMisuse  = 2
)

// run is the program with its arguments and streams; it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	c := &console{out: stdout, err: stderr, json: wantsJSON(args)}
	cmd, rest, err := find(args)
	if err != nil {
		return c.finish(nil, err)
	}
	if cmd == nil {
		overview(stdout)
		return exitDone
	}
	f := &flags{}
	act := cmd.flags(f)
	f.toggle("json", "print one JSON document and nothing else")
	if help, err := f.parse(rest); err != nil {
		return c.finish(nil, fmt.Errorf("%w (see hushwatt %s --help)", err, cmd.name))
	} else if help {
		cmd.help(stdout, f)
		return exitDone
	}
	return c.finish(act(c))
}

// find picks the command that args name and returns what follows the name. It
// returns no command where help on the whole program is asked for.
func find(args []string) (*command, []string, error) {
	words := args
	for len(words) > 0 && isJSON(words[0]) {
		words = words[1:]
	}
	if len(words) == 0 {
		return nil, nil, misusef("no command given (see hushwatt --help)")
	}
	if words[0] == "help" || isHelp(words[0]) {
		return nil, nil, nil
	}
	for i := range commands {
		name := strings.Fields(commands[i].name)
		if len(words) >= len(name) && slices.Equal(words[:len(name)], name) {
			return &commands[i], words[len(name):], nil
		}
	}
	if len(words) > 1 && isHelp(words[1]) {
		return nil, nil, nil // hushwatt meter --help
	}
	return nil, nil, unknown(words)
}

// unknown says which part of the command's name was not understood.
func unknown(words []string) error {
	var verbs []string
	for _, c := range commands {
		if group, verb, ok := strings.Cut(c.name, " "); ok && group == words[0] {
			verbs = append(verbs, verb)
		}
	}
	if len(verbs) > 0 {
		return misusef("hushwatt %s needs one of: %s", words[0], strings.Join(verbs, ", "))
	}
	return misusef("unknown command %q (see hushwatt --help)", words[0])
}

func overview(w io.Writer) {
	fmt.Fprint(w, "Hushwatt: your supplier gets your bill and a proof that it is right, never your readings.\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, c := range commands {
		fmt.Fprintf(t, "  hushwatt %s\t%s\n", c.name, c.does)
	}
	t.Flush()
	fmt.Fprint(w, "\nhushwatt COMMAND --help shows a command's flags and an example. Every command takes --json.\n")
}
