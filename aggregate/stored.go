package aggregate

import (
	"errors"
	"fmt"

	"hushwatt/internal/wire"
	"hushwatt/meter"
)

// storedArrival is an arrival as its party stores it. It holds the party's share:
// whoever reads it and all other parties' reads the meter, as with their keys.
type storedArrival struct {
	_      struct{} `cbor:",toarray"`
	Place  uint32
	Day    uint16
	Slot   uint16
	Record []byte
	Share  []byte
	Stale  bool
}

// Bytes returns the form that DecodeArrival reads, for the party's own store.
func (a *Arrival) Bytes() []byte {
	return mustMarshal(&storedArrival{Place: uint32(a.Place), Day: a.Day, Slot: a.Slot, Record: a.Record, Share: a.share.Bytes(true), Stale: a.stale})
}

// DecodeArrival reads an arrival that this party has checked and stored.
func DecodeArrival(data []byte) (*Arrival, error) {
	var s storedArrival
	if err := wire.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("stored arrival: %w", err)
	}
	share, err := meter.ParseShare(s.Share, true)
	if err != nil {
		return nil, fmt.Errorf("stored arrival: %w", err)
	}
	return &Arrival{Place: int(s.Place), Day: s.Day, Slot: s.Slot, Hash: meter.RecordHash(s.Record), Record: s.Record, share: share, stale: s.Stale}, nil
}

// sentHolding is a holding on its way to the collector.
type sentHolding struct {
	_      struct{} `cbor:",toarray"`
	Day    uint16
	Slot   uint16
	Meters meter.Bitmap
	Hashes []byte // 32 bytes each
}

// Bytes returns the form that DecodeHolding reads.
func (h *Holding) Bytes() []byte {
	s := sentHolding{Day: h.Day, Slot: h.Slot, Meters: h.Meters, Hashes: make([]byte, 0, 32*len(h.Hashes))}
	for i := range h.Hashes {
		s.Hashes = append(s.Hashes, h.Hashes[i][:]...)
	}
	return mustMarshal(&s)
}

// DecodeHolding reads a holding in a registry.
func DecodeHolding(data []byte, r *meter.Registry) (*Holding, error) {
	var s sentHolding
	if err := wire.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("holding: %w", err)
	}
	if len(s.Meters) != len(meter.NewBitmap(len(r.Meters))) || len(s.Hashes) != 32*s.Meters.Count() || s.Slot >= r.Charter.N {
		return nil, errors.New("holding: not of this registry")
	}
	h := &Holding{Day: s.Day, Slot: s.Slot, Meters: s.Meters, Hashes: make([][32]byte, s.Meters.Count())}
	for i := range h.Hashes {
		h.Hashes[i] = [32]byte(s.Hashes[32*i:])
	}
	return h, nil
}
