package meter

import (
	"bytes"
	"crypto/sha3"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
)

// A vector is one scenario as others would run it: bytes in, verdict out. Want is
// "accepted" or the reason of the refusal: the kind of error where the protocol
// names kinds, else "refused".
type vector struct {
	Name  string
	Kind  string // which of the checks below
	Input []byte // CBOR of the check's struct
	Want  string
}

// exportInput is opened by the customer: vector kind "export".
type exportInput struct {
	_       struct{} `cbor:",toarray"`
	KeyFile []byte
	Exports [][]byte
}

// delegationInput is opened by a third party: vector kind "delegation".
type delegationInput struct {
	_          struct{} `cbor:",toarray"`
	Delegation []byte
	Export     []byte
}

// segmentsInput is checked by a supplier: vector kind "segments".
type segmentsInput struct {
	_           struct{} `cbor:",toarray"`
	Authorities []string
	Accepted    []acceptedInput // none or one, for the first segment
	Segments    [][]byte
	Start       int64 // period in Unix seconds, end exclusive
	End         int64
}

type acceptedInput struct {
	_           struct{} `cbor:",toarray"`
	Head        []byte
	Corrections []Correction
}

// run returns the verdict from the bytes alone.
func (v *vector) run() string {
	var err error
	switch v.Kind {
	case "export":
		err = runExport(v.Input)
	case "delegation":
		err = runDelegation(v.Input)
	case "segments":
		err = runSegments(v.Input)
	case "certificate":
		_, err = ParseCertificate(v.Input)
	case "authority":
		_, err = ParseAuthority(string(v.Input))
	case "recipient":
		_, err = ParseRecipient(string(v.Input))
	case "key-file":
		_, err = ParseKey(v.Input)
	default:
		err = fmt.Errorf("kind %q", v.Kind)
	}
	return verdict(err)
}

func verdict(err error) string {
	switch {
	case err == nil:
		return "accepted"
	case errors.Is(err, ErrMalformed):
		return "malformed"
	case errors.Is(err, ErrCertificate):
		return "certificate"
	case errors.Is(err, ErrChain):
		return "chain"
	case errors.Is(err, ErrCoverage):
		return "coverage"
	}
	return "refused"
}

func runExport(data []byte) error {
	var in exportInput
	if err := wire.Unmarshal(data, &in); err != nil {
		return err
	}
	key, err := ParseKey(in.KeyFile)
	if err != nil {
		return err
	}
	var exports []*Export
	for _, b := range in.Exports {
		e, err := ParseExport(b)
		if err != nil {
			return err
		}
		if err := e.CheckHeads(); err != nil {
			return err
		}
		if _, err := e.Open(key); err != nil {
			return err
		}
		exports = append(exports, e)
	}
	return CheckEpochs(exports...)
}

func runDelegation(data []byte) error {
	var in delegationInput
	if err := wire.Unmarshal(data, &in); err != nil {
		return err
	}
	d, err := ParseDelegation(in.Delegation)
	if err != nil {
		return err
	}
	e, err := ParseExport(in.Export)
	if err != nil {
		return err
	}
	_, err = e.OpenDelegated(d)
	return err
}

func runSegments(data []byte) error {
	var in segmentsInput
	if err := wire.Unmarshal(data, &in); err != nil {
		return err
	}
	var trusted []Authority
	for _, s := range in.Authorities {
		a, err := ParseAuthority(s)
		if err != nil {
			return err
		}
		trusted = append(trusted, a)
	}
	var accepted *Accepted
	for _, a := range in.Accepted {
		h, err := ParseHead(a.Head)
		if err != nil {
			return err
		}
		accepted = &Accepted{h, a.Corrections}
	}
	var list []*Checked
	var rows []Row
	for i, b := range in.Segments {
		s, err := ParseSegment(b)
		if err != nil {
			return err
		}
		if i > 0 {
			accepted = nil
		}
		c, err := s.Check(trusted, accepted)
		if err != nil {
			return err
		}
		list, rows = append(list, c), append(rows, c.Rows...)
	}
	if err := CheckOrder(list); err != nil {
		return err
	}
	return CheckCoverage(rows, ImportChannel, in.Start, in.End)
}

// stage holds everything the vectors are made of, from a seed.
type stage struct {
	t    testing.TB
	rand *sha3.SHAKE
	*house
}

func newStage(t testing.TB, seed string, s Setup) *stage {
	st := &stage{t: t, rand: sha3.NewSHAKE128()}
	st.rand.Write([]byte(seed))
	st.house = &house{authority: &AuthorityKey{st.newKey()}}
	st.meter, st.key = st.newMeter(s), st.newCustomer(X25519)
	return st
}

func (st *stage) bytes(n int) []byte {
	b := make([]byte, n)
	st.rand.Read(b)
	return b
}

func (st *stage) newKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(st.bytes(ed25519.SeedSize))
}

func (st *stage) newMeter(s Setup) *Meter {
	m := &Meter{key: st.newKey(), rand: st.rand}
	m.certificate = st.certify(s.certificate(), m.key)
	return m
}

