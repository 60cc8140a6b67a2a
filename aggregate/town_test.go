package aggregate

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/binary"
	"fmt"
	"io"
	"testing"

	"github.com/cloudflare/circl/sign/ed25519"
	"golang.org/x/crypto/chacha20poly1305"

	"hushwatt/internal/wire"
	"hushwatt/meter"
)

// firstDay is 2013-01-01.
const firstDay = 15706

// town is a registry with all its secrets, made from a seed.
type town struct {
	t          testing.TB
	seed       string
	issuer     *meter.AuthorityKey
	charter    *meter.Charter
	keys       []*PartyKey
	registry   *meter.Registry
	meters     []*townMeter // in order of places
	enrolments map[string]*meter.Enrolment
}

// townMeter is a meter whose keys the tests know, so that it can lie.
type townMeter struct {
	*meter.Meter
	signing ed25519.PrivateKey
	id      []byte
	live    *meter.Live
}

// stream is endless randomness from a seed and a purpose.
func stream(seed, purpose string) io.Reader {
	s := sha3.NewSHAKE128()
	s.Write([]byte(seed + "/" + purpose))
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// townSetup says what a town is like; sets are over the meters' numbers.
type townSetup struct {
	meters, parties int // parties: 1 is an aggregator
	minSum, minVar  uint32
	neighbours      uint8
	plain           bool // without squares
	sets            map[string][]int
}

func (s townSetup) usual() townSetup {
	if s.sets == nil {
		s.sets = map[string][]int{"all": numbers(0, s.meters)}
	}
	s.minSum, s.minVar = max(s.minSum, 2), max(s.minVar, s.minSum, 2)
	return s
}

func numbers(from, to int) []int {
	var list []int
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}

func meterName(i int) string { return fmt.Sprintf("M%02d", i) }

func newTown(t testing.TB, seed string, s townSetup) *town {
	t.Helper()
	s = s.usual()
	w := &town{t: t, seed: seed, enrolments: map[string]*meter.Enrolment{}}
	var secret [32]byte
	_, err := io.ReadFull(stream(seed, "issuer"), secret[:])
	must(t, err)
	w.issuer, err = meter.ParseAuthorityKey(wire.EncodeText("hushwatt-authority-key", secret[:]))
	must(t, err)
	c := meter.Charter{Registry: "town", N: 24, Squares: !s.plain, MinSum: s.minSum, MinVariance: s.minVar, Neighbours: s.neighbours}
	for i := range s.parties {
		k, err := NewPartyKey(fmt.Sprintf("A%d", i+1), meter.X25519, stream(seed, fmt.Sprint("party", i)))
		must(t, err)
		w.keys = append(w.keys, k)
		c.Parties = append(c.Parties, k.Party())
	}
	w.charter, err = w.issuer.SignCharter(c)
	must(t, err)
	var list []*meter.Enrolment
	byName := map[string]*townMeter{}
	for i := range s.meters {
		m, e := w.newMeter(meterName(i))
		list, byName[meterName(i)] = append(list, e), m
	}
	sets := map[string][]string{}
	for name, members := range s.sets {
		for _, i := range members {
			sets[name] = append(sets[name], meterName(i))
		}
	}
	w.registry, err = meter.NewRegistry(w.charter, firstDay, list, sets)
	must(t, err)
	w.sign(w.registry)
	must(t, w.registry.Check())
	for i := range w.registry.Meters {
		w.meters = append(w.meters, byName[w.registry.Meters[i].Certificate.Meter])
	}
	return w
}

// newMeter makes a meter and enrols it; the same name gives the same meter, without a
// memory of what it has sent.
func (w *town) newMeter(name string) (*townMeter, *meter.Enrolment) {
	random := stream(w.seed, name)
	m, err := meter.NewMeter(w.issuer, meter.Setup{Meter: name, N: 24, Squares: true, Rand: random})
	must(w.t, err)
	var seed [32]byte
	_, err = io.ReadFull(stream(w.seed, name), seed[:]) // what the meter has read first
	must(w.t, err)
	e, err := m.Enrol(w.charter, firstDay)
	must(w.t, err)
	hash := e.Hash()
	w.enrolments[string(hash[:meter.IDSize])] = e
	return &townMeter{Meter: m, signing: ed25519.NewKeyFromSeed(seed[:]), id: hash[:meter.IDSize]}, e
}

func (w *town) sign(r *meter.Registry) {
	r.Signatures = nil
	for _, k := range w.keys {
		r.Signatures = append(r.Signatures, meter.SignRegistry(k.signing, r))
	}
}

func (w *town) find(id []byte) *meter.Enrolment { return w.enrolments[string(id)] }

func (w *town) trusted() []meter.Authority { return []meter.Authority{w.issuer.Authority()} }

// begin begins a day at every meter.
func (w *town) begin(day uint16) {
	w.t.Helper()
	customer, err := meter.NewKeyFrom(meter.X25519, stream(w.seed, "customer"))
	must(w.t, err)
	for _, m := range w.meters {
		m.live, err = m.Live(customer.Recipient(), day)
		must(w.t, err)
	}
}

// wh is the reading of a place in a slot: something different everywhere.
func wh(place, day, slot int) uint32 { return uint32(1+place*place*37+slot*11+day%100) % 5000 }

// measure ends a slot at a meter and returns its record.
func (w *town) measure(place int, day, slot uint16) []byte {
	w.t.Helper()
	records, err := w.meters[place].live.Slot(int(slot), []meter.Reading{{Wh: wh(place, int(day), int(slot))}})
	must(w.t, err)
	return records[0].Bytes()
}

func (w *town) authority(party int, s Store) *Authority {
	w.t.Helper()
	a, err := NewAuthority(AuthorityConfig{w.registry, w.keys[party], w.find, s})
	must(w.t, err)
	return a
}

func (w *town) aggregator(s Store) *Aggregator {
	w.t.Helper()
	g, err := NewAggregator(AuthorityConfig{w.registry, w.keys[0], w.find, s})
	must(w.t, err)
	return g
}

// answer gives an answer that is in order to an aggregator.
func (w *town) answer(g *Aggregator, p *meter.Presence, data []byte) Outcome {
	w.t.Helper()
	a, err := g.CheckAnswer(p.Day, p.Slot, data)
	must(w.t, err)
	outcomes, err := g.TakeAnswers([]*Answered{a})
	must(w.t, err)
	return outcomes[0]
}

// tag makes the tag of an answer of the meter in a place as docs/protocol.md, section
// 7.8, says, here from first principles and with the aggregator's key alone.
func (w *town) tag(place int, a *meter.Answer, p *meter.Presence) []byte {
	w.t.Helper()
	key, err := w.keys[0].mailbox.OpenEnrolment(w.find(w.meters[place].id), 0)
	must(w.t, err)
	key.Forget(p.Day)
	return w.tagWith(key, a, p)
}

func (w *town) tagWith(key *meter.ShareKey, a *meter.Answer, p *meter.Presence) []byte {
	w.t.Helper()
	day := string(binary.BigEndian.AppendUint16(nil, p.Day))
	use, err := hkdf.Expand(sha256.New, key.Bytes()[2:], "hushwatt/v1/share-day"+day, 32)
	must(w.t, err)
	hash := p.Hash()
	s := sha3.NewSHAKE256()
	for _, part := range []string{"hushwatt/v1/answer", string(use), string(a.Meter), day, string(binary.BigEndian.AppendUint16(nil, p.Slot)), string(hash[:]), string(a.Masked)} {
		s.Write([]byte(part))
	}
	tag := make([]byte, 8)
	s.Read(tag)
	return tag
}

// resign signs a changed record as its meter would.
func (m *townMeter) resign(r *meter.SlotRecord) []byte {
	r.Signature = nil
	r.Signature = ed25519.Sign(m.signing, append([]byte(wire.LabelSlots), r.Bytes()...))
	return r.Bytes()
}

// withShare is a record of a lying meter: with another share for the last authority,
// encrypted as docs/protocol.md, section 7.3, says, here from first principles.
func (w *town) withShare(place int, record []byte, change func(*meter.Share)) []byte {
	w.t.Helper()
	m := w.meters[place]
	r, err := meter.DecodeSlotRecord(record, w.charter)
	must(w.t, err)
	last := len(w.keys) - 1
	key, err := w.keys[last].mailbox.OpenEnrolment(w.find(m.id), last)
	must(w.t, err)
	key.Forget(r.Day)
	share, err := key.Open(r)
	must(w.t, err)
	change(&share)
	bare := *r
	bare.Share, bare.Signature = nil, nil
	aead, err := chacha20poly1305.New(recordKey(w.t, key.Bytes()[2:], r))
	must(w.t, err)
	honest, err := key.Open(r)
	must(w.t, err)
	if again := aead.Seal(nil, make([]byte, 12), honest.Bytes(true), bare.Bytes()); !bytes.Equal(again, r.Share) {
		w.t.Fatal("a share is encrypted otherwise than the protocol says")
	}
	r.Share = aead.Seal(nil, make([]byte, 12), share.Bytes(true), bare.Bytes())
	return m.resign(r)
}

// recordKey derives the key of a record from the chain key of its day.
func recordKey(t testing.TB, chain []byte, r *meter.SlotRecord) []byte {
	t.Helper()
	day := string(binary.BigEndian.AppendUint16(nil, r.Day))
	use, err := hkdf.Expand(sha256.New, chain, "hushwatt/v1/share-day"+day, 32)
	must(t, err)
	info := "hushwatt/v1/sealed-share" + string(r.Meter) + day + string(binary.BigEndian.AppendUint16(nil, r.Slot)) + string(r.Commitments)
	key, err := hkdf.Expand(sha256.New, use, info, 32)
	must(t, err)
	return key
}

// slot runs a slot of honest parties in which some are absent, and returns all that
// came of it.
func (w *town) slot(day, slot uint16, absent ...int) *ranSlot {
	w.t.Helper()
	o := &ranSlot{}
	for i := range w.keys {
		o.authorities = append(o.authorities, w.authority(i, NewMemory()))
	}
	for place := range w.meters {
		record := w.measure(place, day, slot)
		o.sent = append(o.sent, record)
		for _, gone := range absent {
			if gone == place {
				record = nil
			}
		}
		if record != nil {
			for _, a := range o.authorities {
				arrival, err := a.Check(record)
				must(w.t, err)
				_, err = a.Take(arrival)
				must(w.t, err)
			}
		}
	}
	w.decide(o, day, slot)
	var err error
	o.file, err = Combine(w.registry, o.presence, o.records, o.contributions)
	must(w.t, err)
	return o
}

// ranSlot is a slot of a town.
type ranSlot struct {
	authorities   []*Authority
	sent          [][]byte // by place
	presence      *meter.Presence
	records       [][]byte
	contributions []*Contribution
	file          *SlotFile
}

// decide cuts off, signs and contributes.
func (w *town) decide(o *ranSlot, day, slot uint16) {
	w.t.Helper()
	var holdings []*Holding
	for _, a := range o.authorities {
		h, err := a.CutOff(day, slot)
		must(w.t, err)
		holdings = append(holdings, h)
	}
	var err error
	o.presence, err = Propose(w.registry, nil, holdings...)
	must(w.t, err)
	for _, a := range o.authorities {
		signature, err := a.Sign(o.presence)
		must(w.t, err)
		o.presence.Signatures = append(o.presence.Signatures, signature)
	}
	o.records, err = o.authorities[0].Records(o.presence)
	must(w.t, err)
	for _, a := range o.authorities {
		c, err := a.Contribute(o.presence)
		must(w.t, err)
		o.contributions = append(o.contributions, c)
	}
}
