package engine

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hushwatt/meter"
)

// NewSender returns a Bus for a meter, which publishes records and nothing else: it makes
// no stream, as a cluster's permissions may not let it.
func NewSender(nc *nats.Conn, r *meter.Registry) (*Bus, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	hash := r.Hash()
	return &Bus{js: js, name: hex.EncodeToString(hash[:8])}, nil
}

// ErrNoStream is returned for a record that nobody stores.
var ErrNoStream = errors.New("nobody takes records of this registry on the message stream")

func published(err error) error {
	if errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrNoResponders) {
		return ErrNoStream
	}
	if err != nil {
		return fmt.Errorf("publish a record: %w", err)
	}
	return nil
}
