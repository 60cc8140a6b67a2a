package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hushwatt/meter"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// openExport checks a meter's file, opens it with whichever key here fits, and
// keeps it. A newer file of the same meter takes the older one's place.
func (d *Desk) openExport(j *job, name string, data []byte) (*messages.Opened, error) {
	e, err := parseExport(j, data)
	if err != nil {
		return nil, err
	}
	keys, err := d.heldKeys()
	if err != nil {
		return nil, err
	}
	if err := j.phase("opening", "Opening your readings and checking every seal"); err != nil {
		return nil, err
	}
	for _, k := range keys {
		opened, err := e.Open(k.key)
		if errors.Is(err, meter.ErrWrongKey) {
			continue
		}
		if err != nil {
			return nil, withDetail(fail(messages.DamagedFile, "This file’s readings do not fit its seals.", ""), err)
		}
		return d.keepExport(j, opened, &k)
	}
	d.wait(name, data)
	if len(keys) == 0 {
		return nil, fail(messages.NoKey, "This file is sealed for a key that is not on this device.", "")
	}
	return nil, fail(messages.WrongKey, "This file is sealed for another key than yours.", "")
}

func parseExport(j *job, data []byte) (*meter.Export, error) {
	j.of = 3
	if err := j.phase("checking", "Checking the meter’s signature"); err != nil {
		return nil, err
	}
	e, err := meter.ParseExport(data)
	if err != nil {
		return nil, withDetail(fail(messages.DamagedFile, "This meter’s file is damaged, or was changed after the meter sealed it.", ""), err)
	}
	return e, nil
}

// wait keeps a file until its key comes.
func (d *Desk) wait(name string, data []byte) {
	same := func(p pendingFile) bool { return string(p.data) == string(data) }
	if len(d.pending) < 20 && !slices.ContainsFunc(d.pending, same) {
		d.pending = append(d.pending, pendingFile{name, data})
	}
}

// openPending tries the files that wait for a key once more.
func (d *Desk) openPending(j *job) ([]messages.Opened, error) {
	files := d.pending
	d.pending = nil
	list := []messages.Opened{}
	for _, f := range files {
		o, err := d.openExport(j, f.name, f.data)
		var e *messages.Error
		if errors.As(err, &e) {
			continue // it waits again, or it is damaged
		}
		if err != nil {
			return nil, err
		}
		list = append(list, *o)
	}
	return list, nil
}

func (d *Desk) keepExport(j *job, o *meter.Opened, k *heldKey) (*messages.Opened, error) {
	facts, err := factsOf(o)
	if err != nil {
		return nil, err
	}
	if err := j.phase("storing", "Keeping the file on this device"); err != nil {
		return nil, err
	}
	name := exportPrefix + facts.id("epoch", fmt.Sprint(facts.Epoch))
	answer := &messages.Opened{Kind: messages.KindMeterFile}
	if answer.Known, err = d.newerIsHere(name, o.Export); err != nil {
		return nil, err
	}
	if !answer.Known {
		if err := d.put(name, &exportRecord{Key: k.name, Demo: k.Demo, Facts: *facts, Export: o.Export.Bytes()}); err != nil {
			return nil, err
		}
		d.opened[name] = o
	}
	s, err := d.changed()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(s.Homes, func(h messages.Home) bool { return h.ID == facts.home() })
	if i < 0 {
		return nil, errRecord
	}
	answer.Home = &s.Homes[i]
	answer.Sentence = fmt.Sprintf("This is the file of meter %s, %s.", facts.Meter, answer.Home.Period)
	if answer.Known {
		answer.Sentence = fmt.Sprintf("This file of meter %s was here already, or a newer one.", facts.Meter)
	}
	return answer, nil
}

func (d *Desk) newerIsHere(name string, e *meter.Export) (bool, error) {
	data, err := d.host.Vault.Get(name)
	if errors.Is(err, ErrNoRecord) || errors.Is(err, ErrDamaged) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var r exportRecord
	if err := unpack(data, &r); err != nil {
		return false, nil // the new one takes its place
	}
	old, err := meter.ParseExport(r.Export)
	if err != nil {
		return false, nil
	}
	if err := meter.CheckEpochs(old, e); err != nil {
		return false, withDetail(fail(messages.DamagedFile, "This file and the one that is here contradict each other.", "Tell your meter’s operator. The file that was here is kept."), err)
	}
	return old.Last() > e.Last() || old.Last() == e.Last() && old.Corrections() >= e.Corrections(), nil
}

// factsOf sums up an opened export.
func factsOf(o *meter.Opened) (*exportFacts, error) {
	c := o.Export.Certificate()
	issuer, err := c.Issuer()
	if err != nil {
		return nil, err
	}
	hash := c.AuthorityHash()
	f := &exportFacts{Meter: c.Meter, Authority: hash[:], Vouches: issuer.String(), Epoch: o.Export.Epoch(), N: c.N, Corrected: 0}
	f.add(o.Days, int(c.N))
	return f, nil
}

