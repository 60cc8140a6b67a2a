package aggregate

import (
	"bytes"
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

// sentHolding is a holding on its way to the other parties.
type sentHolding struct {
	_         struct{} `cbor:",toarray"`
	Registry  []byte   // hash
	Day       uint16
	Slot      uint16
	Meters    meter.Bitmap
	Hashes    []byte // 32 bytes each
	Signature []byte // of the party
}

func (s *sentHolding) body() []byte {
	unsigned := *s
	unsigned.Signature = nil
	return mustMarshal(&unsigned)
}

// SignHolding returns what a party holds in the form that DecodeHolding reads.
func (k *PartyKey) SignHolding(r *meter.Registry, h *Holding) []byte {
	hash := r.Hash()
	s := sentHolding{Registry: hash[:], Day: h.Day, Slot: h.Slot, Meters: h.Meters, Hashes: make([]byte, 0, 32*len(h.Hashes))}
	for i := range h.Hashes {
		s.Hashes = append(s.Hashes, h.Hashes[i][:]...)
	}
	s.Signature = signHolding(k.signing, &s)
	return mustMarshal(&s)
}

// DecodeHolding reads the holding of the party in a place of the charter.
func DecodeHolding(data []byte, r *meter.Registry, party int) (*Holding, error) {
	var s sentHolding
	if err := wire.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("holding: %w", err)
	}
	hash := r.Hash()
	if !bytes.Equal(s.Registry, hash[:]) || len(s.Meters) != len(meter.NewBitmap(len(r.Meters))) || len(s.Hashes) != 32*s.Meters.Count() || s.Slot >= r.Charter.N {
		return nil, errors.New("holding: not of this registry")
	}
	if party < 0 || party >= len(r.Charter.Parties) || !verifyHolding(r.Charter.Parties[party].Key, &s) {
		return nil, errors.New("holding: not signed by the party")
	}
	h := &Holding{Day: s.Day, Slot: s.Slot, Meters: s.Meters, Hashes: make([][32]byte, s.Meters.Count())}
	for i := range h.Hashes {
		h.Hashes[i] = [32]byte(s.Hashes[32*i:])
	}
	return h, nil
}

// Without returns the holding without some meters.
func (h *Holding) Without(aside meter.Bitmap) *Holding {
	out := &Holding{Day: h.Day, Slot: h.Slot, Meters: h.Meters.AndNot(aside)}
	at := 0
	for place := range 8 * len(h.Meters) {
		if !h.Meters.Has(place) {
			continue
		}
		if out.Meters.Has(place) {
			out.Hashes = append(out.Hashes, h.Hashes[at])
		}
		at++
	}
	return out
}
