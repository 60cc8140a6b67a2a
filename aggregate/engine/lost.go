package engine

import (
	"context"
	"fmt"
	"strings"

	"hushwatt/meter"
)

// Slots that are not released are kept under lostName with the reason: for registries with
// authorities whom their points name, else one of these.
const (
	lostName      = "lost/"
	lostGone      = "records gone" // records that are counted are nowhere any more
	lostRange     = "range"        // a meter committed to what it cannot measure; the sets in which it is follow
	lostNobody    = "nobody"       // nobody announced the slot: there is nothing to lose, and no alarm
	lostFew       = "few"          // too few meters announced the slot
	lostApart     = "apart"        // those who did are too few neighbours of each other
	lostMute      = "silent"       // names of meters that did not answer follow
	lostElsewhere = "elsewhere"    // another registry of the charter has the slot
	lostWrong     = "wrong"        // the answers are not what was announced
	lostClosed    = "closed"       // the day was over before all had answered
)

// lostAt is under what a slot is kept.
func lostAt(m moment) string { return fmt.Sprintf("%s%05d/%03d", lostName, m.day, m.slot) }

// LostSlots returns the slots of a day that are lost.
func LostSlots(ctx context.Context, s Reads, day uint16) (map[uint16]bool, error) {
	list, err := s.Named(ctx, fmt.Sprintf("%s%05d/", lostName, day))
	lost := map[uint16]bool{}
	for i := range list {
		lost[lostSlot(list[i].Name).slot] = true
	}
	return lost, err
}

// whyNot returns why those who announced a slot cannot be asked.
func whyNot(r *meter.Registry, announced meter.Bitmap) string {
	switch n := announced.Count(); {
	case n == 0:
		return lostNobody
	case n < int(r.Charter.MinSum):
		return lostFew
	}
	return lostApart
}

// mostNamed is how many silent meters are named.
const mostNamed = 5

func lostSilent(r *meter.Registry, silent meter.Bitmap) string {
	var names []string
	for i := range r.Meters {
		if silent.Has(i) && len(names) < mostNamed {
			names = append(names, r.Meters[i].Certificate.Meter)
		}
	}
	more := ""
	if n := silent.Count(); n > len(names) {
		more = fmt.Sprintf(" and %d more", n-len(names))
	}
	return lostMute + " " + strings.Join(names, ", ") + more
}

// lostWords says in a sentence why a slot, whose time is given, was lost.
func lostWords(at, why string) string {
	if rest, ok := strings.CutPrefix(why, lostMute+" "); ok {
		return fmt.Sprintf("The sum of %s is lost: not all answered who were present. Silent were %s.", at, rest)
	}
	if rest, ok := strings.CutPrefix(why, lostRange+" "); ok {
		return fmt.Sprintf("Sums of %s are out of range and were not released; those of sets without the fault were. The authorities did nothing wrong: a meter’s commitment is out of range, and none can be named, not without reading homes that did nothing. It is among the meters of %s: the meter authority must look there.", at, rest)
	}
	switch why {
	case lostGone:
		return fmt.Sprintf("The sums of %s cannot be released: a record that the authorities counted is neither here nor on the message stream any more.", at)
	case lostNobody:
		return fmt.Sprintf("The sum of %s was not asked for. Nobody announced it.", at)
	case lostFew:
		return fmt.Sprintf("The sum of %s was not asked for: too few meters announced it.", at)
	case lostApart:
		return fmt.Sprintf("The sum of %s was not asked for: of those who announced it too few are neighbours of each other.", at)
	case lostElsewhere:
		return fmt.Sprintf("The sum of %s was not asked for: another registry of the charter holds then.", at)
	case lostWrong:
		return fmt.Sprintf("The sum of %s is wrong and was not released. The answers are not what the meters announced, and nobody can say whose.", at)
	case lostClosed:
		return fmt.Sprintf("The sum of %s is lost: the day was closed before all had answered.", at)
	}
	return fmt.Sprintf("The sums of %s are wrong and were not released. By what the parties showed it is the fault of %s.", at, why)
}
