package meter

import (
	"fmt"

	"hushwatt/internal/wire"
)

const partyName = "hushwatt-party"

// ParseParty reads a string hushwatt-party1…: Bech32m of the party as it stands in a
// charter, with its recipient. A file holds it as one line; the reader takes that end
// off.
func ParseParty(s string) (Party, error) {
	data, err := wire.DecodeText(partyName, s)
	if err != nil {
		return Party{}, fmt.Errorf("party %w", err)
	}
	var p Party
	if err := wire.Unmarshal(data, &p); err != nil {
		return Party{}, fmt.Errorf("party: %w", err)
	}
	if err := checkMeterName(p.Name); err != nil {
		return Party{}, fmt.Errorf("party: %w", err)
	}
	if err := CheckSigningKey(p.Key); err != nil {
		return Party{}, fmt.Errorf("party %s: %w", p.Name, err)
	}
	if _, err := ParseRecipient(p.Recipient); err != nil {
		return Party{}, fmt.Errorf("party %s: %w", p.Name, err)
	}
	return p, nil
}

// String returns the form that ParseParty reads.
func (p *Party) String() string { return wire.EncodeText(partyName, mustMarshal(p)) }
