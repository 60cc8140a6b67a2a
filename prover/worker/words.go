package worker

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// Dates, amounts and lists as people in Britain write them.

const day = 86400

func timeOf(d tariffs.Date) time.Time { return time.Unix(int64(d)*day, 0).UTC() }

// periodWords writes the days [start, end) as "1–31 March 2026".
func periodWords(start, end tariffs.Date) string {
	a, b := timeOf(start), timeOf(end-1)
	switch {
	case end-start <= 1:
		return a.Format("2 January 2006")
	case a.Year() != b.Year():
		return a.Format("2 January 2006") + " – " + b.Format("2 January 2006")
	case a.Month() != b.Month():
		return a.Format("2 January") + " – " + b.Format("2 January 2006")
	}
	return fmt.Sprintf("%d–%s", a.Day(), b.Format("2 January 2006"))
}

// monthWords names a period for a button: "March" for a whole month.
func monthWords(start, end tariffs.Date) string {
	a, b := timeOf(start), timeOf(end)
	if a.Day() == 1 && b.Day() == 1 && a.AddDate(0, 1, 0).Equal(b) {
		return a.Format("January")
	}
	return ""
}

// clockOf is the zone of a name, UTC for one that is not known.
func clockOf(name string) *time.Location {
	if loc, err := tariffs.Zone(name); err == nil {
		return loc
	}
	return time.UTC
}

func momentWords(unix int64, loc *time.Location) string {
	return time.Unix(unix, 0).In(loc).Format("2 January 2006, 15:04")
}

// slotWords names [from, to) on a clock: "Tuesday 5 March, 02:00 to 03:30".
func slotWords(from, to int64, loc *time.Location) string {
	a, b := time.Unix(from, 0).In(loc), time.Unix(to, 0).In(loc)
	if a.YearDay() == b.YearDay() && a.Year() == b.Year() {
		return a.Format("Monday 2 January, 15:04") + " to " + b.Format("15:04")
	}
	if b.Hour() == 0 && b.Minute() == 0 && to-from <= day {
		return a.Format("Monday 2 January, 15:04") + " to 24:00"
	}
	return a.Format("Monday 2 January, 15:04") + " to " + b.Format("Monday 2 January, 15:04")
}

// count writes a number with commas.
func count(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func slotsWords(n, minutes int) string {
	unit := fmt.Sprintf("%d-minute reading", minutes)
	switch minutes {
	case 30:
		unit = "half-hour"
	case 60:
		unit = "hour"
	case 15:
		unit = "quarter-hour"
	}
	if n == 1 {
		return "1 " + unit
	}
	return count(int64(n)) + " " + unit + "s"
}

func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// kWh writes Wh with three decimals, exactly.
func kWh(wh int64) string { return tariffs.Decimal(big.NewInt(wh), 3, 3) }

// kWhRough writes Wh with one decimal, to the nearest.
func kWhRough(wh uint64) string {
	tenths := (wh + 50) / 100
	return count(int64(tenths/10)) + "." + fmt.Sprint(tenths%10)
}

var signs = map[string]string{"GBP": "£", "EUR": "€", "USD": "$", "AUD": "A$", "NZD": "NZ$", "CAD": "C$"}

// money writes a plain decimal as an amount.
func money(currency, amount string) messages.Money {
	digits, negative := strings.CutPrefix(amount, "-")
	text := currency + " " + digits
	if s, ok := signs[currency]; ok {
		text = s + digits
	}
	if negative {
		text = "−" + text
	}
	return messages.Money{Currency: currency, Amount: amount, Text: text}
}

// pico makes an amount of units of 10⁻¹².
func pico(currency string, n *big.Int) messages.Money {
	return money(currency, tariffs.Decimal(n, 12, 2))
}

// perKWh writes a price in pico units per Wh.
func perKWh(currency string, price int64) string { return unitPrice(currency, price) + " per kWh" }

func unitPrice(currency string, price int64) string {
	n := big.NewInt(price) // 10⁻⁹ of the currency per kWh
	if pound := int64(1e9); currency == "GBP" && -pound < price && price < pound {
		return strings.Replace(tariffs.Decimal(n, 7, 2), "-", "−", 1) + "p"
	}
	return money(currency, tariffs.Decimal(n, 9, 2)).Text
}

// decimalsOf turns a plain decimal back into a whole number of 10^−scale.
func decimalsOf(amount string, scale int) *big.Int {
	whole, decimals, _ := strings.Cut(amount, ".")
	n, ok := new(big.Int).SetString(whole+decimals+strings.Repeat("0", max(0, scale-len(decimals))), 10)
	if !ok {
		return new(big.Int)
	}
	return n
}

var modeWords = map[tariffs.Mode]string{
	tariffs.HalfUp:   "to the nearest %s; exactly half goes up",
	tariffs.HalfAway: "to the nearest %s; exactly half goes away from zero",
	tariffs.HalfEven: "to the nearest %s; exactly half goes to the even one",
	tariffs.Up:       "up to the next %s",
	tariffs.Down:     "down to the last whole %s",
}

var stageWords = map[tariffs.Stage]string{
	tariffs.StageBill:     "Nothing is rounded on the way. The total, with tax, is rounded once, %s.",
	tariffs.StageNet:      "The total before tax is rounded once, and then each tax, %s.",
	tariffs.StageLine:     "Each line is rounded by itself, and then each tax, %s.",
	tariffs.StageInterval: "The money of every single reading is rounded by itself, then each line and each tax, %s.",
}

// roundingWords says the rule of rounding.
func roundingWords(r tariffs.Rounding, currency string) string {
	return fmt.Sprintf(stageWords[r.Stage], fmt.Sprintf(modeWords[r.Mode], smallest(r.Digits, currency)))
}

// smallest names the unit that is rounded to.
func smallest(digits int, currency string) string {
	switch {
	case digits == 2 && currency == "GBP":
		return "penny"
	case digits == 2 && (currency == "EUR" || strings.HasSuffix(currency, "D")):
		return "cent"
	case digits == 0:
		return "whole amount"
	}
	return "0." + strings.Repeat("0", digits-1) + "1"
}
