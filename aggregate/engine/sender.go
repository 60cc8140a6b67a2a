package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hushwatt/meter"
)

// NewSender returns a Bus for a meter, which publishes its records and, in a registry that
// works by masks, hears presences and answers. It makes no stream, as a cluster's
// permissions may not let it: it finds what the parties have made.
func NewSender(ctx context.Context, nc *nats.Conn, r *meter.Registry) (*Bus, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	hash := r.Hash()
	b := &Bus{js: js, name: hex.EncodeToString(hash[:8])}
	if !r.Charter.Masking() {
		return b, nil
	}
	b.talk, err = js.Stream(ctx, "talk-"+b.name)
	return b, published(err)
}

// ErrNoStream is returned to a meter if nobody has made its registry's streams.
var ErrNoStream = errors.New("nobody takes records of this registry on the message stream")

func published(err error) error {
	if errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, nats.ErrNoResponders) {
		return ErrNoStream
	}
	if err != nil {
		return fmt.Errorf("publish a record: %w", err)
	}
	return nil
}
