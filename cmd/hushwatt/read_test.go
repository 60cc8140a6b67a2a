package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const twoHomes = "LCLid,tstp,energy(kWh/hh)\nA,2013-10-27 00:30:00,0.5\nA,2013-10-27 01:00:00,0.25\nB,2013-10-27 01:00:00,1\nA,2013-10-27 02:00:00,2\n"

// What a file holds is said point by point; what it leaves open is asked, and the
// answer is a flag.
func TestMeterRead(t *testing.T) {
	d := newDesk(t)
	if err := os.WriteFile(filepath.Join(d.dir, "homes.csv"), []byte(twoHomes), 0o600); err != nil {
		t.Fatal(err)
	}
	facts := func(doc map[string]any, point int) string {
		var text []string
		for _, f := range doc["points"].([]any)[point].(map[string]any)["facts"].([]any) {
			text = append(text, f.(map[string]any)["name"].(string)+": "+f.(map[string]any)["value"].(string))
		}
		return strings.Join(text, "\n")
	}
	doc := d.do("meter read --from homes.csv")
	if len(doc["points"].([]any)) != 2 || !strings.Contains(facts(doc, 0), "Clock: GMT all year") || !strings.Contains(facts(doc, 1), "Used: 1.000 kWh from 2013-10-27T01:00:00Z") {
		t.Errorf("read as %v", doc)
	}
	d.refused(1, "choose lost-hour=first (", "meter read --from homes.csv --zone Europe/London --meter-point A")
	doc = d.do("meter read --from homes.csv --zone Europe/London --meter-point A --choose lost-hour=second")
	if text := facts(doc, 0); len(doc["points"].([]any)) != 1 || !strings.Contains(text, "Clock: Europe/London: local time, the repeated hour stands once") || !strings.Contains(text, "stands once: it was read as chosen") {
		t.Errorf("read as %v", doc)
	}
	if text := facts(d.do("meter read --from homes.csv --zone +10:00 --meter-point B"), 0); !strings.Contains(text, "from 2013-10-26T15:00:00Z") {
		t.Errorf("ten hours ahead: %s", text)
	}
	d.refused(2, `--choose: "lost-hour=third" is not one of`, "meter read --from homes.csv --choose lost-hour=third")
	d.refused(2, "--first-day", "meter read --from homes.csv --first-day yesterday")
	d.refused(2, "--hints", "meter read --from homes.csv --hints order=up")

	// Sealing says on standard error what was read, before its answer.
	d.do("keygen --out my.key")
	recipient := d.document(d.try("keygen", "--out", "other.key", "--json").stdout)["recipient"].(string)
	o := d.try("meter", "seal", "--from", "homes.csv", "--meter-point", "A", "--meter-dir", "m", "--out", "a.hushwatt", "--recipient", recipient)
	if o.code != 0 || !strings.Contains(o.stderr, "homes.csv: clock: GMT all year\n") || !strings.Contains(o.stderr, "homes.csv: used: 2.750 kWh") {
		t.Errorf("exit %d: %s", o.code, o.stderr)
	}
}
