package meter

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"hushwatt/internal/wire"
	"hushwatt/prover/ristretto"
)

// A Segment is what a submission carries of one meter and epoch: the records of
// the days that a period touches and what ties them to the meter's signature. It
// holds nothing secret.
//
// The day chain, from Before over the records, must end at PeriodHead, the head
// of the segment's last day. The correction chain must end at StateHead, the
// newest head that the customer holds: it says that no correction is left out.
// Mostly the two are one head, which is then sent once.
type Segment struct {
	_           struct{} `cbor:",toarray"`
	Certificate Certificate
	Epoch       uint32
	N           uint16 // slots a day, that of the certificate
	First       uint16 // day of the first record; no day is left out after it
	Before      []byte // day chain before the first record
	Seals       []byte // of every day, as in a Record
	Statuses    []byte // likewise
	PeriodHead  Head
	StateHead   []byte       // Head.Bytes; empty if, and only if, it is the period head
	From        uint32       // corrections left out because the supplier has them
	Corrections []Correction // those after From, up to StateHead
}

// Segment returns the part of the export for the days from first to last. from
// is the number of corrections that the supplier has accepted before, 0 at first.
func (e *Export) Segment(first, last uint16, from uint32) (*Segment, error) {
	if first > last || first < e.First() || last > e.Last() {
		return nil, fmt.Errorf("%w: days %s to %s are asked for, the export holds %s to %s", ErrCoverage,
			DayText(first), DayText(last), DayText(e.First()), DayText(e.Last()))
	}
	if int(from) > len(e.file.Corrections) {
		return nil, fmt.Errorf("%w: %d corrections were accepted before, the export holds %d", ErrChain,
			from, len(e.file.Corrections))
	}
	if err := e.headOf(last).check(e.scope); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChain, err)
	}
	a, b := int(first-e.First()), int(last-e.First())+1
	s := &Segment{
		Certificate: e.file.Certificate, Epoch: e.Epoch(), N: e.file.Certificate.N, First: first,
		Before:     bytes.Clone(e.before[a][:]),
		Seals:      bytes.Clone(e.file.Seals[a*e.scope.sealsSize() : b*e.scope.sealsSize()]),
		Statuses:   bytes.Clone(e.file.Statuses[a*e.scope.statusesSize() : b*e.scope.statusesSize()]),
		PeriodHead: *e.headOf(last),
		From:       from,
	}
	if state := e.heads[len(e.heads)-1].Bytes(); !bytes.Equal(state, s.PeriodHead.Bytes()) {
		s.StateHead = state
	}
	for _, c := range e.file.Corrections[from:] {
		s.Corrections = append(s.Corrections, c.Correction)
	}
	return s, nil
}

// headOf returns the newest head signed on a day.
func (e *Export) headOf(day uint16) *Head {
	for i := len(e.heads) - 1; ; i-- {
		if e.heads[i].Day == day {
			return &e.heads[i] // every day has one: replay saw to it
		}
	}
}

// ParseSegment reads a segment; Check says what it is worth.
func ParseSegment(data []byte) (*Segment, error) {
	var s Segment
	if err := wire.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("segment: %w: %w", ErrMalformed, err)
	}
	return &s, nil
}

// Bytes returns the form that ParseSegment reads.
func (s *Segment) Bytes() []byte { return mustMarshal(s) }

// Heads returns the encodings of the period head and the state head, also where
// the latter is left out.
func (s *Segment) Heads() (period, state []byte) {
	period, state = s.PeriodHead.Bytes(), s.StateHead
	if len(state) == 0 {
		state = period
	}
	return period, state
}

// state parses the state head. There is one way to say that it is the period
// head: to leave it out.
func (s *Segment) state() (*Head, error) {
	if len(s.StateHead) == 0 {
		return &s.PeriodHead, nil
	}
	if bytes.Equal(s.StateHead, s.PeriodHead.Bytes()) {
		return nil, errors.New("state head repeats the period head")
	}
	return ParseHead(s.StateHead)
}

// Kinds of refusal, to be told apart with errors.Is. All errors of Segment.Check,
// Accepted and CheckCoverage are of one of them.
var (
	ErrMalformed   = errors.New("malformed")
	ErrCertificate = errors.New("certificate refused")
	ErrChain       = errors.New("chain refused")
	ErrCoverage    = errors.New("coverage refused")
)

