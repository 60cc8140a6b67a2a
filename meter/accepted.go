package meter

import (
	"bytes"
	"errors"
	"fmt"
)

// Accepted is what a supplier keeps of one authority, meter and epoch: the newest
// state head that it accepted and the corrections up to it. A later submission must
// not go back behind it or contradict it.
type Accepted struct {
	Head        *Head // nil if nothing was accepted yet
	Corrections []Correction
}

// ErrHeadOlder is returned for a head that is behind the one accepted before.
var ErrHeadOlder = errors.New("head goes back behind an earlier one")

// TwoHeads is evidence against a meter, or whoever has its key: two signed heads
// of one epoch that cannot both be true. It is kept, not only refused.
type TwoHeads struct{ A, B *Head }

func (e *TwoHeads) Error() string {
	return fmt.Sprintf("meter %s, epoch %d: heads of %s with %d corrections and of %s with %d contradict each other",
		e.A.Meter, e.A.Epoch, DayText(e.A.Day), e.A.Corrections, DayText(e.B.Day), e.B.Corrections)
}

// follows refuses a head b that does not come after, or equal, the head a of the
// same meter and epoch.
func follows(a, b *Head) error {
	sameDay, sameCount := a.Day == b.Day, a.Corrections == b.Corrections
	switch {
	case sameDay && !bytes.Equal(a.DayTip, b.DayTip),
		sameCount && !bytes.Equal(a.Correction, b.Correction),
		sameDay && sameCount && !bytes.Equal(a.Ciphertext, b.Ciphertext):
		return &TwoHeads{a, b}
	case b.Day < a.Day || b.Corrections < a.Corrections:
		return ErrHeadOlder
	}
	return nil
}

// CheckHead refuses a state head that goes back behind the accepted one, or
// contradicts it (a *TwoHeads). It does not look at signatures or corrections:
// Segment.Check has; a server calls it again inside the transaction that records
// the submission. The error is of kind ErrChain.
func (a *Accepted) CheckHead(h *Head) error {
	if a == nil || a.Head == nil {
		return nil
	}
	if err := follows(a.Head, h); err != nil {
		return fmt.Errorf("%w: %w", ErrChain, err)
	}
	return nil
}

// check compares what a submission would make of the state with the state.
func (a *Accepted) check(sc scope, next *Accepted) error {
	if a.Head == nil {
		return nil
	}
	if a.Head.Meter != next.Head.Meter || a.Head.Epoch != next.Head.Epoch || !bytes.Equal(a.Head.Authority, next.Head.Authority) {
		return errors.New("accepted state is of another meter or epoch")
	}
	if err := follows(a.Head, next.Head); err != nil {
		return err
	}
	var tip hash
	for i := range next.Corrections[:a.Head.Corrections] {
		tip = sc.correctionLink(tip, &next.Corrections[i])
	}
	if !bytes.Equal(tip[:], a.Head.Correction) {
		return &TwoHeads{a.Head, next.Head}
	}
	return nil
}

// checkDay compares the day chain after a day with the accepted head of that day.
func (a *Accepted) checkDay(day int, tip hash) error {
	if a.Head != nil && int(a.Head.Day) == day && !bytes.Equal(a.Head.DayTip, tip[:]) {
		return fmt.Errorf("day chain at %s is not the one accepted before", DayText(a.Head.Day))
	}
	return nil
}
