package worker

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"hushwatt/prover"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

func (d *Desk) takeRequest(j *job, m *messages.TakeRequest) (any, error) { return d.takeAsk(j, m) }

// takeAsk takes a request in, whoever handed it over.
func (d *Desk) takeAsk(j *job, m *messages.TakeRequest) (*messages.Ask, error) {
	data, err := requestBytes(m)
	if err != nil {
		return nil, withDetail(fail(messages.DamagedFile, "The link is cut off or damaged.", "Open the link again from your supplier’s letter, or use the file."), err)
	}
	r, err := prover.ParseRequest(data)
	if err != nil {
		return nil, withDetail(fail(messages.DamagedFile, "This request is damaged, or was changed after it was signed.", "Ask your supplier to send it again."), err)
	}
	if !r.Signed() {
		return nil, fail(messages.NothingAsked, "Nobody has signed this request, so nobody has asked for a bill.", "Ask your supplier for its request.")
	}
	if err := d.known(j, r.Supplier); err != nil {
		return nil, err
	}
	name := askName(r.Hash())
	if _, err := d.host.Vault.Get(name); errors.Is(err, ErrNoRecord) {
		err := d.put(name, &askRecord{Request: data, Taken: d.host.Now().Unix()})
		if err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	s, err := d.changed()
	if err != nil {
		return nil, err
	}
	hash := r.Hash()
	i := slices.IndexFunc(s.Asks, func(a messages.Ask) bool { return a.ID == hex.EncodeToString(hash[:]) })
	if i < 0 {
		return nil, errRecord
	}
	return &s.Asks[i], nil
}

// heldAsk returns a request of this device.
func (d *Desk) heldAsk(id string) (*askRecord, *prover.Request, error) {
	data, err := d.host.Vault.Get(askPrefix + id)
	if errors.Is(err, ErrNoRecord) {
		return nil, nil, fail(messages.NotFound, "That request is not on this device.", "Open your supplier’s link or file again.")
	}
	if err != nil {
		return nil, nil, err
	}
	a := new(askRecord)
	if err := unpack(data, a); err != nil {
		return nil, nil, err
	}
	r, err := prover.ParseRequest(a.Request)
	if err != nil {
		return nil, nil, errors.Join(errRecord, err)
	}
	return a, r, nil
}

// asks lists the requests of this device, newest first.
func (d *Desk) asks(homes []messages.Home, entries []messages.Entry) ([]messages.Ask, error) {
	type dated struct {
		messages.Ask
		taken int64
	}
	var list []dated
	err := d.each(askPrefix, func(_ string, data []byte) error {
		var a askRecord
		if err := unpack(data, &a); err != nil {
			return err
		}
		r, err := prover.ParseRequest(a.Request)
		if err != nil {
			return errors.Join(errRecord, err)
		}
		m, err := d.describeAsk(&a, r, homes, entries)
		list = append(list, dated{m, a.Taken})
		return err
	})
	slices.SortStableFunc(list, func(a, b dated) int { return int(max(-1, min(1, b.taken-a.taken))) })
	out := []messages.Ask{}
	for _, a := range list {
		out = append(out, a.Ask)
	}
	return out, err
}

func (d *Desk) describeAsk(a *askRecord, r *prover.Request, homes []messages.Home, entries []messages.Entry) (messages.Ask, error) {
	s, err := d.supplier(r.Supplier)
	if err != nil {
		return messages.Ask{}, err
	}
	hash, loc := r.Hash(), clockOf(r.Terms.Period.Clock)
	start, end, err := datesOf(r)
	if err != nil {
		return messages.Ask{}, err
	}
	m := messages.Ask{
		ID: hex.EncodeToString(hash[:]), State: messages.AskOpen, Supplier: s,
		First: start.String(), Last: (end - 1).String(), Period: periodWords(start, end),
		Meters: []string{}, Homes: []string{}, Serial: fmt.Sprint(r.Serial),
		Due: "by " + momentWords(r.NotAfter, loc), DueUnix: r.NotAfter, Demo: true,
	}
	m.Sentence = fmt.Sprintf("%s asks for your bill for %s.", strings.ToUpper(s.Name[:1])+s.Name[1:], m.Period)
	for _, meter := range r.Terms.Meters {
		m.Meters = append(m.Meters, meter.Meter)
		for _, h := range homes {
			if h.Meter == meter.Meter && !h.Plain {
				m.Homes = append(m.Homes, h.ID)
				m.Demo = m.Demo && h.Demo
			}
		}
	}
	m.Demo = m.Demo && len(m.Homes) > 0
	for _, e := range entries {
		if len(r.Replaces) > 0 && e.Request == hex.EncodeToString(r.Replaces) {
			m.Replaces = e.ID
		}
	}
	m.State = d.stateOfAsk(a, r, m.ID, entries)
	if len(m.Homes) == 0 {
		m.Problem = fail(messages.OtherMeter, "It asks about meter "+list(m.Meters)+", whose file is not on this device.", "")
	}
	if m.State == messages.AskExpired {
		m.Problem = fail(messages.RequestExpired, "It was to be answered "+m.Due+".", "")
	}
	return m, nil
}

// stateOfAsk looks at what the history says of a request; entries are newest first.
func (d *Desk) stateOfAsk(a *askRecord, r *prover.Request, id string, entries []messages.Entry) string {
	refused := false
	for _, e := range entries {
		if e.Request != id {
			continue
		}
		switch e.State {
		case messages.EntryAccepted, messages.EntrySaved:
			return messages.AskAnswered
		case messages.EntryWaiting:
			if e.Whole {
				return messages.AskWaiting
			}
		case messages.EntryRefused:
			refused = true
		}
	}
	switch {
	case r.Expired(d.host.Now().Unix()):
		return messages.AskExpired
	case a.Declined:
		return messages.AskDeclined
	case refused:
		return messages.AskRefused
	}
	return messages.AskOpen
}

// datesOf returns the dates of a request, the second exclusive. That they are
// its instants is checked when its plan is compiled.
func datesOf(r *prover.Request) (start, end tariffs.Date, err error) {
	if start, err = tariffs.ParseDate(r.Terms.Period.First); err == nil {
		end, err = tariffs.ParseDate(r.Terms.Period.Last)
	}
	if err == nil && end <= start {
		err = errors.New("it ends before it begins")
	}
	if err != nil {
		return 0, 0, withDetail(fail(messages.DamagedFile, "This request names no period that exists.", "Ask your supplier for a new request."), err)
	}
	return start, end, nil
}

// decline puts a request aside; nothing is sent.
func (d *Desk) decline(j *job, m *messages.Decline) (any, error) {
	if m.Why != messages.NotNow && m.Why != messages.LooksWrong {
		return nil, fail(messages.BadCall, "The page gave no reason that is known.", "")
	}
	if runes := []rune(m.Note); len(runes) > 2000 {
		m.Note = string(runes[:2000])
	}
	var told *messages.Entry
	err := d.host.Vault.Exclusive(func() error {
		a, r, err := d.heldAsk(m.Request)
		if err != nil {
			return err
		}
		entries, err := d.entries()
		if err != nil {
			return err
		}
		if s := d.stateOfAsk(a, r, m.Request, entries); s == messages.AskAnswered || s == messages.AskWaiting {
			return fail(messages.AlreadyAnswered, "You have answered this request before.", "")
		}
		ask, err := d.describeAsk(a, r, nil, nil)
		if err != nil {
			return err
		}
		id, err := d.randomID()
		if err != nil {
			return err
		}
		now := d.host.Now().Unix()
		told = &messages.Entry{
			ID: id, State: messages.EntryDeclined, Title: "Request for " + ask.Period, Supplier: ask.Supplier, Request: m.Request,
			Meters: ask.Meters, First: ask.First, Last: ask.Last, Period: ask.Period, Made: now, Why: m.Why, Note: m.Note, Whole: true,
		}
		a.Declined = true
		return d.host.Vault.Write(map[string][]byte{
			askPrefix + m.Request: pack(a),
			entryName(told):       pack(&entryRecord{Summary: packJSON(told), Request: a.Request}),
		}, nil)
	})
	if err != nil {
		return nil, err
	}
	if _, err := d.changed(); err != nil {
		return nil, err
	}
	return d.word(told), nil
}

func (d *Desk) randomID() (string, error) {
	var b [16]byte
	_, err := io.ReadFull(d.host.Random, b[:])
	return hex.EncodeToString(b[:]), err
}
