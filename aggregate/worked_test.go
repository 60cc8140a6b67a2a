package aggregate

import (
	"encoding/binary"
	"fmt"
	"testing"

	"hushwatt/internal/testdata"
	"hushwatt/internal/wire"
	"hushwatt/meter"
)

// The worked examples of docs/protocol.md, section 7: two meters, two authorities, one
// slot, everything random from SHAKE128 of a name.

func dump(t *testing.T, name string, message []byte, names ...string) string {
	t.Helper()
	var fields []any
	must(t, wire.Unmarshal(message, &fields))
	if len(fields) != len(names) {
		t.Fatalf("%s has %d fields instead of %d", name, len(fields), len(names))
	}
	text := fmt.Sprintf("%-14s %x (%d bytes)\n", name, 0x80+len(fields), len(message))
	for i, f := range fields {
		part := mustMarshal(f)
		if len(part) > 220 {
			text += fmt.Sprintf("  %-12s %x … %x (%d bytes)\n", names[i], part[:64], part[len(part)-16:], len(part))
			continue
		}
		text += fmt.Sprintf("  %-12s %x\n", names[i], part)
	}
	return text
}

// TestWorkedAnswer is the same for masking: nine meters, all neighbours of each other.
func TestWorkedAnswer(t *testing.T) {
	w := newRingTown(t, "worked", 9, 9, meter.MinNeighbours)
	w.begin(firstDay)
	g := w.aggregator(NewMemory())
	place := w.place(0)
	var announced []byte
	for i := range w.meters {
		record := w.measure(i, firstDay, 5)
		if i == place {
			announced = record
		}
		a, err := g.Check(record)
		must(t, err)
		_, err = g.Take(a)
		must(t, err)
	}
	p, err := g.Present(firstDay, 5, nil)
	must(t, err)
	a, err := w.meters[place].live.Answer(p, meter.ImportChannel)
	must(t, err)
	if w.answer(g, p, a.Bytes()) != Taken {
		t.Fatal("the answer is not taken")
	}
	key, err := w.keys[0].mailbox.OpenEnrolment(w.find(w.meters[place].id), 0)
	must(t, err)
	text := "nine meters worked/M00 … worked/M08, one aggregator worked/party0\n"
	text += fmt.Sprintf("reading        %d\nid             %x\n", wh(place, firstDay, 5), w.meters[place].id)
	text += fmt.Sprintf("chain key      %x\npresence hash  %x\n", key.Bytes()[2:], p.Hash())
	text += dump(t, "announcement", announced, "id", "day", "slot", "M", "share", "signature")
	text += dump(t, "answer", a.Bytes(), "id", "masked", "tag")
	testdata.Shows(t, "answer", text)
}

func TestWorkedExamples(t *testing.T) {
	w := newTown(t, "worked", townSetup{meters: 2, parties: 2})
	w.begin(firstDay)
	o := w.slot(firstDay, 5)
	record, err := meter.DecodeSlotRecord(o.sent[0], w.charter)
	must(t, err)
	text := "everything random is SHAKE128 of worked/issuer, worked/party0, worked/M00 and so on\n"
	text += fmt.Sprintf("reading        %d\nid             %x\n", wh(0, firstDay, 5), w.meters[0].id)
	for i, k := range w.keys {
		key, err := k.mailbox.OpenEnrolment(w.find(w.meters[0].id), i)
		must(t, err)
		if first := binary.BigEndian.Uint16(key.Bytes()); first != firstDay {
			t.Fatal("the key is of another day")
		}
		share, err := key.Derive(record)
		if i == 1 {
			share, err = key.Open(record)
		}
		must(t, err)
		text += fmt.Sprintf("chain key A_%d  %x\nshare of A_%d   %x\n", i+1, key.Bytes()[2:], i+1, share.Bytes(true))
	}
	text += dump(t, "record", o.sent[0], "id", "day", "slot", "M", "share", "signature")
	testdata.Shows(t, "slot record", text)
	text = dump(t, "presence", o.presence.Bytes(), "registry", "day", "slot", "bitmap", "records", "signatures")
	testdata.Shows(t, "presence", text+fmt.Sprintf("hash           %x\n", o.presence.Hash()))
	text = dump(t, "contribution", o.contributions[0].Bytes(), "presence", "place", "sums", "signature")
	text += dump(t, "release", mustMarshal(&o.file.Releases[0]), "set", "meters", "S", "R", "squares")
	variance, _ := o.file.Releases[0].Variance()
	testdata.Shows(t, "release", text+fmt.Sprintf("mean           %s\nvariance       %s\n", o.file.Releases[0].Mean(), variance))
}
