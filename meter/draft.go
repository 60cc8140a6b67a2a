package meter

import (
	"errors"
	"fmt"

	"hushwatt/internal/wire"
)

// ParseDraft reads a registry on its way from party to party: everything is checked,
// but signatures may still be missing. There are none at all, or as many as parties,
// an empty one for each that has not signed; those that are there are checked.
func ParseDraft(data []byte) (*Registry, error) {
	var r Registry
	if err := wire.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	if err := r.CheckUnsigned(); err != nil {
		return nil, err
	}
	if len(r.Signatures) == 0 {
		return &r, nil
	}
	if len(r.Signatures) != len(r.Charter.Parties) {
		return nil, fmt.Errorf("registry %s: %d signatures of %d parties", r.Charter.Registry, len(r.Signatures), len(r.Charter.Parties))
	}
	body := r.body()
	for i := range r.Charter.Parties {
		if p := &r.Charter.Parties[i]; len(r.Signatures[i]) > 0 && !verifyRegistry(p.Key, body, r.Signatures[i]) {
			return nil, fmt.Errorf("registry %s: %s did not sign it", r.Charter.Registry, p.Name)
		}
	}
	return &r, nil
}

// HasSigned reports whether a draft has the signature of the party in a place.
func (r *Registry) HasSigned(party int) bool {
	return party < len(r.Signatures) && len(r.Signatures[party]) > 0
}

// ErrNoPartySigned is returned for a signature that no party of the charter made of
// this registry.
var ErrNoPartySigned = errors.New("no party of the charter has signed this registry so")

// AddSignature puts a party's signature in its place of a draft.
func (r *Registry) AddSignature(signature []byte) error {
	body := r.body()
	for i := range r.Charter.Parties {
		if !verifyRegistry(r.Charter.Parties[i].Key, body, signature) {
			continue
		}
		if len(r.Signatures) == 0 {
			r.Signatures = make([][]byte, len(r.Charter.Parties))
		}
		r.Signatures[i] = signature
		return nil
	}
	return ErrNoPartySigned
}