// add counts days of n slots.
func (f *exportFacts) add(days []meter.OpenedDay, n int) {
	step := int64(day / n)
	for i := range days {
		od := &days[i]
		if od.Version > 0 {
			f.Corrected++
		}
		for _, channel := range od.Channels {
			for len(f.Wh) <= channel.Channel {
				f.Wh = append(f.Wh, 0)
			}
			for _, wh := range channel.Wh {
				f.Wh[channel.Channel] += uint64(wh)
			}
		}
		for s := range n {
			f.slot(int64(od.Day)*day+int64(s)*step, step, statusAt(od, s))
		}
	}
}

// statusAt is the status of a slot over all channels: missing before estimated.
func statusAt(d *meter.OpenedDay, s int) meter.Status {
	st := d.Channels[0].Status[s]
	for _, c := range d.Channels[1:] {
		switch c.Status[s] {
		case meter.Missing:
			st = meter.Missing
		case meter.Estimated:
			if st != meter.Missing {
				st = meter.Estimated
			}
		}
	}
	return st
}

const maxOdd = 4096

func (f *exportFacts) slot(at, step int64, st meter.Status) {
	if st == meter.NotHere {
		return
	}
	if f.Slots == 0 {
		f.From = at
	}
	f.Slots++
	f.To = at + step
	switch st {
	case meter.Missing:
		f.Missing++
	case meter.Estimated:
		f.Estimated++
	default:
		f.Measured++
		return
	}
	if k := len(f.Odd) - 1; k >= 0 && f.Odd[k].Status == uint8(st) && f.Odd[k].From+int64(f.Odd[k].Slots)*step == at {
		f.Odd[k].Slots++
	} else if len(f.Odd) < maxOdd {
		f.Odd = append(f.Odd, oddSlots{From: at, Slots: 1, Status: uint8(st)})
	}
}

// id names what belongs to this meter; home is the name of the meter itself.
func (f *exportFacts) id(more ...string) string {
	return short([]byte(f.Meter), f.Authority, []byte(strings.Join(more, "/")))
}

func (f *exportFacts) home() string { return f.id() }

// heldExport is an export of this device, not opened; plain is set for readings
// that are not sealed.
type heldExport struct {
	name string
	exportRecord
	plain *plainRecord
}

// exports are those of the given homes, of all if none is given, in order of
// time. Readings that are not sealed are among them.
func (d *Desk) exports(homes ...string) ([]heldExport, error) {
	list, err := d.sealed(homes...)
	if err != nil {
		return nil, err
	}
	err = d.each(plainPrefix, func(name string, data []byte) error {
		r := new(plainRecord)
		if err := unpack(data, r); err != nil {
			return err
		}
		if len(homes) == 0 || slices.Contains(homes, r.Facts.home()) {
			list = append(list, heldExport{name: name, exportRecord: exportRecord{Facts: r.Facts}, plain: r})
		}
		return nil
	})
	return list, err
}

// sealed are the exports that a meter has sealed.
func (d *Desk) sealed(homes ...string) ([]heldExport, error) {
	var list []heldExport
	err := d.each(exportPrefix, func(name string, data []byte) error {
		h := heldExport{name: name}
		if err := unpack(data, &h.exportRecord); err != nil {
			return err
		}
		if len(homes) == 0 || slices.Contains(homes, h.Facts.home()) {
			list = append(list, h)
		}
		return nil
	})
	slices.SortStableFunc(list, func(a, b heldExport) int { return int(max(-1, min(1, a.Facts.From-b.Facts.From))) })
	return list, err
}

// readings opens what is held. The export of those that are not sealed is nil.
func (d *Desk) readings(j *job, h *heldExport) (*readings, error) {
	r := &readings{meter: h.Facts.Meter, n: int(h.Facts.N)}
	if h.plain != nil {
		var err error
		r.days, err = h.plain.days()
		return r, err
	}
	o, err := d.open(j, h)
	if err != nil {
		return nil, err
	}
	r.export, r.days, r.most = o, o.Days, o.Export.Certificate().Cap
	return r, nil
}

// open opens a kept export; it has been opened before, so it opens again.
func (d *Desk) open(j *job, h *heldExport) (*meter.Opened, error) {
	if o := d.opened[h.name]; o != nil {
		return o, nil
	}
	if err := j.phase("opening", "Opening your readings and checking every seal"); err != nil {
		return nil, err
	}
	e, err := meter.ParseExport(h.Export)
	if err != nil {
		return nil, errors.Join(errRecord, err)
	}
	keys, err := d.heldKeys()
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.name != h.Key {
			continue
		}
		o, err := e.Open(k.key)
		if err != nil {
			return nil, errors.Join(errRecord, err)
		}
		d.opened[h.name] = o
		return o, nil
	}
	return nil, fail(messages.WrongKey, "The key of this meter’s file is not on this device any more.", "")
}

