package meter

import (
	"bytes"
	"errors"
	"fmt"

	"hushwatt/prover/ristretto"
)

// An Opened export is what its customer sees: the readings of each day, each
// checked against its seal. It is secret.
type Opened struct {
	Export *Export
	Days   []OpenedDay // in order; the highest version of each day
}

// An OpenedDay is one UTC day.
type OpenedDay struct {
	Day      uint16 // days since 1970-01-01
	Version  uint32 // 0, or the number of times that it was corrected
	Channels []OpenedChannel
}

// An OpenedChannel is a seal and what opens it: Seal = Σ Wh_s·G_s + Blinding·H.
type OpenedChannel struct {
	Channel  int // ImportChannel or ExportChannel
	Wh       []uint32
	Status   []Status
	Blinding ristretto.Scalar
	Seal     *ristretto.Element
}

// ErrWrongKey is returned when an export was sealed for another key.
var ErrWrongKey = errors.New("the export was sealed for another key")

// Open decrypts every day and every correction and recomputes every seal.
// Errors name the day and what is wrong with it.
func (e *Export) Open(key *Key) (*Opened, error) {
	root, err := e.tenancyKey(key)
	if err != nil {
		return nil, err
	}
	return e.open(newWalker(root, 0, 0), e.First(), e.Last())
}

// OpenDelegated opens the days that a delegation covers.
func (e *Export) OpenDelegated(d *Delegation) (*Opened, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	if d.Meter != e.file.Certificate.Meter || d.Epoch != e.Epoch() {
		return nil, ErrOtherEpoch
	}
	if d.First > e.Last() || d.Last < e.First() {
		return nil, errors.New("delegation: none of its days is in the export")
	}
	return e.open(d.keys(), max(d.First, e.First()), min(d.Last, e.Last()))
}

// Delegate returns the keys of the days from first to last, to hand to someone
// else.
func (e *Export) Delegate(key *Key, first, last uint16) (*Delegation, error) {
	if first > last {
		return nil, errors.New("delegation: ends before it begins")
	}
	root, err := e.tenancyKey(key)
	if err != nil {
		return nil, err
	}
	return newDelegation(root, e.file.Certificate.Meter, e.Epoch(), first, last), nil
}

func (e *Export) tenancyKey(key *Key) (node, error) {
	p := &e.file.Pairing
	recipient := key.recipient.Hash()
	if !bytes.Equal(p.Recipient, recipient[:]) {
		return node{}, ErrWrongKey
	}
	secret, err := key.openEnvelope(p.context(), p.Encapsulated, p.Ciphertext)
	if err != nil {
		return node{}, err
	}
	return tenancyKey(key.recipient, secret, p.Meter, p.Epoch), nil
}

func (e *Export) open(keys dayKeys, first, last uint16) (*Opened, error) {
	o := &Opened{Export: e, Days: make([]OpenedDay, 0, int(last-first)+1)}
	for day := int(first); day <= int(last); day++ {
		seals, statuses, ciphertexts := e.day(day - int(e.file.First))
		d, err := e.openRecord(keys, uint16(day), 0, seals, statuses, ciphertexts)
		if err != nil {
			return nil, err
		}
		o.Days = append(o.Days, d)
	}
	for i := range e.file.Corrections {
		c := &e.file.Corrections[i]
		day := c.Correction.Day
		if day < first || day > last {
			continue
		}
		d, err := e.openRecord(keys, day, c.Correction.Version, c.Correction.Seals, c.Correction.Statuses, c.Ciphertexts)
		if err != nil {
			return nil, err
		}
		o.Days[day-first] = d
	}
	return o, nil
}

// openLatest opens a day's highest version.
func (e *Export) openLatest(keys dayKeys, day uint16) (OpenedDay, error) {
	for i := len(e.file.Corrections) - 1; i >= 0; i-- {
		c := &e.file.Corrections[i]
		if c.Correction.Day == day {
			return e.openRecord(keys, day, c.Correction.Version, c.Correction.Seals, c.Correction.Statuses, c.Ciphertexts)
		}
	}
	seals, statuses, ciphertexts := e.day(int(day - e.file.First))
	return e.openRecord(keys, day, 0, seals, statuses, ciphertexts)
}

