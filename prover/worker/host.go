package worker

import (
	"context"
	"errors"
	"io"
	"time"

	"hushwatt/prover/messages"
)

// A Vault keeps small records on the device, encrypted. Names say nothing about
// the customer. Methods are called one at a time.
type Vault interface {
	// Get returns a record, or ErrNoRecord, ErrDamaged, ErrUnavailable.
	Get(name string) ([]byte, error)
	// Names returns the names that begin with prefix, ascending.
	Names(prefix string) ([]string, error)
	// Write puts and removes records, all of them or none (ErrFull,
	// ErrUnavailable), and returns when they are safe.
	Write(put map[string][]byte, remove []string) error
	// Clear removes everything, the key of the encryption too.
	Clear() error
	// Exclusive runs do while no other page of this app on this device runs its own.
	Exclusive(do func() error) error
}

// Errors of a Vault.
var (
	ErrNoRecord    = errors.New("no such record")
	ErrDamaged     = errors.New("record does not open")
	ErrFull        = errors.New("no room to store")
	ErrUnavailable = errors.New("storage is not available")
)

// A Net fetches and posts. An error means that no whole answer came: the other
// side may or may not have seen what was sent.
type Net interface {
	Get(ctx context.Context, url string) (*Response, error)
	Post(ctx context.Context, url, contentType string, body []byte) (*Response, error)
}

// A Response is an answer of any status.
type Response struct {
	Status int
	Type   string // media type, without parameters
	Body   []byte
}

// A Host is what the jobs run on.
type Host struct {
	Vault   Vault
	Net     Net
	Now     func() time.Time
	Random  io.Reader
	Yield   func()               // lets others run; called between the phases of a job
	Changed func(messages.State) // is told when what is stored has changed
	Version string
}