// homes lists the meters of this device.
func (d *Desk) homes(clock string) ([]messages.Home, error) {
	exports, err := d.exports()
	if err != nil {
		return nil, err
	}
	list := []messages.Home{}
	var done []string
	for _, h := range exports {
		id := h.Facts.home()
		if slices.Contains(done, id) {
			continue
		}
		done = append(done, id)
		var same []heldExport
		for _, o := range exports {
			if o.Facts.home() == id {
				same = append(same, o)
			}
		}
		list = append(list, describeHome(same, clock))
	}
	return list, nil
}

const maxNamed = 100

// describeHome says what was read of one meter, from all its epochs.
func describeHome(exports []heldExport, clock string) messages.Home {
	loc := clockOf(clock)
	first := &exports[0].Facts
	h := messages.Home{
		ID: first.home(), Meter: first.Meter, Demo: exports[0].Demo, SlotMinutes: 1440 / int(first.N),
		MissingSlots: []messages.Slot{}, EstimatedSlots: []messages.Slot{}, Sealed: true,
		Seal:      "Every seal was worked out again from your readings, and the meter’s signature holds.",
		Authority: abbreviate(first.Vouches),
	}
	if p := exports[0].plain; p != nil {
		h.Sealed, h.Plain, h.Authority, h.File = false, true, "", p.File
		h.Seal = notCertified + " No meter has sealed these readings: they are as the file has them."
		if err := json.Unmarshal(p.Said, &h.Said); err != nil {
			h.Said = nil
		}
	}
	var wh [2]uint64
	from, to := first.From, first.To
	for i := range exports {
		f := &exports[i].Facts
		h.Slots, h.Measured = h.Slots+f.Slots, h.Measured+f.Measured
		h.Missing, h.Estimated, h.Corrected = h.Missing+f.Missing, h.Estimated+f.Estimated, h.Corrected+f.Corrected
		for c, n := range f.Wh {
			wh[c] += n
		}
		from, to = min(from, f.From), max(to, f.To)
		for _, o := range f.Odd {
			s := nameSlots(o.From, o.Slots, int64(day/int(f.N)), loc)
			if o.Status == uint8(meter.Missing) && len(h.MissingSlots) < maxNamed {
				h.MissingSlots = append(h.MissingSlots, s)
			} else if o.Status == uint8(meter.Estimated) && len(h.EstimatedSlots) < maxNamed {
				h.EstimatedSlots = append(h.EstimatedSlots, s)
			}
		}
	}
	h.KWh = kWhRough(wh[0])
	if len(first.Wh) > 1 {
		h.ExportKWh = kWhRough(wh[1])
	}
	start, end := wholeDays(from, to, clock)
	h.First, h.Last, h.Period = start.String(), (end - 1).String(), periodWords(start, end)
	if begins(clock, start) != from || begins(clock, end) != to {
		h.Span = momentWords(from, loc) + " to " + momentWords(to, loc)
	}
	return h
}

func nameSlots(from int64, slots int, step int64, loc *time.Location) messages.Slot {
	to := from + int64(slots)*step
	return messages.Slot{From: from, To: to, Slots: slots, Words: slotWords(from, to, loc)}
}

// wholeDays returns the local days [start, end) that lie wholly in [from, to);
// one day that does not, if there is none.
func wholeDays(from, to int64, clock string) (start, end tariffs.Date) {
	start = tariffs.Date(from/day) - 1
	for begins(clock, start) < from {
		start++
	}
	end = start
	for begins(clock, end+1) <= to {
		end++
	}
	if end == start {
		end++
	}
	return start, end
}

// begins returns when a day begins on a clock, UTC for one that is not known.
func begins(clock string, d tariffs.Date) int64 {
	at, err := tariffs.Midnight(clock, d)
	if err != nil {
		return int64(d) * day
	}
	return at
}

// abbreviate shows the end of a long text: its beginning is the same for all.
func abbreviate(text string) string {
	if len(text) <= 12 {
		return text
	}
	tail := text[len(text)-12:]
	return tail[:4] + " " + tail[4:8] + " " + tail[8:]
}

func (d *Desk) forgetHome(_ *job, m *messages.ForgetHome) (any, error) {
	exports, err := d.exports(m.Home)
	if err != nil {
		return nil, err
	}
	if m.Home == "" || len(exports) == 0 {
		return nil, fail(messages.NotFound, "That home is not on this device any more.", "")
	}
	var names []string
	for _, h := range exports {
		names = append(names, h.name)
		delete(d.opened, h.name)
	}
	if err := d.host.Vault.Write(nil, names); err != nil {
		return nil, err
	}
	d.drafts = map[string]*draft{}
	return d.changed()
}
