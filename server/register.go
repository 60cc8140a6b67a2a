package server

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

// register reads tariffs and addenda from the store and keeps them: a published
// document never changes.
type register struct {
	store store.Register
	mu    sync.Mutex
	known map[[32]byte]document
}

// A document is a tariff or an addendum; the other is nil.
type document struct {
	tariff   *tariffs.Tariff
	addendum *tariffs.Addendum
}

// maxKnown bounds the documents that are kept parsed.
const maxKnown = 1024

// document returns what is published under an id; the error is an ErrNotFound if
// there is nothing.
func (g *register) document(ctx context.Context, id [32]byte) (document, error) {
	g.mu.Lock()
	d, known := g.known[id]
	g.mu.Unlock()
	if known {
		return d, nil
	}
	text, err := g.text(ctx, id)
	if err != nil {
		return d, fmt.Errorf("tariff %.8s…: %w", hex.EncodeToString(id[:]), err)
	}
	return g.keep(id, text)
}

// text returns the published bytes of a tariff or addendum.
func (g *register) text(ctx context.Context, id [32]byte) ([]byte, error) {
	t, err := g.store.Tariff(ctx, id)
	if err == nil {
		return t.Document, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	a, err := g.store.Addendum(ctx, id)
	if err != nil {
		return nil, err
	}
	return a.Document, nil
}

// keep parses what is stored.
func (g *register) keep(id [32]byte, text []byte) (d document, err error) {
	var hash [32]byte
	if d.tariff, d.addendum, err = tariffs.Read(text); err != nil {
		return d, fmt.Errorf("stored document: %w", err)
	}
	if d.tariff != nil {
		hash = d.tariff.Hash()
	} else {
		hash = d.addendum.Hash()
	}
	if hash != id {
		return d, errors.New("stored document: it is not the one that its id names")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known == nil || len(g.known) >= maxKnown {
		g.known = map[[32]byte]document{}
	}
	g.known[id] = d
	return d, nil
}

// tariff returns a published tariff, without its addenda.
func (g *register) tariff(ctx context.Context, id [32]byte) (*tariffs.Tariff, error) {
	d, err := g.document(ctx, id)
	if err == nil && d.tariff == nil {
		err = fmt.Errorf("%.8s… is an addendum: %w", hex.EncodeToString(id[:]), store.ErrNotFound)
	}
	return d.tariff, err
}

// current returns a published tariff with all addenda published so far.
func (g *register) current(ctx context.Context, id [32]byte) (*tariffs.Tariff, error) {
	t, err := g.tariff(ctx, id)
	if err != nil {
		return nil, err
	}
	list, err := g.store.AddendaOf(ctx, id)
	if err != nil || len(list) == 0 {
		return t, err
	}
	as, err := g.addenda(list)
	if err != nil {
		return nil, err
	}
	return t.With(as...)
}

// addenda parses what is stored, in order.
func (g *register) addenda(list []store.Addendum) ([]*tariffs.Addendum, error) {
	var as []*tariffs.Addendum
	for _, stored := range list {
		g.mu.Lock()
		d, known := g.known[stored.ID]
		g.mu.Unlock()
		if !known {
			var err error
			if d, err = g.keep(stored.ID, stored.Document); err != nil {
				return nil, err
			}
		}
		as = append(as, d.addendum)
	}
	return as, nil
}

// named returns the tariffs that a request names, each with the addenda that it
// names and no others.
func (g *register) named(ctx context.Context, ids [][32]byte) ([]*tariffs.Tariff, error) {
	var ts []*tariffs.Tariff
	var as []*tariffs.Addendum
	for _, id := range ids {
		d, err := g.document(ctx, id)
		switch {
		case err != nil:
			return nil, err
		case d.tariff != nil:
			ts = append(ts, d.tariff)
		default:
			as = append(as, d.addendum)
		}
	}
	return tariffs.WithAddenda(ts, as)
}

// plan compiles our own documents for a request. The error is a *prover.Refusal
// unless the store failed.
func (g *register) plan(ctx context.Context, r *prover.Request) (*plan.Plan, error) {
	ts, err := g.named(ctx, r.Terms.Tariffs)
	if err == nil {
		var p *plan.Plan
		if p, err = plan.For(r, ts); err == nil {
			return p, nil
		}
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return nil, &prover.Refusal{Reason: prover.ReasonTariff, Detail: err}
}