// A Row is one seal that counts: of one meter, day and channel, in its highest
// version.
type Row struct {
	Authority [32]byte // hash of the authority's key
	Meter     string
	Epoch     uint32
	Day       uint16
	Channel   int // ImportChannel or ExportChannel
	N         int
	Cap       uint32
	Version   uint32
	Seal      *ristretto.Element
	SealBytes [32]byte           // what Seal was decoded from
	Squares   *ristretto.Element // nil unless certified
	Statuses  []Status           // n
}

// Checked is what a segment says once it has been found in order.
type Checked struct {
	Authority  [32]byte // hash of the authority's key
	Meter      string
	Epoch      uint32
	N          int
	Cap        uint32
	First      uint16
	Last       uint16
	Rows       []Row    // by day, then channel
	PeriodHead *Head    // fixes the days
	StateHead  *Head    // fixes the corrections
	State      Accepted // to be stored when the submission is accepted
}

// Check checks a segment in the order of docs/protocol.md, section 3.7:
// certificate, heads, chains. accepted is what the supplier keeps of the same
// authority, meter and epoch, nil if nothing.
func (s *Segment) Check(trusted []Authority, accepted *Accepted) (*Checked, error) {
	if err := s.Certificate.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	sc := scope{&s.Certificate, s.Epoch}
	days, err := s.checkShape(sc)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	head, err := s.state()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	last := s.First + uint16(days-1)
	if err := s.checkCertificate(trusted, last); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	if err := s.checkHeads(sc, last, head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChain, err)
	}
	state, err := s.checkChains(sc, days, head, accepted)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChain, err)
	}
	c := &Checked{Authority: s.Certificate.AuthorityHash(), Meter: s.Certificate.Meter, Epoch: s.Epoch,
		N: int(s.Certificate.N), Cap: s.Certificate.Cap, First: s.First, Last: last,
		PeriodHead: &s.PeriodHead, StateHead: head, State: *state}
	if c.Rows, err = s.rows(sc, days, state.Corrections); err != nil {
		return nil, err
	}
	return c, nil
}

// checkShape checks the sizes of all columns.
func (s *Segment) checkShape(sc scope) (days int, err error) {
	days = len(s.Seals) / sc.sealsSize()
	if days == 0 || int(s.First)+days > 1<<16 {
		return 0, errors.New("segment holds no day")
	}
	if s.N != s.Certificate.N {
		return days, nil // the certificate's check says so
	}
	if len(s.Before) != sha256.Size {
		return 0, errors.New("a hash is not 32 bytes")
	}
	for i := range s.Corrections {
		if err := sc.checkCorrection(&s.Corrections[i]); err != nil {
			return 0, err
		}
	}
	return days, sc.checkSizes(days, s.Seals, s.Statuses)
}

func (s *Segment) checkCertificate(trusted []Authority, last uint16) error {
	c := &s.Certificate
	known := false
	for _, a := range trusted {
		known = known || bytes.Equal(a.key[:], c.Authority)
	}
	switch {
	case !known:
		return fmt.Errorf("authority of meter %s is not one that is trusted", c.Meter)
	case s.N != c.N:
		return fmt.Errorf("records of %d slots a day, meter %s is certified for %d", s.N, c.Meter, c.N)
	case !c.validOn(s.First, last):
		return fmt.Errorf("certificate of meter %s is valid from %s to %s", c.Meter, DayText(c.First), DayText(c.Last))
	}
	return c.Check()
}

func (s *Segment) checkHeads(sc scope, last uint16, state *Head) error {
	if s.PeriodHead.Day != last {
		return fmt.Errorf("period head is of %s, the last record of %s", DayText(s.PeriodHead.Day), DayText(last))
	}
	if err := s.PeriodHead.check(sc); err != nil {
		return fmt.Errorf("period %w", err)
	}
	if state == &s.PeriodHead {
		return nil
	}
	if err := state.check(sc); err != nil {
		return fmt.Errorf("state %w", err)
	}
	return follows(&s.PeriodHead, state)
}

