package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
)

// The README's commands run as they are written.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(testdata.Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Fatal("no commands in the README")
	}
	d := newDesk(t)
	for _, b := range blocks {
		cmd := exec.Command("sh", "-eu", "-c", string(b[1]))
		cmd.Dir = d.dir
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(program)+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if !strings.Contains(string(out), "accepted: ") {
			t.Errorf("the bill is not accepted:\n%s", out)
		}
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	doc := d.do("demo --cli --out demo")
	d.fields(doc, "currency total slots export_bytes bill_bytes seal_ms open_ms prove_ms verify_ms refused")
	if n := len(doc["refused"].(map[string]any)); n != len(forgeries)+1 {
		t.Errorf("%d things refused", n)
	}
	verified := d.do("verify --bill demo/demo.bill --tariff demo/tariff.json --authority demo/demo.authority")
	if verified["total"] != doc["total"] {
		t.Errorf("story %v, bill %v", doc["total"], verified["total"])
	}
	told := d.try("demo", "--cli")
	if told.code != 0 || told.stderr != "" || !strings.Contains(told.stdout, doc["total"].(string)+" GBP is right") {
		t.Errorf("exit %d\n%s%s", told.code, told.stdout, told.stderr)
	}
}
