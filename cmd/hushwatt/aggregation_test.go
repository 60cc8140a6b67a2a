package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hushwatt/aggregate"
	"hushwatt/internal/freeport"
	"hushwatt/internal/testdata"
	"hushwatt/meter"
)

// The commands of docs/aggregation.md run as they are written, over real homes: every
// command is a program of its own, on a stream that the collector has inside. What is
// released is what plain arithmetic on the files says.
func TestAggregationDocument(t *testing.T) {
	t.Parallel()
	const day = "2013-02-17" // of which one home lacks five half-hours
	text, err := os.ReadFile(filepath.Join(testdata.Root(t), "docs", "aggregation.md"))
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	homes := d.londonHomes(24, "homes")
	var script bytes.Buffer
	for _, b := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(text, -1) {
		script.Write(b[1])
	}
	said := d.shell(strings.NewReplacer("mkdir -p exports", "cp -r meters before; mkdir -p exports", "aggregate authority ", "aggregate authority --catch-up 600 ", "127.0.0.1:8081", freeport.Address(t), "127.0.0.1:4222", freeport.Address(t)).Replace(script.String()))
	for _, words := range []string{"accepted: street, 24 meters present", "accepted: the 24 meters of street sealed on " + day + " what was summed", "set          north: 10 meters, inside street; sum only"} {
		if !strings.Contains(said, words) {
			t.Errorf("the commands do not say %q:\n%s", words, said)
		}
	}
	if lacking := d.plain(day, homes); lacking != 10 { // both sets, five half-hours
		t.Errorf("%d sets lack a meter: the day was chosen for ten", lacking)
	}

	const end = "aggregate day-end --registry street.registry --set street --day " + day + " --releases releases --closing"
	all := must(filepath.Glob(d.path("closings/*.closing")))
	if doc := d.do(end, all...); doc["sum_wh"] == nil || doc["verdict"] != "accepted" {
		t.Errorf("end of the day: %v", doc)
	}
	if o := d.try(append(strings.Fields(end), all[1:]...)...); o.code != exitRefused || !strings.Contains(o.stdout, "refused: ") {
		t.Errorf("a closing less: exit %d, %s", o.code, o.stdout)
	}
	d.rolledBack(day, end, all, homes)
	d.line("strangers.pub", "meter authority --out strangers.key", "authority")
	const verify = "aggregate verify --registry street.registry --day-end "
	for _, line := range []string{verify + "street.day-end --authority strangers.pub", verify + "spoilt.day-end", verify + "street.charter"} {
		d.spoil("street.day-end", "spoilt.day-end")
		if o := d.try(append(strings.Fields(line), "--json")...); o.code != exitRefused || d.document(o.stdout)["verdict"] != "refused" {
			t.Errorf("%s: exit %d, %s", line, o.code, o.stdout)
		}
	}
	for i := range 2 {
		key := must(readPartyKey(d.path([]string{"operator.key", "consumers.key"}[i])))
		if key.Party().Recipient != "" {
			t.Error("a mailbox was not erased")
		}
	}
}

// rolledBack seals a day in a copy of a meter that was made before the day, with another
// reading than the meter has sent: the end of the day names it.
func (d desk) rolledBack(day, end string, closings []string, homes map[string]map[string]uint64) {
	d.Helper()
	name := strings.TrimSuffix(filepath.Base(closings[3]), ".closing")
	var readings strings.Builder
	readings.WriteString("start,wh\n")
	for at := must(time.Parse(time.DateOnly, day)); at.Format(time.DateOnly) == day; at = at.Add(30 * time.Minute) {
		start := at.Format(time.RFC3339)
		wh := homes[name][start]
		if at.Hour() == 18 {
			wh++
		}
		fmt.Fprintf(&readings, "%s,%d\n", start, wh)
	}
	d.write("other.csv", []byte(readings.String()))
	d.do("meter seal --from other.csv --out other.hushwatt --meter-dir before/"+name+" --recipient", strings.TrimSpace(string(d.read("customer.recipient"))))
	d.do("meter close --registry street.registry --set street --releases releases --out other.closing --day " + day + " --meter-dir before/" + name)
	closings = slices.Clone(closings)
	closings[3] = "other.closing"
	o := d.try(append(strings.Fields(end), append(closings, "--json")...)...)
	if doc := d.document(o.stdout); o.code != exitRefused || doc["verdict"] != "refused" || fmt.Sprint(doc["meters_at_fault"]) != "["+name+"]" {
		d.Errorf("another reading sealed: exit %d, %s", o.code, o.stdout)
	}
}