// checkChains recomputes both chains and returns what the supplier knows after.
func (s *Segment) checkChains(sc scope, days int, head *Head, accepted *Accepted) (*Accepted, error) {
	if accepted == nil {
		accepted = &Accepted{}
	}
	tip := hash(s.Before)
	if err := accepted.checkDay(int(s.First)-1, tip); err != nil {
		return nil, err
	}
	for i := range days {
		day := s.First + uint16(i)
		tip = sc.dayLink(tip, day, part(s.Seals, i, sc.sealsSize()), part(s.Statuses, i, sc.statusesSize()))
		if err := accepted.checkDay(int(day), tip); err != nil {
			return nil, err
		}
	}
	if !bytes.Equal(tip[:], s.PeriodHead.DayTip) {
		return nil, errors.New("day records are not those that the period head signs")
	}
	if int(s.From) > len(accepted.Corrections) {
		return nil, fmt.Errorf("%d corrections are left out, %d are known", s.From, len(accepted.Corrections))
	}
	all := append(accepted.Corrections[:s.From:s.From], s.Corrections...)
	if err := s.checkCorrections(sc, head, all); err != nil {
		return nil, err
	}
	state := &Accepted{Head: head, Corrections: all}
	return state, accepted.check(sc, state)
}

// checkCorrections recomputes the correction chain from its beginning.
func (s *Segment) checkCorrections(sc scope, state *Head, all []Correction) error {
	if len(all) != int(state.Corrections) {
		return fmt.Errorf("%d corrections, the state head counts %d", len(all), state.Corrections)
	}
	var tip hash
	versions := map[uint16]uint32{}
	for i := range all {
		if err := checkTip(&s.PeriodHead, i, tip); err != nil {
			return err
		}
		c := &all[i]
		if c.Version != versions[c.Day]+1 || c.Day > state.Day {
			return fmt.Errorf("correction of %s is version %d after %d", DayText(c.Day), c.Version, versions[c.Day])
		}
		versions[c.Day]++
		tip = sc.correctionLink(tip, c)
	}
	if err := checkTip(&s.PeriodHead, len(all), tip); err != nil {
		return err
	}
	return checkTip(state, len(all), tip)
}

// checkTip compares the correction chain after count corrections with a head.
func checkTip(h *Head, count int, tip hash) error {
	if int(h.Corrections) == count && !bytes.Equal(h.Correction, tip[:]) {
		return fmt.Errorf("corrections are not those that the head of %s signs", DayText(h.Day))
	}
	return nil
}

// rows decodes the seals that count.
func (s *Segment) rows(sc scope, days int, corrections []Correction) ([]Row, error) {
	latest := map[uint16]*Correction{}
	for i := range corrections {
		latest[corrections[i].Day] = &corrections[i]
	}
	authority := s.Certificate.AuthorityHash()
	rows := make([]Row, 0, days*len(sc.certificate.channels()))
	for i := range days {
		r := Row{Authority: authority, Meter: s.Certificate.Meter, Epoch: s.Epoch, Day: s.First + uint16(i),
			N: int(s.N), Cap: s.Certificate.Cap}
		seals, statuses := part(s.Seals, i, sc.sealsSize()), part(s.Statuses, i, sc.statusesSize())
		if c := latest[r.Day]; c != nil {
			r.Version, seals, statuses = c.Version, c.Seals, c.Statuses
		}
		var err error
		if rows, err = appendRows(rows, r, sc, seals, statuses); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
	}
	return rows, nil
}

// appendRows appends the rows of one record, r with each channel filled in.
func appendRows(rows []Row, r Row, sc scope, seals, statuses []byte) ([]Row, error) {
	lists, err := splitStatuses(statuses, r.N)
	if err != nil {
		return nil, err
	}
	channels := sc.certificate.channels()
	size := sc.sealsSize() / len(channels)
	for i, ch := range channels {
		r.Channel, r.Statuses, r.Seal = ch, lists[i], ristretto.NewElement()
		b := part(seals, i, size)
		r.SealBytes = [32]byte(b[:32])
		if err := r.Seal.Decode(b[:32]); err != nil {
			return nil, fmt.Errorf("seal of %s: %w", DayText(r.Day), err)
		}
		if size > 32 {
			r.Squares = ristretto.NewElement()
			if err := r.Squares.Decode(b[32:]); err != nil {
				return nil, fmt.Errorf("squares seal of %s: %w", DayText(r.Day), err)
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}