func (st *stage) certify(c Certificate, key ed25519.PrivateKey) Certificate {
	c.Key = publicOf(key)
	c, err := st.authority.Certify(c)
	must(st.t, err)
	return c
}

func (st *stage) newCustomer(kem KEM) *Key {
	id, err := kem.id()
	must(st.t, err)
	_, private := id.Scheme().DeriveKeyPair(st.bytes(id.Scheme().SeedSize()))
	key, err := newKey(id, [secretSize]byte(st.bytes(secretSize)), private)
	must(st.t, err)
	return key
}

// twin returns a meter with the same key and certificate that knows nothing of
// what was sealed: the same meter after its memory was rolled back.
func (st *stage) twin() *Meter {
	return &Meter{key: st.meter.key, certificate: st.meter.certificate, rand: st.rand}
}

// resign makes the meter sign a changed export: pairing, chains and all heads.
func (st *stage) resign(e *Export) *Export {
	e.file.Pairing.Signature = signPairing(st.meter.key, e.file.Pairing.body())
	must(st.t, e.replay())
	e.file.Signatures = nil
	for i := range e.heads {
		e.heads[i].Signature = signHead(st.meter.key, e.heads[i].body())
		e.file.Signatures = append(e.file.Signatures, e.heads[i].Signature...)
	}
	return e
}

// copyExport returns an export that shares nothing with the meter's.
func (st *stage) copyExport(e *Export) *Export {
	again, err := ParseExport(bytes.Clone(e.Bytes()))
	must(st.t, err)
	return again
}

func (st *stage) exportVector(name, want string, exports ...*Export) vector {
	file, err := st.key.File()
	must(st.t, err)
	in := exportInput{KeyFile: file}
	for _, e := range exports {
		in.Exports = append(in.Exports, e.Bytes())
	}
	return vector{name, "export", mustMarshal(&in), want}
}

func (st *stage) segmentsVector(name, want string, accepted *Accepted, segments ...*Segment) vector {
	in := segmentsInput{Authorities: []string{st.authority.Authority().String()},
		Start: (firstDay + 1) * secondsPerDay, End: (firstDay + 4) * secondsPerDay}
	if accepted != nil {
		in.Accepted = append(in.Accepted, acceptedInput{Head: accepted.Head.Bytes(), Corrections: accepted.Corrections})
	}
	for _, s := range segments {
		in.Segments = append(in.Segments, s.Bytes())
	}
	return vector{name, "segments", mustMarshal(&in), want}
}

// segment takes days firstDay+1 … firstDay+3 of an export, which are the period.
func (st *stage) segment(e *Export, from uint32) *Segment {
	s, err := e.Segment(firstDay+1, firstDay+3, from)
	must(st.t, err)
	parsed, err := ParseSegment(s.Bytes())
	must(st.t, err)
	return parsed
}

func TestVectors(t *testing.T) {
	all := vectors(t)
	if len(all) < 60 {
		t.Errorf("%d vectors, at least 60 are wanted", len(all))
	}
	names := map[string]bool{}
	rejects := 0
	for i := range all {
		v := &all[i]
		if names[v.Name] {
			t.Errorf("%s: name used twice", v.Name)
		}
		names[v.Name] = true
		if got := v.run(); got != v.Want {
			t.Errorf("%s: %s instead of %s", v.Name, got, v.Want)
		}
		if v.Want != "accepted" {
			rejects++
		}
	}
	if 4*rejects < 3*len(all) {
		t.Errorf("only %d of %d vectors are rejects", rejects, len(all))
	}
	for _, name := range rejectNames {
		if !names[name] {
			t.Errorf("no vector %s", name)
		}
	}
}

// rejectNames are the names that docs/protocol.md, sections 2 and 3, give.
var rejectNames = []string{
	"slot-signature-as-head", "receipt-signature-as-head", "pairing-record-unsigned", "recipient-hash-other",
	"epoch-reused", "cover-not-minimal", "cover-outside-range", "leaf-of-other-epoch",
	"ciphertext-of-other-day", "ciphertext-does-not-match-seal", "correction-omitted", "old-version-used",
	"head-older-than-accepted", "two-heads-one-day", "chain-one-record-short", "h0-altered",
	"record-order-swapped", "head-of-next-day", "epoch-gap", "epoch-overlap-slot-twice",
	"export-seal-as-import", "certificate-expired-mid-period", "n-other-than-certificate",
}

// TestVectorsAreReproducible: a vector is made from a seed, so that files of them
// can be made again and compared.
func TestVectorsAreReproducible(t *testing.T) {
	a, b := vectors(t), vectors(t)
	same := func(x, y vector) bool { return x.Name == y.Name && bytes.Equal(x.Input, y.Input) && x.Want == y.Want }
	if !slices.EqualFunc(a, b, same) {
		t.Fatal("vectors differ from run to run")
	}
}

func vectors(t testing.TB) []vector {
	return slices.Concat(exportVectors(t), delegationVectors(t), segmentVectors(t), chainVectors(t), coverageVectors(t), textVectors(t))
}
