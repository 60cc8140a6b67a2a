// Package testvectors holds the project's own test vectors: one file, one
// scenario, most of them refused. README.md says what the files hold. The
// generators are tests of the packages that can make what must be refused; they
// call Sync. The runner, a test of this package, uses only what the packages
// export, as an outsider would.
package testvectors

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
)

// Verdicts of a vector.
const (
	Accepted = "accepted"
	Refused  = "refused"
)

// Vector is one scenario.
type Vector struct {
	Name     string `json:"name"`    // also the name of the file
	Section  string `json:"section"` // of docs/protocol.md
	Comment  string `json:"comment"`
	Kind     string `json:"kind"`             // what Input is
	Base     string `json:"base,omitempty"`   // of a refused one: the accepted vector that it mutates
	Expected string `json:"expected"`         // Accepted or Refused
	Reason   string `json:"reason,omitempty"` // of a refusal, where the protocol has names for reasons
	Input    any    `json:"input"`            // a pointer to a struct of input.go; json.RawMessage when read
}

// Hex is bytes as lower-case hexadecimal digits.
type Hex []byte

// MarshalText encodes b.
func (b Hex) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b), nil }

// UnmarshalText decodes text.
func (b *Hex) UnmarshalText(text []byte) (err error) {
	*b, err = hex.AppendDecode(nil, text)
	return err
}

// Sync compares the files of one folder with the vectors that its generator has
// made, byte for byte, or writes them.
func Sync(t testing.TB, folder string, vectors []Vector) {
	t.Helper()
	dir := filepath.Join(testdata.Root(t), "testvectors", folder)
	made := map[string]bool{}
	for _, v := range vectors {
		want, err := v.file()
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		file := v.Name + ".json"
		if made[file] {
			t.Errorf("%s: name used twice", v.Name)
		}
		made[file] = true
		path := filepath.Join(dir, file)
		if testdata.Regenerate() {
			if err := write(path, want); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("no such vector, run `make vectors`: %v", err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is not what its generator makes; if that is meant, run `make vectors`", path)
		}
	}
	stale, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stale {
		switch {
		case made[filepath.Base(path)]:
		case !testdata.Regenerate():
			t.Errorf("%s: nothing makes it; run `make vectors`", path)
		default:
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
		}
	}
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// file is the vector as it is stored: two levels of objects with a line for
// every field, what is deeper in one line.
func (v *Vector) file() ([]byte, error) {
	if strings.ContainsAny(v.Name, "/ .") {
		return nil, fmt.Errorf("not a name of a file")
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := layOut(&out, b, 0); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// layOut writes an object field by field, or an array of objects or arrays
// element by element, down to the third level; anything else as it is.
func layOut(out *bytes.Buffer, value json.RawMessage, level int) error {
	dec := json.NewDecoder(bytes.NewReader(value))
	opened, err := dec.Token()
	if err != nil {
		return err
	}
	object := opened == json.Delim('{')
	inside := len(value) > 2 && (value[1] == '{' || value[1] == '[')
	if level > 2 || !object && (opened != json.Delim('[') || !inside) {
		_, err := out.Write(value)
		return err
	}
	out.WriteByte(value[0])
	for first := true; dec.More(); first = false {
		if !first {
			out.WriteByte(',')
		}
		out.WriteString("\n" + strings.Repeat(" ", level+1))
		if object {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%q: ", key)
		}
		var part json.RawMessage
		if err := dec.Decode(&part); err != nil {
			return err
		}
		if err := layOut(out, part, level+1); err != nil {
			return err
		}
	}
	out.WriteString("\n" + strings.Repeat(" ", level))
	return out.WriteByte(value[len(value)-1])
}

// Load reads every vector of every folder, by name. Fields that the format does
// not know are an error.
func Load(t testing.TB) map[string]*Vector {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(testdata.Root(t), "testvectors", "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*Vector{}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var raw json.RawMessage
		v := &Vector{Input: &raw}
		if err := Strict(data, v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if v.Name+".json" != filepath.Base(path) || all[v.Name] != nil {
			t.Fatalf("%s: name is %q, or used twice", path, v.Name)
		}
		v.Input = raw
		all[v.Name] = v
	}
	return all
}

// Strict decodes one JSON value and refuses unknown fields and what follows it.
func Strict(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if dec.More() {
		return fmt.Errorf("something follows the value")
	}
	return nil
}
