package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"hushwatt/internal/testdata"
)

// pkg is what `go list -json` says of one of our packages.
type pkg struct {
	ImportPath, Dir, Doc               string
	GoFiles, TestGoFiles, XTestGoFiles []string
	Imports, Deps                      []string
	DepOnly                            bool
	Export                             string
}

// name is the package's path inside the module.
func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, "hushwatt/") }

// packages lists the module's packages, for goos "native" or "js".
func packages(t *testing.T, goos string) []pkg {
	t.Helper()
	return only(listed(t, goos), func(p pkg) bool { return !p.DepOnly })
}

var lists sync.Map // of goos → []pkg

// listed is packages and everything they depend on, with compiled export data.
func listed(t *testing.T, goos string) []pkg {
	t.Helper()
	if l, ok := lists.Load(goos); ok {
		return l.([]pkg)
	}
	cmd := exec.Command("go", "list", "-e", "-deps",
		"-json=ImportPath,Dir,Doc,GoFiles,TestGoFiles,XTestGoFiles,Imports,Deps,DepOnly,Export", "./...")
	cmd.Dir = testdata.Root(t)
	if goos == "js" {
		cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	} else { // types are needed of the native build only
		cmd.Args = slices.Insert(cmd.Args, 2, "-export")
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var l []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		l = append(l, p)
	}
	if len(l) == 0 {
		t.Fatal("go list found no package")
	}
	lists.Store(goos, l)
	return l
}

func only(ps []pkg, keep func(pkg) bool) []pkg {
	var kept []pkg
	for _, p := range ps {
		if keep(p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// source is one parsed Go file of the module.
type source struct {
	path string // from the module's root, with slashes
	code []byte
	fset *token.FileSet
	file *ast.File
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) line(n ast.Node) int { return s.fset.Position(n.Pos()).Line }

// sources are all Go files of the module, whatever their build constraints.
func sources(t *testing.T) []source {
	t.Helper()
	root := testdata.Root(t)
	var files []source
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "testdata" && !strings.HasSuffix(path, filepath.Join("internal", "testdata")) || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		s := source{path: filepath.ToSlash(rel), fset: token.NewFileSet()}
		if s.code, err = os.ReadFile(path); err != nil {
			return err
		}
		if s.file, err = parser.ParseFile(s.fset, path, s.code, parser.ParseComments); err != nil {
			return err
		}
		files = append(files, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("only %d Go files found below %s", len(files), root)
	}
	return files
}
