package meter

import (
	"errors"
	"fmt"
)

// A Live day is the day that a meter measures now. Each slot goes out as it ends, and
// the day is sealed from the same readings: what is summed is what is billed. All
// that the meter must not forget is stored before anything goes out.
type Live struct {
	m         *Meter
	recipient *Recipient
	epoch     *epoch
	key       node // of the day
	readings  Day
	next      int                 // the slots before are over
	answered  map[answeredAt]hash // masking: the presence that each slot was answered for
	unstored  bool                // perhaps the last of these is not stored
}

// answeredAt is a slot of one channel.
type answeredAt struct {
	channel uint8
	slot    uint16
}

// A Reading is one channel's slot.
type Reading struct {
	Wh     uint32
	Status Status
}

// Live begins a day after the last sealed one, for a recipient; a meter that was
// stored in the middle of that day goes on with it.
func (m *Meter) Live(r *Recipient, day uint16) (*Live, error) {
	if m.store != nil && m.store.failed {
		return nil, errors.New("an earlier sealing could not be stored: open the meter again")
	}
	if l := m.live; l != nil {
		if l.readings.Day == day && l.recipient.text == r.text {
			return l, nil
		}
		return nil, fmt.Errorf("day %s is in progress", DayText(l.readings.Day))
	}
	if e := m.Export(); e != nil && day <= e.Last() {
		return nil, fmt.Errorf("day %s was sealed before", DayText(day))
	}
	l := &Live{m: m, recipient: r, readings: missingDay(day, &m.certificate), answered: map[answeredAt]hash{}}
	if err := l.readings.check(&m.certificate); err != nil {
		return nil, err
	}
	var err error
	if l.epoch, err = m.target(r, []*Day{&l.readings}); err != nil {
		return nil, err
	}
	l.key = descend(l.epoch.root, 0, treeDepth, day)
	for _, p := range m.memberships {
		p.forget(day)
	}
	if err := m.saveMemberships(); err != nil {
		return nil, err
	}
	m.live = l
	return l, l.save()
}

// forget erases the keys of days that are over.
func (p *membership) forget(day uint16) {
	for _, k := range p.keys {
		k.Forget(day)
	}
	if p.masks != nil {
		p.masks.forget(day)
	}
}

// Slot ends a slot: a reading for each certified channel, ascending. It returns the
// records to send, one for each registry that sums one of these channels; a slot
// without a reading has none. Slots come in order; those left out are missing.
func (l *Live) Slot(slot int, readings []Reading) ([]*SlotRecord, error) {
	d := &l.readings
	if l.m.live != l {
		return nil, errOver
	}
	if slot < l.next || slot >= int(l.m.certificate.N) {
		return nil, fmt.Errorf("day %s: slot %d is over or does not exist", DayText(d.Day), slot)
	}
	if len(readings) != len(d.Channels) {
		return nil, fmt.Errorf("day %s: readings of %d channels instead of %d", DayText(d.Day), len(readings), len(d.Channels))
	}
	before := l.next
	for i, r := range readings {
		d.Channels[i].Wh[slot], d.Channels[i].Status[slot] = r.Wh, r.Status
	}
	if err := d.check(&l.m.certificate); err != nil {
		for i := range readings {
			d.Channels[i].Wh[slot], d.Channels[i].Status[slot] = 0, Missing
		}
		return nil, err
	}
	l.next = slot + 1
	if err := l.save(); err != nil {
		l.next = before
		return nil, err
	}
	var records []*SlotRecord
	for _, p := range l.m.memberships {
		r, err := l.Record(slot, int(p.charter.Channel))
		if err != nil {
			return nil, err
		}
		if r != nil {
			records = append(records, r)
		}
	}
	return records, nil
}

// Next returns the slot that is measured now: those before are over.
func (l *Live) Next() int { return l.next }

// Record makes a slot's record again, the same bytes, to send it once more; nil if
// the slot has no reading or nobody sums the channel.
func (l *Live) Record(slot, channel int) (*SlotRecord, error) {
	p := l.m.membershipOf(channel)
	if p == nil || slot >= l.next || l.readings.Day < p.enrolled.First {
		return nil, nil
	}
	wh, ok := l.reading(slot, channel)
	if !ok {
		return nil, nil
	}
	return p.slotRecord(l.m, &l.key, l.readings.Day, slot, wh)
}

// reading returns a slot's reading, if there is one.
func (l *Live) reading(slot, channel int) (wh uint32, ok bool) {
	for i, ch := range l.m.certificate.channels() {
		if ch == channel {
			r := &l.readings.Channels[i]
			return r.Wh[slot], r.Status[slot] != Missing && r.Status[slot] != NotHere
		}
	}
	return 0, false
}

func (m *Meter) membershipOf(channel int) *membership {
	for _, p := range m.memberships {
		if int(p.charter.Channel) == channel {
			return p
		}
	}
	return nil
}

var errOver = errors.New("this day is not in progress")

// Seal ends the day: it is sealed as version 0 with exactly the readings that were
// sent, and its seals are the sums of its slots' commitments.
func (l *Live) Seal() (Sealing, error) {
	m := l.m
	if m.live != l {
		return Sealing{}, errOver
	}
	var done Sealing
	m.extend(l.epoch, []*Day{&l.readings}, &done)
	m.live = nil
	if err := m.save(); err != nil {
		return done, err
	}
	return done, l.remove()
}
