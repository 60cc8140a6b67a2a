package meter

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/sign/ed25519"

	"hushwatt/internal/wire"
)

// A Charter founds a registry, whose meters' readings are summed: who the
// authorities are, and below how many meters nothing is released. The meter
// authority signs it, so that a meter gives its shares to nobody whom the one that
// certified it has not named (docs/protocol.md, section 7.1).
type Charter struct {
	_           struct{} `cbor:",toarray"`
	Issuer      []byte   // Ed25519 key of the meter authority
	Registry    string   // name of the registry, as a meter's
	N           uint16   // slots in a UTC day
	Channel     uint8    // ImportChannel or ExportChannel
	Squares     bool     // squares are summed too
	MinSum      uint32   // fewest meters in a sum
	MinVariance uint32   // fewest meters in a sum of squares
	Parties     []Party  // two or three authorities, or one aggregator: masking
	Neighbours  uint8    // masking: how many neighbours a meter has, even; 0 with authorities
	Signature   []byte   // of the meter authority
}

// A Party is one of the authorities A_1 … A_k, or the aggregator of a registry that
// works by masks.
type Party struct {
	_         struct{} `cbor:",toarray"`
	Name      string
	Key       []byte // Ed25519
	Recipient string // to whom meters send their share keys
}

// Bounds of a charter.
const (
	LeastMeters    = 2  // a sum of one meter is its reading
	MinNeighbours  = 8  // present ones without which a meter does not answer
	mostAuthority  = 3  // more would make records longer without need
	mostNeighbours = 64 // a meter keeps a key for each
)

// SignCharter checks a charter and signs it; its fields Issuer and Signature are
// set here.
func (k *AuthorityKey) SignCharter(c Charter) (*Charter, error) {
	c.Issuer = publicOf(k.key)
	if err := c.check(); err != nil {
		return nil, err
	}
	c.Signature = signCharter(k.key, c.body())
	return &c, nil
}

// ParseCharter reads a charter and checks its fields and its signature, not
// whether its issuer is trusted.
func ParseCharter(data []byte) (*Charter, error) {
	var c Charter
	if err := wire.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("charter: %w", err)
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	return &c, nil
}

// Bytes returns the form that ParseCharter reads.
func (c *Charter) Bytes() []byte { return mustMarshal(c) }

// Hash returns the hash by which enrolments name the charter.
func (c *Charter) Hash() [32]byte {
	return sha256.Sum256(append([]byte(wire.LabelCharterHash), c.Bytes()...))
}

// IssuedBy returns the meter authority that signed the charter; whether to trust it is
// for the caller.
func (c *Charter) IssuedBy() (Authority, error) { return newAuthority(c.Issuer) }

func (c *Charter) body() []byte {
	unsigned := *c
	unsigned.Signature = nil
	return mustMarshal(&unsigned)
}

// Check checks the fields and the issuer's signature.
func (c *Charter) Check() error {
	if err := c.check(); err != nil {
		return err
	}
	if !verifyCharter(c.Issuer, c.body(), c.Signature) {
		return fmt.Errorf("charter of %s: its issuer did not sign it", c.Registry)
	}
	return nil
}

func (c *Charter) check() error {
	if err := checkMeterName(c.Registry); err != nil {
		return fmt.Errorf("charter: registry: %w", err)
	}
	if err := CheckSigningKey(c.Issuer); err != nil {
		return fmt.Errorf("charter of %s: issuer: %w", c.Registry, err)
	}
	switch {
	case !ValidSlots(int(c.N)):
		return fmt.Errorf("charter of %s: %d slots a day", c.Registry, c.N)
	case c.Channel != ImportChannel && c.Channel != ExportChannel:
		return fmt.Errorf("charter of %s: channel %d", c.Registry, c.Channel)
	case c.MinSum < LeastMeters:
		return fmt.Errorf("charter of %s: a sum of %d meters shows a reading", c.Registry, c.MinSum)
	case c.MinVariance < c.MinSum:
		return fmt.Errorf("charter of %s: the minimum for variance is below that for sums", c.Registry)
	case len(c.Parties) < 1 || len(c.Parties) > mostAuthority:
		return fmt.Errorf("charter of %s: %d authorities", c.Registry, len(c.Parties))
	case c.Masking() && (c.Neighbours < MinNeighbours || c.Neighbours > mostNeighbours || c.Neighbours%2 != 0):
		return fmt.Errorf("charter of %s: %d neighbours", c.Registry, c.Neighbours)
	case !c.Masking() && c.Neighbours != 0:
		return fmt.Errorf("charter of %s: neighbours beside authorities", c.Registry)
	}
	return c.checkParties()
}

func (c *Charter) checkParties() error {
	for i := range c.Parties {
		p := &c.Parties[i]
		if err := checkMeterName(p.Name); err != nil {
			return fmt.Errorf("charter of %s: party: %w", c.Registry, err)
		}
		if err := CheckSigningKey(p.Key); err != nil {
			return fmt.Errorf("charter of %s: %s: %w", c.Registry, p.Name, err)
		}
		for j := range i {
			if o := &c.Parties[j]; o.Name == p.Name || bytes.Equal(o.Key, p.Key) || o.Recipient == p.Recipient {
				return fmt.Errorf("charter of %s: %s and %s are one", c.Registry, o.Name, p.Name)
			}
		}
		if _, err := ParseRecipient(p.Recipient); err != nil {
			return fmt.Errorf("charter of %s: %s: %w", c.Registry, p.Name, err)
		}
	}
	return nil
}

// Masking reports whether the registry works by masks, with one aggregator, instead
// of shares, with authorities.
func (c *Charter) Masking() bool { return len(c.Parties) == 1 }

// commitmentsSize is the length of C, or of C ‖ Q.
func (c *Charter) commitmentsSize() int {
	if c.Squares {
		return 64
	}
	return 32
}

// shareSize is the length of a record's encrypted share.
func (c *Charter) shareSize() int {
	switch {
	case c.Masking():
		return 0
	case c.Squares:
		return sealedShareSize + squaresShareSize
	}
	return sealedShareSize
}

// admits refuses a certificate with which a meter cannot be in the registry.
func (c *Charter) admits(cert *Certificate) error {
	switch {
	case !bytes.Equal(cert.Authority, c.Issuer):
		return fmt.Errorf("meter %s: certified by another authority than the issuer of the charter", cert.Meter)
	case cert.N != c.N:
		return fmt.Errorf("meter %s: %w: %d slots a day, the registry has %d", cert.Meter, ErrMixedSlots, cert.N, c.N)
	case cert.Channels>>c.Channel&1 == 0:
		return fmt.Errorf("meter %s: not certified for %s", cert.Meter, channelText(int(c.Channel)))
	case c.Squares && !cert.Squares:
		return fmt.Errorf("meter %s: not certified for squares", cert.Meter)
	}
	return nil
}

// ErrMixedSlots is returned for a meter whose day has other slots than the registry's.
var ErrMixedSlots = errors.New("slots of another length")

// SignRegistry returns a party's signature of a registry.
func SignRegistry(key ed25519.PrivateKey, r *Registry) []byte { return signRegistry(key, r.body()) }

// SignPresence returns a party's signature of a slot's presence. A party signs one
// for each slot; that it does not sign another is for the caller to see to.
func SignPresence(key ed25519.PrivateKey, p *Presence) []byte { return signPresence(key, p.body()) }
