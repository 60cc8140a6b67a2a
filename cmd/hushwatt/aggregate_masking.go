package main

import (
	"context"
	"errors"

	"hushwatt/aggregate"
	"hushwatt/aggregate/engine"
	"hushwatt/meter"
	"hushwatt/server/store"
)

// aggregating is what `aggregate serve` needs to be a masking registry's aggregator.
type aggregating struct {
	key, enrolments, cutOff, catchUp, answering *string
	erase, work                                 *bool
}

func (o *aggregating) flags(f *flags) {
	o.key = f.text("key", "FILE", "the aggregator's secret key, for a registry that works by masks")
	o.enrolments = f.text("enrolments", "FILE", "the meters' enrolments, needed on the aggregator's first start")
	o.cutOff = f.text("cut-off", "SECONDS", "how long after its end the aggregator cuts a slot off, 60 by default")
	o.catchUp = f.text("catch-up", "SECONDS", "how long it waits for what is on the stream and not stored yet, 15 by default")
	o.answering = f.text("answer-within", "SECONDS", "how long meters then have to answer, 600 by default")
	o.erase = f.toggle("erase-mailbox", "once all meters' keys are in the database, take from --key what opens enrolments")
	o.work = f.toggle("work", "share the aggregator's intake only")
}

// check says what is missing for a registry, or not for it.
func (o *aggregating) check(r *meter.Registry) error {
	switch {
	case r.Charter.Masking() && *o.key == "":
		return misusef("--key is missing: %s works by masks, and this program is its aggregator", r.Charter.Registry)
	case !r.Charter.Masking() && (*o.key != "" || *o.work || *o.erase):
		return misusef("%s has authorities: --key and --work are for `hushwatt aggregate authority`", r.Charter.Registry)
	}
	return nil
}

// aggregator is the aggregator without clock and stream.
func (o *aggregating) aggregator(r *meter.Registry, st store.Store, released *store.Party) (*engine.Aggregator, error) {
	key, err := readPartyKey(*o.key)
	if err != nil {
		return nil, err
	}
	find, err := readEnrolments(*o.enrolments, r)
	if err != nil {
		return nil, err
	}
	cutOff, err1 := asSeconds(*o.cutOff, 60)
	catchUp, err2 := asSeconds(*o.catchUp, 15)
	answering, err3 := asSeconds(*o.answering, 600)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	rules, err := aggregate.NewAggregator(aggregate.AuthorityConfig{Registry: r, Key: key, Enrolments: find, Store: st.Party("aggregator of " + charterName(r))})
	if err != nil {
		return nil, err
	}
	if *o.erase {
		if err := writeFile(*o.key, []byte(key.WithoutMailbox().String()+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	return &engine.Aggregator{Registry: r, Key: key, Rules: rules, Store: released, CutOff: cutOff, CatchUp: catchUp, Answering: answering}, nil
}

// aggregatorFile is the key of a street's aggregator.
const aggregatorFile = "aggregator.key"

// introduce makes a masking street's neighbours share their keys.
func (s *street) introduce(enrolments []*meter.Enrolment) error {
	byID := map[string]*meter.Enrolment{}
	for _, e := range enrolments {
		hash := e.Hash()
		byID[string(hash[:meter.IDSize])] = e
	}
	var letters []*meter.Introduction
	for _, h := range s.homes {
		list, err := h.device.Join(s.registry, func(id []byte) *meter.Enrolment { return byID[string(id)] })
		if err != nil {
			return err
		}
		letters = append(letters, list...)
	}
	for _, l := range letters {
		if err := s.homes[s.registry.Index(l.To)].device.Meet(l); err != nil {
			return err
		}
	}
	return nil
}

// answer lets the meters of a masking street answer whenever they hear who is present.
func (s *street) answer(ctx context.Context, bus *engine.Bus) error {
	return bus.HearPresences(ctx, s.registry, func(p *meter.Presence) {
		for _, a := range s.answers(p) {
			// An answer that does not get through would be lost with its slot: the
			// program ends then, and nothing is to be done about it.
			_ = bus.PublishAnswer(ctx, p, a)
		}
	})
}

// answers returns what the homes have to say to a presence; a meter that must not or
// cannot answer says nothing.
func (s *street) answers(p *meter.Presence) []*meter.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*meter.Answer
	for _, h := range s.homes {
		if h.live == nil {
			continue
		}
		if a, err := h.live.Answer(p, meter.ImportChannel); err == nil {
			list = append(list, a)
		}
	}
	return list
}
