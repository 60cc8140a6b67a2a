package worker

import (
	"encoding/binary"
	"slices"

	"hushwatt/meter"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// Homes whose readings no meter has sealed. Their days can be looked at and
// priced like any other's; nothing about them can be proven, so nothing about
// them is ever sent.

const notCertified = "Not certified: nobody can verify this bill."

// plainRecord is such a home. Columns are those of messages.Readings; an empty one
// is a channel that is not there.
type plainRecord struct {
	_            struct{} `cbor:",toarray"`
	Facts        exportFacts
	File         string
	Said         []byte // JSON of []messages.Said
	Start        int64
	Step         int
	ImportWh     []byte
	ImportStatus []byte
	ExportWh     []byte
	ExportStatus []byte
}

const maxPlainSlots = 1 << 22 // forty years of five minutes

// days are the readings as days of a meter.
func (r *plainRecord) days() ([]meter.OpenedDay, error) {
	n := 0
	if r.Step > 0 && day%r.Step == 0 {
		n = day / r.Step
	}
	count := max(len(r.ImportStatus), len(r.ExportStatus))
	if !meter.ValidSlots(n) || count == 0 || count > maxPlainSlots || count%n != 0 || r.Start < 0 || r.Start%day != 0 || r.Start/day+int64(count/n) > maxDays {
		return nil, errRecord
	}
	list := make([]meter.OpenedDay, count/n)
	for i := range list {
		list[i].Day = uint16(r.Start/day + int64(i))
	}
	for channel, c := range [][2][]byte{meter.ImportChannel: {r.ImportWh, r.ImportStatus}, meter.ExportChannel: {r.ExportWh, r.ExportStatus}} {
		if len(c[1]) == 0 {
			continue
		}
		if len(c[1]) != count || len(c[0]) != 4*count {
			return nil, errRecord
		}
		for i := range list {
			list[i].Channels = append(list[i].Channels, meter.OpenedChannel{Channel: channel, Wh: make([]uint32, n), Status: make([]meter.Status, n)})
		}
		for i, st := range c[1] {
			if meter.Status(st) > meter.Estimated {
				return nil, errRecord
			}
			ch := &list[i/n].Channels[len(list[i/n].Channels)-1]
			ch.Wh[i%n], ch.Status[i%n] = binary.LittleEndian.Uint32(c[0][4*i:]), meter.Status(st)
		}
	}
	return trimmed(list), nil
}

// trimmed marks what lies before the first and after the last reading as not
// here: a file that begins in the evening has not missed the morning.
func trimmed(list []meter.OpenedDay) []meter.OpenedDay {
	n := len(list[0].Channels[0].Status)
	silent := func(i int) bool {
		return !slices.ContainsFunc(list[i/n].Channels, func(c meter.OpenedChannel) bool { return c.Status[i%n] != meter.Missing })
	}
	leave := func(i int) {
		for _, c := range list[i/n].Channels {
			c.Status[i%n] = meter.NotHere
		}
	}
	first, last := 0, n*len(list)-1
	for ; first <= last && silent(first); first++ {
		leave(first)
	}
	for ; last > first && silent(last); last-- {
		leave(last)
	}
	return list
}

// takeReadings keeps what the page's reader has read. The same meter's older
// readings are replaced.
func (d *Desk) takeReadings(j *job, m *messages.Readings) (any, error) {
	if err := j.phase("storing", "Keeping the readings on this device"); err != nil {
		return nil, err
	}
	r := &plainRecord{File: cleanName(m.Name), Said: packJSON(m.Said), Start: m.Start, Step: m.Step,
		ImportWh: m.ImportWh, ImportStatus: m.ImportStatus, ExportWh: m.ExportWh, ExportStatus: m.ExportStatus}
	days, err := r.days()
	if err != nil {
		return nil, withDetail(fail(messages.BadCall, "The readings of this file do not fit together.", ""), err)
	}
	name := cleanName(m.Meter)
	if name == "" {
		name = r.File
	}
	n := day / m.Step
	r.Facts = exportFacts{Meter: name, N: uint16(n)}
	r.Facts.add(days, n)
	if r.Facts.Slots == 0 {
		return nil, fail(messages.NotAMeterFile, quoted(r.File)+" holds no readings.", "")
	}
	at := plainPrefix + r.Facts.home()
	if err := d.put(at, r); err != nil {
		return nil, err
	}
	delete(d.opened, at)
	s, err := d.changed()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(s.Homes, func(h messages.Home) bool { return h.ID == r.Facts.home() })
	if i < 0 {
		return nil, errRecord
	}
	return &messages.Opened{Kind: messages.KindMeterFile, Home: &s.Homes[i], Sentence: "These are the readings of " + quoted(r.File) + ", " + s.Homes[i].Period + "."}, nil
}

// zone gives the page the rules of a clock, for its reader.
func (d *Desk) zone(_ *job, m *messages.AskZone) (any, error) {
	rules, err := tariffs.ZoneFile(m.Name)
	if err != nil {
		return nil, withDetail(fail(messages.NotFound, "That clock is not known to this app.", "Choose another one."), err)
	}
	return &messages.Zone{Rules: rules}, nil
}