// openRecord decrypts one record and recomputes its seals.
func (e *Export) openRecord(keys dayKeys, day uint16, version uint32, seals, statuses, ciphertexts []byte) (OpenedDay, error) {
	out := OpenedDay{Day: day, Version: version}
	key, ok := keys.dayKey(day)
	if !ok {
		return out, fmt.Errorf("day %s: no key for it", DayText(day))
	}
	n := int(e.scope.certificate.N)
	channels := e.scope.certificate.channels()
	perChannel := e.scope.sealsSize() / len(channels)
	for i, ch := range channels {
		head := &readingsHeader{Meter: e.scope.certificate.Meter, Epoch: e.scope.epoch, Day: day,
			N: uint16(n), Channel: uint8(ch), Version: version}
		seal := part(seals, i, perChannel)
		opened, err := openChannel(&key, head, seal, part(statuses, i, n/2), part(ciphertexts, i, ciphertextSize(n)))
		if err == nil {
			err = (&Readings{opened.Wh, opened.Status}).check(n, e.scope.certificate.Cap)
		}
		if err != nil {
			return out, fmt.Errorf("seal of %s, %s, version %d is broken: %w", DayText(day), channelText(ch), version, err)
		}
		out.Channels = append(out.Channels, opened)
	}
	return out, nil
}

var errSeal = errors.New("it does not hold the readings that came with it")

// openChannel decrypts one channel and compares V, and Q if there is one.
func openChannel(key *node, h *readingsHeader, seal, statuses, ciphertext []byte) (OpenedChannel, error) {
	wh, err := decryptReadings(key, h, seal[:32], ciphertext)
	if err != nil {
		return OpenedChannel{}, err
	}
	for _, c := range wh {
		if c > MaxCap {
			return OpenedChannel{}, errSeal
		}
	}
	again := sealReadings(key, int(h.Channel), h.Version, wh, len(seal) > 32)
	if !bytes.Equal(again.bytes(), seal) {
		return OpenedChannel{}, errSeal
	}
	list, err := unpackStatuses(statuses)
	if err != nil {
		return OpenedChannel{}, err
	}
	return OpenedChannel{Channel: int(h.Channel), Wh: wh, Status: list, Blinding: again.blinding, Seal: again.v}, nil
}

// Counts are slots by status and sums of energy over some days.
type Counts struct {
	Slots     int // time slots that belong to the epoch: Measured + Missing + Estimated
	Measured  int // clock-adjusted ones too
	Missing   int
	Estimated int
}

// Add counts the slots of one day, statuses per channel: a slot is missing, or
// else estimated, if it is so on any channel.
func (c *Counts) Add(channels ...[]Status) {
	for s := range channels[0] {
		worst := NotHere
		for _, statuses := range channels {
			worst = worse(worst, statuses[s])
		}
		switch worst {
		case NotHere:
			continue
		case Missing:
			c.Missing++
		case Estimated:
			c.Estimated++
		default:
			c.Measured++
		}
		c.Slots++
	}
}

// worse returns the status that says more against a slot; NotHere says nothing.
func worse(a, b Status) Status {
	rank := [...]int{Measured: 1, ClockAdjusted: 2, Estimated: 3, Missing: 4, NotHere: 0}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

// Counts returns the export's slots by status.
func (e *Export) Counts() (Counts, error) {
	var c Counts
	for day := int(e.First()); day <= int(e.Last()); day++ {
		statuses, err := e.Statuses(uint16(day))
		if err != nil {
			return Counts{}, err
		}
		c.Add(statuses...)
	}
	return c, nil
}

// Total returns the sum of one channel's readings in Wh.
func (o *Opened) Total(channel int) uint64 {
	var sum uint64
	for _, d := range o.Days {
		for _, c := range d.Channels {
			if c.Channel != channel {
				continue
			}
			for _, wh := range c.Wh {
				sum += uint64(wh)
			}
		}
	}
	return sum
}
