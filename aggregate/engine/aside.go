package engine

import (
	"fmt"

	"hushwatt/internal/wire"
	"hushwatt/meter"
)

// resting is a meter that has announced slots and then not answered. It is not asked for
// some slots: else one broken meter would spoil them all.
type resting struct {
	_     struct{} `cbor:",toarray"`
	Place uint32   // in the registry
	Times uint8    // how often it was silent since it last answered
	Until int64    // the slot from which it is asked again, counted since 1970
}

const (
	restingName = "resting" // under what the store has them
	mostDoubled = 10        // 1,024 slots: three weeks of half-hours
)

// aside returns the meters that are not asked about a slot.
func (g *Aggregator) aside(m moment) (meter.Bitmap, error) {
	aside := meter.NewBitmap(len(g.Registry.Meters))
	data, err := g.Store.Get(restingName)
	if err != nil {
		return nil, err
	}
	list, err := parseResting(data)
	for _, r := range list {
		if g.count(m) < r.Until {
			aside.Set(int(r.Place))
		}
	}
	return aside, err
}

func (g *Aggregator) count(m moment) int64 { return m.count(int(g.Registry.Charter.N)) }

// rest lets meters rest that were silent in a slot: for two slots at first, and for twice
// as many every time again. Those who answered begin anew. If more than half were silent
// it was not their fault.
func (g *Aggregator) rest(m moment, silent, present meter.Bitmap) error {
	if 2*silent.Count() > present.Count() {
		return nil
	}
	if data, err := g.Store.Get(restingName); err != nil || data == nil && silent.Count() == 0 {
		return err
	}
	return g.Store.Update(restingName, func(data []byte) ([]byte, error) {
		before, err := parseResting(data)
		if err != nil {
			return nil, err
		}
		times := map[int]uint8{}
		list := []resting{}
		for _, r := range before {
			times[int(r.Place)] = r.Times
			if !present.Has(int(r.Place)) {
				list = append(list, r)
			}
		}
		for i := range g.Registry.Meters {
			if silent.Has(i) {
				t := min(times[i]+1, mostDoubled)
				list = append(list, resting{Place: uint32(i), Times: t, Until: g.count(m) + 1 + 1<<t})
			}
		}
		return wire.Marshal(list)
	})
}

func parseResting(data []byte) (list []resting, err error) {
	if data == nil {
		return nil, nil
	}
	if err := wire.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("list of meters that were silent: %w", err)
	}
	return list, nil
}
