package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"hushwatt/meter"
)

var keygenCommand = command{
	name:    "keygen",
	does:    "make a customer's key",
	example: "hushwatt keygen --out my.key > my.recipient",
	note: "FILE is your secret: who has it can read what a meter seals for you. The line on\n" +
		"standard output is what the meter needs; it is no secret.",
	flags: func(f *flags) action {
		out := f.need("out", "FILE", "where to write the key (mode 0600; a key is never written over)")
		kem := flag(f, &option{name: "kem", value: "NAME", help: "x25519 for a meter too weak for x-wing, the default"}, asKEM)
		return func(*console) (answer, error) { return keygen(*out, *kem) }
	},
}

type keygenAnswer struct {
	Recipient string `json:"recipient"`
}

func (a keygenAnswer) text(w io.Writer) { fmt.Fprintln(w, a.Recipient) }

func keygen(out string, kem meter.KEM) (answer, error) {
	if kem == "" {
		kem = meter.XWing
	}
	if err := absent(out); err != nil {
		return nil, err
	}
	key, err := meter.NewKey(kem)
	if err != nil {
		return nil, err
	}
	file, err := key.File()
	if err != nil {
		return nil, err
	}
	if err := writeFile(out, file, 0o600); err != nil {
		return nil, err
	}
	return keygenAnswer{key.Recipient().String()}, nil
}

// absent refuses a path at which there is a file.
func absent(path string) error {
	fi, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !fi.Mode().IsRegular() {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%s is there already, and a key is never written over", path)
}

func asKEM(s string) (meter.KEM, error) {
	switch k := meter.KEM(s); k {
	case meter.XWing, meter.X25519:
		return k, nil
	}
	return "", misusef("%q is neither %s nor %s", s, meter.XWing, meter.X25519)
}

// readKey reads a customer's key file.
func readKey(path string) (*meter.Key, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	key, err := meter.ParseKey(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}
