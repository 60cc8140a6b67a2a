package meter

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"hushwatt/internal/wire"
)

// The day in progress and the memberships are files of the meter's directory, mode
// 0600, replaced as a whole before anything that depends on them goes out.
const (
	fileLive        = "today"
	fileMemberships = "registries"
)

type liveFile struct {
	_         struct{} `cbor:",toarray"`
	Recipient string
	Epoch     uint32
	Root      []byte
	Pairing   []Pairing // of an epoch that begins with this day; else none
	Day       uint16
	Next      uint16
	Wh        [][]uint32
	Status    [][]byte
	Answered  []answeredFile
}

type answeredFile struct {
	_        struct{} `cbor:",toarray"`
	Channel  uint8
	Slot     uint16
	Presence []byte
}

func (l *Live) save() error {
	if l.m.store == nil {
		return nil
	}
	f := &liveFile{Recipient: l.recipient.text, Epoch: l.epoch.export.Epoch(), Root: l.epoch.root[:], Day: l.readings.Day, Next: uint16(l.next)}
	if !slices.Contains(l.m.epochs, l.epoch) {
		f.Pairing = []Pairing{l.epoch.export.file.Pairing}
	}
	for _, r := range l.readings.Channels {
		f.Wh = append(f.Wh, r.Wh)
		f.Status = append(f.Status, packStatuses(nil, r.Status))
	}
	for at, h := range l.answered {
		f.Answered = append(f.Answered, answeredFile{Channel: at.channel, Slot: at.slot, Presence: h[:]})
	}
	if err := writeFile(l.m.store.path(fileLive), mustMarshal(f), 0o600); err != nil {
		return fmt.Errorf("store the day in progress: %w", err)
	}
	return nil
}

// remove forgets the day in progress, which is sealed.
func (l *Live) remove() error {
	if l.m.store == nil {
		return nil
	}
	if err := os.Remove(l.m.store.path(fileLive)); err != nil {
		return fmt.Errorf("end the day in progress: %w", err)
	}
	return nil
}

var errLiveFile = errors.New("the day in progress is damaged")

// openLive reads the day in progress, if there is one that was not sealed yet.
func (s *store) openLive(m *Meter) error {
	data, err := os.ReadFile(s.path(fileLive))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var f liveFile
	if err != nil || wire.Unmarshal(data, &f) != nil || len(f.Root) != nodeSize || len(f.Wh) != len(f.Status) {
		return errors.Join(errLiveFile, err)
	}
	if e := m.Export(); e != nil && e.Last() >= f.Day {
		return os.Remove(s.path(fileLive)) // sealed, and then we crashed
	}
	l := &Live{m: m, readings: Day{Day: f.Day}, next: int(f.Next), answered: map[answeredAt]hash{}}
	if l.recipient, err = ParseRecipient(f.Recipient); err != nil {
		return errors.Join(errLiveFile, err)
	}
	switch {
	case len(f.Pairing) == 1 && int(f.Epoch) == len(m.epochs)+1:
		e := &Export{file: exportFile{Format: wire.LabelExport, Certificate: m.certificate, Pairing: f.Pairing[0]}}
		e.scope = scope{&e.file.Certificate, f.Epoch}
		e.start()
		l.epoch = &epoch{export: e, root: node(f.Root)}
	case len(f.Pairing) == 0 && f.Epoch > 0 && int(f.Epoch) == len(m.epochs):
		l.epoch = m.epochs[f.Epoch-1]
	default:
		return errLiveFile
	}
	for i := range f.Wh {
		list, err := unpackStatuses(f.Status[i])
		if err != nil {
			return errors.Join(errLiveFile, err)
		}
		l.readings.Channels = append(l.readings.Channels, Readings{f.Wh[i], list})
	}
	if err := l.readings.check(&m.certificate); err != nil {
		return errors.Join(errLiveFile, err)
	}
	for _, a := range f.Answered {
		if len(a.Presence) != len(hash{}) {
			return errLiveFile
		}
		l.answered[answeredAt{a.Channel, a.Slot}] = hash(a.Presence)
	}
	l.key = descend(l.epoch.root, 0, treeDepth, f.Day)
	m.live = l
	return nil
}

type membershipFile struct {
	_         struct{} `cbor:",toarray"`
	Enrolment Enrolment
	Charter   Charter
	Keys      [][]byte // of the parties
	Mailbox   []byte   // key file
	Registry  []byte   // of masks; empty before it was joined
	Places    []uint32 // of neighbours, ascending
	Masks     [][]byte // their keys
}

func (m *Meter) saveMemberships() error {
	if m.store == nil {
		return nil
	}
	var list []membershipFile
	for _, p := range m.memberships {
		f := membershipFile{Enrolment: *p.enrolled, Charter: *p.charter}
		for _, k := range p.keys {
			f.Keys = append(f.Keys, k.Bytes())
		}
		if p.mailbox != nil {
			var err error
			if f.Mailbox, err = p.mailbox.File(); err != nil {
				return err
			}
		}
		if p.masks != nil {
			f.Registry = p.masks.registry.Bytes()
			for j := range p.masks.keys {
				f.Places = append(f.Places, uint32(j))
			}
			slices.Sort(f.Places)
			for _, j := range f.Places {
				f.Masks = append(f.Masks, p.masks.keys[int(j)].Bytes())
			}
		}
		list = append(list, f)
	}
	if err := writeFile(m.store.path(fileMemberships), mustMarshal(list), 0o600); err != nil {
		return fmt.Errorf("store the registries: %w", err)
	}
	return nil
}

func (s *store) openMemberships(m *Meter) error {
	data, err := os.ReadFile(s.path(fileMemberships))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var list []membershipFile
	if err != nil || wire.Unmarshal(data, &list) != nil {
		return errors.Join(errors.New("the list of registries is damaged"), err)
	}
	for i := range list {
		p, err := list[i].open()
		if err != nil {
			return fmt.Errorf("the list of registries is damaged: %w", err)
		}
		m.memberships = append(m.memberships, p)
	}
	return nil
}

func (f *membershipFile) open() (*membership, error) {
	if err := f.Charter.Check(); err != nil {
		return nil, err
	}
	if err := f.Enrolment.check(&f.Charter); err != nil {
		return nil, err
	}
	id := f.Enrolment.Hash()
	p := &membership{charter: &f.Charter, enrolled: &f.Enrolment, id: id[:IDSize]}
	for _, b := range f.Keys {
		k, err := ParseShareKey(b)
		if err != nil {
			return nil, err
		}
		p.keys = append(p.keys, k)
	}
	if len(f.Mailbox) > 0 {
		var err error
		if p.mailbox, err = ParseKey(f.Mailbox); err != nil {
			return nil, err
		}
	}
	if len(f.Registry) == 0 {
		return p, nil
	}
	r, err := ParseRegistry(f.Registry)
	if err != nil {
		return nil, err
	}
	p.masks = &masks{registry: r, ring: r.Ring(), place: r.Index(p.id), keys: map[int]*ShareKey{}}
	if p.masks.place < 0 || len(f.Places) != len(f.Masks) {
		return nil, errors.New("masks of another registry")
	}
	for i, b := range f.Masks {
		if p.masks.keys[int(f.Places[i])], err = ParseShareKey(b); err != nil {
			return nil, err
		}
	}
	return p, nil
}