// londonHomes puts some real homes into a folder, and returns their readings in Wh by
// name and start.
func (d desk) londonHomes(count int, folder string) map[string]map[string]uint64 {
	d.Helper()
	paths := must(filepath.Glob(filepath.Join(testdata.Shared(d, "data/lcl-london-2013/homes"), "*.csv.gz")))[:count]
	if err := os.Mkdir(d.path(folder), 0o755); err != nil {
		d.Fatal(err)
	}
	homes := map[string]map[string]uint64{}
	for _, path := range paths {
		data := must(os.ReadFile(path))
		d.write(filepath.Join(folder, filepath.Base(path)), data)
		homes[strings.TrimSuffix(filepath.Base(path), ".csv.gz")] = plainReadings(d.T, data)
	}
	return homes
}

// plainReadings reads a home's file without our readers: GMT, kWh to the nearest Wh.
func plainReadings(t *testing.T, packed []byte) map[string]uint64 {
	wh := map[string]uint64{}
	lines := bufio.NewScanner(must(gzip.NewReader(bytes.NewReader(packed))))
	for lines.Scan() {
		cells := strings.Split(lines.Text(), ",")
		start, err := time.Parse("2006-01-02 15:04:05", cells[1])
		kwh, ok := new(big.Rat).SetString(strings.TrimSpace(cells[2]))
		if err != nil || !ok {
			continue // the first line
		}
		whole, _ := kwh.Mul(kwh, big.NewRat(1000, 1)).Float64()
		wh[start.UTC().Format(time.RFC3339)] = uint64(whole + 0.5)
	}
	if lines.Err() != nil || len(wh) < 1000 {
		t.Fatalf("%d readings, %v", len(wh), lines.Err())
	}
	return wh
}

// shell runs a script in the folder, with the program in its path, and ends what it has
// started.
func (d desk) shell(script string) string {
	d.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-eu", "-c", script)
	cmd.Dir = d.dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(program)+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out := must(os.Create(d.path("said"))) // a pipe would stay open until the servers end
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		d.Fatal(err)
	}
	err := cmd.Wait()
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it left running
	said := string(d.read("said"))
	if err != nil {
		d.Fatalf("%v\n%s", err, said)
	}
	return said
}

// plain compares the releases of a day with plain arithmetic, and returns how often a
// set lacks a meter.
func (d desk) plain(day string, homes map[string]map[string]uint64) (lacking int) {
	d.Helper()
	paths := must(filepath.Glob(d.path("releases/" + day + "T*.release")))
	if len(paths) != 48 {
		d.Fatalf("%d releases", len(paths))
	}
	for _, path := range paths {
		f := must(aggregate.ParseSlotFile(must(os.ReadFile(path))))
		if err := f.Verify([]meter.Authority{must(readAuthority(d.path("meters.pub")))}); err != nil {
			d.Error(err)
		}
		start := instant(f.Start())
		released := 0
		for s := range f.Registry.Sets {
			set := &f.Registry.Sets[s]
			var sum, squares, n uint64
			for i := range f.Registry.Meters {
				if wh, ok := homes[f.Registry.Meters[i].Certificate.Meter][start]; ok && set.Meters.Has(i) {
					sum, squares, n = sum+wh, squares+wh*wh, n+1
				}
			}
			r := releaseIn(f, set.Name)
			if n < uint64(set.Meters.Count()) {
				lacking++
			}
			switch {
			case n < 10 && r != nil:
				d.Errorf("%s of %s: released of %d meters", set.Name, start, n)
			case n < 10:
				continue
			case r == nil || r.Sum != sum || uint64(r.Meters) != n || (n >= 20) != (len(r.Squares) == 1) || n >= 20 && r.Squares[0].Sum != squares:
				d.Errorf("%s of %s: released %+v; of %d meters there are %d Wh, %d Wh²", set.Name, start, r, n, sum, squares)
			}
			released++
		}
		if released != len(f.Releases) {
			d.Errorf("%s: %d releases, not %d", start, len(f.Releases), released)
		}
	}
	return lacking
}
