package prover

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hushwatt/internal/wire"
)

// Kind is what a supplier asks for, and with it the outputs of a submission.
type Kind string

// The kinds of docs/protocol.md, section 5.2.
const (
	BillRounded Kind = "bill-rounded" // one rounded amount
	BillExact   Kind = "bill-exact"   // the amount before rounding; only in the modes totals and raw
	Registers   Kind = "registers"    // one sum per register
)

// Stage says where a bill is rounded. It is empty unless the kind is
// BillRounded.
type Stage string

// The stages that one proof can carry.
const (
	StageBill Stage = "bill" // once, the total with tax
	StageNet  Stage = "net"  // once, the total before tax
	StageLine Stage = "line" // every line; the sum of the rounded lines is what is revealed

	// StageInterval rounds the money of every slot. Its lines are sums of that.
	StageInterval Stage = "interval"
)

// What a policy does with slots of one status.
const (
	PolicyBill    = "bill"    // counted and billed as sealed
	PolicyRefuse  = "refuse"  // no bill while there is such a slot
	PolicyExclude = "exclude" // counted, priced at zero
)

// Limits of one request. They bound the work that a hostile one can cause.
const (
	maxMeters    = 16
	maxRegisters = 16
	maxTariffs   = 64
	maxDays      = 800
	maxText      = 256
)

const secondsPerDay = 86400

// Period is a billing period: two instants, and the local dates and the clock
// that they come from. First and Last are dates YYYY-MM-DD, Last exclusive. Only
// the tariff side can tell that the dates are the instants; here they are
// compared with the plan's.
type Period struct {
	_     struct{} `cbor:",toarray"`
	Start int64    // Unix seconds, inclusive
	End   int64    // Unix seconds, exclusive
	First string
	Last  string
	Clock string // name of the clock, such as Europe/London
}

// Days returns the first and the last UTC day that the period touches, counted
// from 1970-01-01.
func (p Period) Days() (first, last int) {
	return int(p.Start / secondsPerDay), int((p.End - 1) / secondsPerDay)
}

// MeterSlots names a meter and the number of slots in its UTC day.
type MeterSlots struct {
	_     struct{} `cbor:",toarray"`
	Meter string
	N     uint16
}

// StatusPolicy says what becomes of slots without a plain measurement.
type StatusPolicy struct {
	_         struct{} `cbor:",toarray"`
	Missing   string
	Estimated string
}

// Register names one sum of a request of kind Registers: the energy of a
// channel in the slots that carry Name in the tariff (all of them if Name is
// empty), released in units of Unit Wh.
type Register struct {
	_       struct{} `cbor:",toarray"`
	Name    string
	Channel uint8
	Unit    uint32
}

// Terms are what supplier and customer must agree on before a proof: they stand
// in the request, and each side makes the same ones from the tariff documents.
type Terms struct {
	_         struct{} `cbor:",toarray"`
	Kind      Kind
	Stage     Stage
	Mode      string // rounding mode, see rounding.go
	Digits    uint8  // decimals of the currency in a rounded amount
	Period    Period
	Meters    []MeterSlots // ascending
	Tariffs   [][32]byte   // ids of the tariff versions, in order of time
	TZ        string       // version of the time zone data
	Policy    StatusPolicy
	Registers []Register
}

// check reports the first rule that t breaks (docs/protocol.md, section 5.2).
func (t *Terms) check() error {
	if err := t.checkKind(); err != nil {
		return err
	}
	if err := t.checkMeters(); err != nil {
		return err
	}
	if err := t.checkPeriod(); err != nil {
		return err
	}
	if len(t.Tariffs) > maxTariffs || len(t.Tariffs) == 0 {
		return fmt.Errorf("a request names 1 to %d tariffs, not %d", maxTariffs, len(t.Tariffs))
	}
	if !plainText(t.TZ, 1, 32) {
		return errors.New("time zone data version is not plain text")
	}
	for _, p := range []string{t.Policy.Missing, t.Policy.Estimated} {
		if p != PolicyBill && p != PolicyRefuse && p != PolicyExclude {
			return fmt.Errorf("unknown status policy %.20q", p)
		}
	}
	return nil
}

