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

// register reads tariffs from the store and keeps them: a published tariff never
// changes.
type register struct {
	store store.Register
	mu    sync.Mutex
	known map[[32]byte]*tariffs.Tariff
}

// maxKnown bounds the tariffs that are kept parsed.
const maxKnown = 1024

// tariff returns a published tariff; the error is an ErrNotFound if there is none.
func (g *register) tariff(ctx context.Context, id [32]byte) (*tariffs.Tariff, error) {
	g.mu.Lock()
	t := g.known[id]
	g.mu.Unlock()
	if t != nil {
		return t, nil
	}
	stored, err := g.store.Tariff(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("tariff %.8s…: %w", hex.EncodeToString(id[:]), err)
	}
	if t, err = tariffs.Parse(stored.Document); err != nil {
		return nil, fmt.Errorf("stored tariff: %w", err)
	}
	if t.Hash() != id {
		return nil, errors.New("stored tariff: it is not the one that its id names")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known == nil || len(g.known) >= maxKnown {
		g.known = map[[32]byte]*tariffs.Tariff{}
	}
	g.known[id] = t
	return t, nil
}

func (g *register) tariffs(ctx context.Context, ids [][32]byte) ([]*tariffs.Tariff, error) {
	list := make([]*tariffs.Tariff, len(ids))
	for i, id := range ids {
		var err error
		if list[i], err = g.tariff(ctx, id); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// plan compiles our own documents for a request. The error is a *prover.Refusal
// unless the store failed.
func (g *register) plan(ctx context.Context, r *prover.Request) (*plan.Plan, error) {
	ts, err := g.tariffs(ctx, r.Terms.Tariffs)
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
