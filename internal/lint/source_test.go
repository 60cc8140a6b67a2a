package lint

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/token"
	"strings"
	"testing"
)

func TestFormat(t *testing.T) {
	for _, s := range sources(t) {
		want, err := format.Source(s.code)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, s.code) {
			t.Errorf("%s: not as gofmt writes it", s.path)
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range packages(t, "native") {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s: no package comment", p.name())
		}
	}
}

// A label that is spelt in two places will one day differ in one of them.
// Tests and the normative document may repeat labels to pin them.
func TestLabelsLiveInWire(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || within(s.path, "internal/wire") || within(s.path, "testvectors") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if ok && lit.Kind == token.STRING && isLabel(lit.Value) {
				t.Errorf("%s:%d: label %s belongs in internal/wire", s.path, s.line(n), lit.Value)
			}
			return true
		})
	}
}

func isLabel(literal string) bool {
	return strings.Contains(literal, "hushwatt/v1") || strings.Contains(literal, "HUSHWATT-V01")
}

// Zone rules come from the one copy embedded in tariffs: the system's own may
// differ between customer and supplier, and a browser has none. The type
// checker would not help here, since a test may not name it either.
func TestNoSystemTimeZones(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if ok && x.Name == "time" && (sel.Sel.Name == "LoadLocation" || sel.Sel.Name == "Local") {
				t.Errorf("%s:%d: time.%s", s.path, s.line(n), sel.Sel.Name)
			}
			return true
		})
		for _, imp := range s.file.Imports {
			if imp.Path.Value == `"time/tzdata"` {
				t.Errorf("%s:%d: time/tzdata", s.path, s.line(imp))
			}
		}
	}
}
