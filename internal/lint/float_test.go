package lint

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exact are the rooms where money and readings live: integers and rationals,
// never floating point.
var exact = []string{"tariffs", "prover", "meter", "aggregate"}

// inexact are the two exceptions: a feeder's loss model, and noise drawn by a
// library of differential privacy.
var inexact = []string{"aggregate/feeder", "aggregate/noise"}

func TestNoFloatsWhereMoneyLives(t *testing.T) {
	all := listed(t, "native")
	export := map[string]string{}
	for _, p := range all {
		export[p.ImportPath] = p.Export
	}
	open := func(path string) (io.ReadCloser, error) {
		if export[path] == "" {
			return nil, fmt.Errorf("no export data for %s", path)
		}
		return os.Open(export[path])
	}
	checked := 0
	for _, p := range packages(t, "native") {
		if !inAny(p.name(), exact) || inAny(p.name(), inexact) {
			continue
		}
		fset := token.NewFileSet()
		for _, where := range floats(t, p, fset, importer.ForCompiler(fset, "gc", open)) {
			t.Errorf("%s: floating point", where)
		}
		checked++
	}
	if checked == 0 {
		t.Fatal("no package checked")
	}
}

func inAny(name string, dirs []string) bool {
	for _, d := range dirs {
		if within(name, d) {
			return true
		}
	}
	return false
}

// floats type-checks a package and returns the lines on which any expression
// is a floating-point or complex number, or is made of them.
func floats(t *testing.T, p pkg, fset *token.FileSet, imp types.Importer) []string {
	t.Helper()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{Importer: imp}
	if _, err := conf.Check(p.ImportPath, fset, files, info); err != nil {
		t.Fatalf("%s: %v", p.name(), err)
	}
	seen := map[string]bool{}
	var found []string
	for expr, tv := range info.Types {
		if isFloat(tv.Type) {
			pos := fset.Position(expr.Pos())
			where := fmt.Sprintf("%s/%s:%d", p.name(), filepath.Base(pos.Filename), pos.Line)
			if !seen[where] {
				seen[where] = true
				found = append(found, where)
			}
		}
	}
	return found
}

func isFloat(t types.Type) bool {
	switch t := t.(type) {
	case *types.Basic:
		return t.Info()&(types.IsFloat|types.IsComplex) != 0
	case *types.Slice:
		return isFloat(t.Elem())
	case *types.Array:
		return isFloat(t.Elem())
	case *types.Pointer:
		return isFloat(t.Elem())
	case *types.Map:
		return isFloat(t.Key()) || isFloat(t.Elem())
	case *types.Tuple:
		for v := range t.Variables() {
			if isFloat(v.Type()) {
				return true
			}
		}
	case *types.Named:
		return isFloat(t.Underlying()) || strings.HasPrefix(t.String(), "math/big.Float")
	}
	return false
}

// The rule itself is tried out, so that it cannot go blind.
func TestFloatsAreFound(t *testing.T) {
	const code = `package p
var a = 0.5
func b(x []float32) {}
type money float64
func c() (int, float64) { return 1, 0 }
var d, _ = c()
const e int = 1e9
var f = 7 / 2
`
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	p := pkg{ImportPath: "hushwatt/p", Dir: dir, GoFiles: []string{"p.go"}}
	found := strings.Join(floats(t, p, fset, importer.Default()), " ")
	for _, line := range []string{":2", ":3", ":4", ":5", ":6"} {
		if !strings.Contains(found, "p/p.go"+line) {
			t.Errorf("line %s not found in %q", line, found)
		}
	}
	for _, line := range []string{":7", ":8"} {
		if strings.Contains(found, "p/p.go"+line) {
			t.Errorf("line %s found in %q", line, found)
		}
	}
}