func (t *Terms) checkKind() error {
	rounded := t.Kind == BillRounded
	switch t.Kind {
	case BillRounded, BillExact, Registers:
	default:
		return fmt.Errorf("unknown kind %.20q", string(t.Kind))
	}
	switch t.Stage {
	case StageBill, StageNet, StageLine, StageInterval:
		if !rounded {
			return fmt.Errorf("kind %s has no rounding stage", t.Kind)
		}
	case "":
		if rounded {
			return errors.New("a rounded bill needs a rounding stage")
		}
	default:
		return fmt.Errorf("unknown rounding stage %.20q", string(t.Stage))
	}
	if _, err := parseMode(t.Mode); err != nil && t.Kind != BillExact {
		return err
	}
	if t.Kind == BillExact && t.Mode != "" {
		return errors.New("an exact bill has no rounding mode")
	}
	if t.Digits > 12 {
		return fmt.Errorf("%d decimals are too many", t.Digits)
	}
	return t.checkRegisters()
}

func (t *Terms) checkRegisters() error {
	if (t.Kind == Registers) != (len(t.Registers) > 0) || len(t.Registers) > maxRegisters {
		return fmt.Errorf("kind %s with %d registers", t.Kind, len(t.Registers))
	}
	for _, r := range t.Registers {
		if r.Unit == 0 || r.Channel > 1 || len(r.Name) > maxText {
			return fmt.Errorf("register %.40q is not well formed", r.Name)
		}
	}
	return nil
}

func (t *Terms) checkMeters() error {
	if len(t.Meters) == 0 || len(t.Meters) > maxMeters {
		return fmt.Errorf("a request names 1 to %d meters, not %d", maxMeters, len(t.Meters))
	}
	for i, m := range t.Meters {
		if !meterName(m.Meter) {
			return errors.New("a meter's name is not plain text")
		}
		if !validSlots(int(m.N)) {
			return fmt.Errorf("meter %s: %d slots a day", m.Meter, m.N)
		}
		if i > 0 && t.Meters[i-1].Meter >= m.Meter {
			return errors.New("meters are not in ascending order")
		}
	}
	return nil
}

func (t *Terms) checkPeriod() error {
	p := t.Period
	first, last := p.Days()
	if p.Start < 0 || p.Start >= p.End || last >= 1<<16 || last-first >= maxDays {
		return errors.New("period is empty, too long or out of range")
	}
	if !validDate(p.First) || !validDate(p.Last) || p.First >= p.Last || !plainText(p.Clock, 1, 64) {
		return errors.New("period's dates or clock are not well formed")
	}
	for _, m := range t.Meters {
		if slot := secondsPerDay / int64(m.N); p.Start%slot != 0 || p.End%slot != 0 {
			return fmt.Errorf("period starts or ends inside a slot of meter %s", m.Meter)
		}
	}
	return nil
}

// lines reports whether a bill reveals the sum of lines that are rounded apart.
func (t *Terms) lines() bool { return t.Stage == StageLine || t.Stage == StageInterval }

// slots returns the slots a day of a meter, 0 if the terms do not name it.
func (t *Terms) slots(name string) int {
	for _, m := range t.Meters {
		if m.Meter == name {
			return int(m.N)
		}
	}
	return 0
}

// equal reports whether two parties mean the same.
func (t *Terms) equal(o *Terms) bool {
	a, errA := wire.Marshal(t)
	b, errB := wire.Marshal(o)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// validSlots reports whether a UTC day may have n slots: 60, 30, 15, 10 or 5
// minutes each.
func validSlots(n int) bool { return slices.Contains([]int{24, 48, 96, 144, 288}, n) }

// meterName reports whether s can be a meter's name: 1 to 64 printable ASCII
// characters without a space.
func meterName(s string) bool { return plainText(s, 1, 64) && !strings.Contains(s, " ") }

// plainText reports whether s is lo to hi bytes of printable ASCII.
func plainText(s string, lo, hi int) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return lo <= len(s) && len(s) <= hi
}

// validDate reports whether s has the shape YYYY-MM-DD; such strings sort as
// their dates do.
func validDate(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	for i := range 10 {
		if i != 4 && i != 7 && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}
