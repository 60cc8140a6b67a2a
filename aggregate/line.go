package aggregate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"hushwatt/meter"
)

// The registries of a charter for which an authority works are a line, each replaced by
// the next. Beside it there may be others that all parties have signed. Their sets may
// differ by one home, and the sums of one slot in the one registry and of the next slot
// in the other would say roughly what it uses.

// Errors of a registry for which an authority does not work.
var (
	// ErrSecondRegistry is returned for a registry beside the line.
	ErrSecondRegistry = errors.New("it does not replace the registry for which this authority worked last")
	// ErrReplaced is returned for a day on which a later registry of the line holds.
	ErrReplaced = errors.New("the registry is replaced by another on this day")
)

// lineName is under what a store has the line: for each registry u16be first day ‖ hash.
const lineName = "registries"

const lineStep = 2 + 32

// inLine stores that the authority works for a registry: one for which it has worked
// before, its first, or the one that replaces the last.
func inLine(s Store, r *meter.Registry) error {
	hash := r.Hash()
	own := append(binary.BigEndian.AppendUint16(nil, r.First), hash[:]...)
	err := s.Update(lineName, func(line []byte) ([]byte, error) {
		if placeInLine(line, own) >= 0 {
			return line, nil
		}
		if last := len(line) - lineStep; last >= 0 &&
			(!bytes.Equal(line[last+2:], r.Before) || binary.BigEndian.Uint16(line[last:]) >= r.First) {
			return nil, ErrSecondRegistry
		}
		return append(line, own...), nil
	})
	if err != nil {
		return fmt.Errorf("registry %s: %w", r.Charter.Registry, err)
	}
	return nil
}

// holdsOn returns an error for a day on which a registry of the line is replaced.
func holdsOn(s Store, r *meter.Registry, day uint16) error {
	line, err := s.Get(lineName)
	if err != nil {
		return fmt.Errorf("registry %s: %w", r.Charter.Registry, err)
	}
	hash := r.Hash()
	at := placeInLine(line, append(binary.BigEndian.AppendUint16(nil, r.First), hash[:]...))
	if at < 0 {
		return fmt.Errorf("registry %s: %w", r.Charter.Registry, ErrSecondRegistry)
	}
	if next := line[at+lineStep:]; len(next) > 0 && day >= binary.BigEndian.Uint16(next) {
		return fmt.Errorf("registry %s: %w", r.Charter.Registry, ErrReplaced)
	}
	return nil
}

// placeInLine returns where a registry begins in a line, −1 if it is not there.
func placeInLine(line, own []byte) int {
	for at := 0; at+lineStep <= len(line); at += lineStep {
		if bytes.Equal(line[at:at+lineStep], own) {
			return at
		}
	}
	return -1
}
