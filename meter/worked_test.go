package meter

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/testdata"
	"hushwatt/internal/wire"
	"hushwatt/prover/ristretto"
)

// The worked examples of docs/protocol.md: one meter with 24 slots a day, every
// random value a repeated byte. The test makes them again and finds each block of
// them in the document.

func repeated(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

// worked is a meter that sealed two days and corrected the first.
func worked(t testing.TB) *house {
	authority := &AuthorityKey{ed25519.NewKeyFromSeed(repeated(1))}
	key := ed25519.NewKeyFromSeed(repeated(2))
	c := Setup{Meter: "M1", N: 24, First: firstDay, Last: firstDay + 364}.certificate()
	c.Key = publicOf(key)
	c, err := authority.Certify(c)
	must(t, err)
	id, err := X25519.id()
	must(t, err)
	private, err := id.Scheme().UnmarshalBinaryPrivateKey(repeated(3))
	must(t, err)
	customer, err := newKey(id, [32]byte(repeated(4)), private)
	must(t, err)
	random := bytes.NewReader(append(repeated(5), repeated(6)...)) // n_M, then HPKE's
	h := &house{authority, &Meter{key: key, certificate: c, rand: random}, customer}
	days := []Day{workedDay(firstDay, 0), workedDay(firstDay+1, 0)}
	h.seal(t, days, 0)
	h.seal(t, []Day{workedDay(firstDay, 1), days[1]}, Estimate)
	return h
}

// workedDay has 0, 10, 20 … 230 Wh; the reading of slot 3 is missing, that of slot
// 5 is estimated, or measured as more Wh more.
func workedDay(day uint16, more uint32) Day {
	r := Readings{Wh: make([]uint32, 24), Status: make([]Status, 24)}
	for s := range r.Wh {
		r.Wh[s] = uint32(10 * s)
	}
	r.Wh[3], r.Status[3] = 0, Missing
	r.Wh[5] += more
	if more == 0 {
		r.Status[5] = Estimated
	}
	return Day{Day: day, Channels: []Readings{r}}
}

// dump writes a message field by field; the head of the array and the fields, one
// after another, are the message.
func dump(t *testing.T, name string, message []byte, names ...string) string {
	t.Helper()
	var fields []any
	must(t, wire.Unmarshal(message, &fields))
	if len(fields) != len(names) {
		t.Fatalf("%s has %d fields instead of %d", name, len(fields), len(names))
	}
	whole := []byte{0x80 + byte(len(fields))}
	text := fmt.Sprintf("%-14s %x\n", name, whole)
	for i, f := range fields {
		part := mustMarshal(f)
		whole = append(whole, part...)
		if len(part) > 200 {
			text += fmt.Sprintf("  %-12s %x … %x (%d bytes)\n", names[i], part[:64], part[len(part)-16:], len(part))
			continue
		}
		text += fmt.Sprintf("  %-12s %x\n", names[i], part)
	}
	if !bytes.Equal(whole, message) {
		t.Fatalf("%s is not its fields one after another", name)
	}
	return text
}

var recordNames = []string{"meter", "epoch", "day", "n", "channels", "seals", "statuses"}

// blocks are the examples in the order of the document.
func blocks(t *testing.T) []string {
	h := worked(t)
	e := h.parsed(t)
	sc, f, ep := e.scope, &e.file, h.meter.epochs[0]
	var out []string

	file, err := h.key.File()
	must(t, err)
	out = append(out, fmt.Sprintf("authority key  %x\nhash           %x\nstring         %s\n",
		f.Certificate.Authority, h.authority.Authority().Hash(), h.authority.Authority()))
	out = append(out, fmt.Sprintf("recipient      %s\nhash           %x\n", h.key.Recipient(), h.key.Recipient().Hash()))
	out = append(out, string(file))
	out = append(out, dump(t, "certificate", mustMarshal(&f.Certificate),
		"authority", "meter", "key", "first", "last", "n", "cap", "channels", "squares", "signature"))
	out = append(out, dump(t, "pairing", mustMarshal(&f.Pairing),
		"authority", "meter", "epoch", "recipient", "encapsulated", "ciphertext", "signature")+
		fmt.Sprintf("genesis        %x\nh before       %x\n", genesis("M1", 1), f.Pairing.before()))

	key := descend(ep.root, 0, treeDepth, firstDay)
	var r ristretto.Scalar
	newSlotBlinding(wire.LabelBlind, &key, 0, 0).at(&r, 1, 10)
	wh := workedDay(firstDay, 0).Channels[0].Wh
	sealed := sealReadings(&key, 0, 0, wh, true)
	out = append(out, fmt.Sprintf("K_T            %x\nK_15706        %x\nr_1            %x\nsum of r_s     %x\nV              %x\nQ              %x\n",
		ep.root, key, r.Bytes(), sealed.blinding.Bytes(), sealed.v.Bytes(), sealed.q.Bytes()))
	header := &readingsHeader{Meter: "M1", Epoch: 1, Day: firstDay, N: 24}
	_, _, ciphertext := e.day(0)
	out = append(out, fmt.Sprintf("header         %x\nciphertext     %x\n", header.bytes(), ciphertext))
	d := newDelegation(ep.root, "M1", 1, firstDay+1, firstDay+4)
	delegation, err := d.Bytes()
	must(t, err)
	out = append(out, dump(t, "delegation", delegation, "meter", "epoch", "first", "last", "nodes"))

	seals, statuses, _ := e.day(0)
	rec := sc.record(firstDay, seals, statuses)
	out = append(out, dump(t, "record", mustMarshal(&rec), recordNames...)+fmt.Sprintf("h_15706        %x\n", e.before[1]))
	c := &f.Corrections[0]
	item := correctionItem{Record: sc.record(c.Correction.Day, c.Correction.Seals, c.Correction.Statuses),
		Version: c.Correction.Version, ReasonByte: c.Correction.Reason}
	out = append(out, dump(t, "correction", mustMarshal(&item), "record", "version", "reason")+
		fmt.Sprintf("tip after it   %x\n", e.tips.correction))
	out = append(out, dump(t, "head", e.heads[len(e.heads)-1].Bytes(),
		"authority", "meter", "epoch", "day", "h_day", "corrections", "tip", "ciphertexts", "signature"))
	out = append(out, dump(t, "export", e.Bytes(), "format", "certificate", "pairing", "first", "seals", "statuses",
		"ciphertexts", "corrections", "head days", "head counts", "signatures"))
	s, err := e.Segment(firstDay, firstDay+1, 0)
	must(t, err)
	if _, err := s.Check(h.trusted(), nil); err != nil {
		t.Fatal(err)
	}
	return append(out, dump(t, "segment", s.Bytes(), "certificate", "epoch", "n", "first", "before", "seals", "statuses",
		"period head", "state head", "from", "corrections"))
}

func TestWorkedExamplesAreInTheDocument(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(testdata.Root(t), "docs", "protocol.md"))
	must(t, err)
	for _, block := range blocks(t) {
		indented := "    " + strings.ReplaceAll(strings.TrimSuffix(block, "\n"), "\n", "\n    ") + "\n"
		if !strings.Contains(string(text), indented) {
			t.Errorf("not in docs/protocol.md:\n%s", indented)
		}
	}
}
