package app

import (
	"encoding/binary"
	"strconv"
	"time"

	"hushwatt/prover/messages"
)

// What the worker would say about one made-up home in March 2026, with a flat
// night and day tariff, three half-hours missing and one estimated. The clocks
// go forward on the 29th.

var (
	demoEnergy = messages.Supplier{Key: "hushwatt-supplier1qqqsyqcyq5", Name: "Demo Energy", Short: "qqqs yqcy q5", Known: true, Own: true}
	nightDay   = messages.Tariff{ID: "ab12", Name: "Night and day", Brand: "Demo", From: "2026-01-01", Supplier: demoEnergy, Clock: "Europe/London", Currency: "GBP"}
	threeSlots = []messages.Slot{{From: 1772676000, To: 1772681400, Words: "Thursday 5 March, 02:00 to 03:30", Slots: 3}}
	oneSlot    = []messages.Slot{{From: 1773244800, To: 1773246600, Words: "Wednesday 11 March, 16:00 to 16:30", Slots: 1}}
)

func pounds(amount string) messages.Money {
	return messages.Money{Currency: "GBP", Amount: amount, Text: "£" + amount}
}

func cannedHome() messages.Home {
	return messages.Home{ID: "home-1", Meter: "21M0012345", Demo: true, First: "2026-03-01", Last: "2026-03-31", Period: "1–31 March 2026",
		SlotMinutes: 30, Slots: 1486, Measured: 1482, Estimated: 1, Missing: 3, KWh: "214.3", MissingSlots: threeSlots, EstimatedSlots: oneSlot,
		Sealed: true, Seal: "All 1,486 half-hours are sealed and signed by this meter.", Authority: "Demo Metering"}
}

func cannedAsk() messages.Ask {
	return messages.Ask{ID: "ask-1", State: messages.AskOpen, Sentence: "Demo Energy asks for your bill for 1–31 March 2026.", Supplier: demoEnergy,
		First: "2026-03-01", Last: "2026-03-31", Period: "1–31 March 2026", Meters: []string{"21M0012345"}, Homes: []string{"home-1"},
		Serial: "2026-03-0001", Due: "by 14 April 2026, 23:59", DueUnix: 1776207540, Demo: true}
}

func cannedState() messages.State {
	return messages.State{Version: "0.3.0", HasKey: true, Recipient: "hushwatt1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgp",
		Homes: []messages.Home{cannedHome()}, Asks: []messages.Ask{cannedAsk()}, Suppliers: []messages.Supplier{demoEnergy}, Clock: "Europe/London"}
}

func cannedBill() messages.Bill {
	included := pounds("2.06")
	return messages.Bill{ID: "bill-1", Title: "Your bill for 1–31 March 2026", Request: "ask-1", Supplier: demoEnergy, Homes: []string{"home-1"},
		Meters: []string{"21M0012345"}, First: "2026-03-01", Last: "2026-03-31", Period: "1–31 March 2026", Tariffs: []messages.Tariff{nightDay},
		Total: pounds("43.17"),
		Lines: []messages.Line{
			{Kind: "energy", Name: "Night", KWh: "61.204", Price: "9.00p per kWh", Amount: pounds("5.50836"),
				Steps: []messages.Step{{Left: "61.204 kWh × £0.0900", Right: "£5.50836"}}},
			{Kind: "energy", Name: "Day", KWh: "153.096", Price: "24.50p per kWh", Amount: pounds("37.50852"),
				Steps: []messages.Step{{Left: "153.096 kWh × £0.2450", Right: "£37.50852"}}},
			{Kind: "fixed", Name: "Standing charge", Price: "0.50p a day", Amount: pounds("0.155"),
				Steps: []messages.Step{{Left: "31 days × £0.0050", Right: "£0.155"}}},
			{Kind: "tax", Name: "VAT at 5%", Amount: pounds("0.00"), Included: &included, Steps: []messages.Step{{Left: "£43.17 × 5 ÷ 105", Right: "£2.06", Note: "The prices include it already."}}},
			{Kind: "rounding", Name: "Rounding", Amount: messages.Money{Currency: "GBP", Amount: "-0.00188", Text: "−£0.00188"}},
		},
		Rounding: "The total is rounded once, to a whole penny; a half goes up.",
		Slots:    1486, Missing: 3, Estimated: 1, MissingSlots: threeSlots, EstimatedSlots: oneSlot,
		Leaves: []messages.Fact{
			{Code: "total", Text: "£43.17 for 1–31 March 2026"},
			{Code: "tariff", Text: "which tariff: Night and day"},
			{Code: "meter", Text: "your meter’s number and its seal"},
			{Code: "missing", Text: "half-hours your meter missed: 3", Slots: threeSlots},
			{Code: "estimated", Text: "half-hours your meter estimated: 1", Slots: oneSlot},
			{Code: "proof", Text: "a proof that the amount is right"},
		},
		Stays: []messages.Fact{
			{Code: "readings", Text: "all 1,486 readings"},
			{Code: "hours", Text: "which hours you use power"},
			{Code: "lines", Text: "each line of the bill"},
			{Code: "looking", Text: "everything you looked at"},
		},
		Bits: 17, BitsText: "At most 17 bits about your month can be in this bill.",
		BitsMeaning: "An amount up to £1,310.72 in whole pennies is one of 131,072 amounts. To write down which one takes 17 yes-or-no answers; your readings would take about 13,000.",
		SendText:    "Send my March bill to Demo Energy", SaveText: "Save the bill as a file", CanSend: true, CanSave: true}
}

func cannedProof() messages.Proof {
	data := make([]byte, 5312)
	for i := range data {
		data[i] = byte(i*7 + i/256)
	}
	copy(data, "hushwatt bill \x01\x02")
	return messages.Proof{Bill: "bill-1", Size: len(data), ProofSize: 1888, Hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Pieces: []messages.Piece{{Name: "The supplier’s request, sent back", Size: 612}, {Name: "The meter’s certificate", Size: 233}, {Name: "The seals of 31 days", Size: 2579}, {Name: "The proof", Size: 1888}},
		Leaves: append(cannedBill().Leaves[:5:5], messages.Fact{Code: "proof", Text: "a proof, 1,888 bytes"}), Millis: 41, Bytes: data}
}

func cannedEntry(state string) messages.Entry {
	total := pounds("43.17")
	e := messages.Entry{ID: "entry-" + state, State: state, Title: "Bill for 1–31 March 2026", Supplier: demoEnergy, Request: "ask-1", Meters: []string{"21M0012345"},
		First: "2026-03-01", Last: "2026-03-31", Period: "1–31 March 2026", Total: &total, Made: 1775239320, MadeWords: "3 April 2026, 19:02", Size: 5312, Attempts: 1, Demo: true, Whole: true}
	switch state {
	case messages.EntryAccepted:
		e.Sentence, e.Number, e.Done = "Demo Energy accepted your bill of £43.17.", "R-2026-000017", 1775239321
	case messages.EntryWaiting:
		e.Sentence, e.Attempts = "Your bill of £43.17 waits to be sent to Demo Energy.", 3
	case messages.EntryRefused:
		e.Sentence, e.Reason, e.Reference = "Demo Energy refused your bill of £43.17.", "The meter’s certificate is not one that this supplier knows.", "req_8f3a2c"
	case messages.EntryDeclined:
		e.Sentence, e.Why, e.Note, e.Size, e.Total = "You put the request of Demo Energy aside.", messages.LooksWrong, "We were away in March", 0, nil
	case messages.EntrySaved:
		e.Sentence = "You saved your bill of £43.17 as a file."
	}
	return e
}

func cannedFull(state string) messages.FullEntry {
	bill, proof := cannedBill(), cannedProof()
	full := messages.FullEntry{Entry: cannedEntry(state), Bill: &bill, Pieces: proof.Pieces, Hash: proof.Hash, FileName: "bill-march-2026.hushwatt-bill",
		ReceiptName: "receipt-R-2026-000017.hushwatt-receipt", Bytes: proof.Bytes, RequestData: []byte{1, 2, 3}}
	if state == messages.EntryAccepted {
		full.Receipt = []byte("a receipt")
	}
	if state == messages.EntryDeclined {
		full.Bytes, full.Pieces, full.Hash = nil, nil, ""
	}
	return full
}

func cannedHistory() messages.History {
	h := messages.History{Released: "In all, at most 17 bits have been told to Demo Energy."}
	for _, s := range []string{messages.EntryWaiting, messages.EntryAccepted, messages.EntryRefused, messages.EntryDeclined, messages.EntrySaved} {
		h.Entries = append(h.Entries, cannedEntry(s))
	}
	return h
}

func cannedComparison() messages.Comparison {
	option := func(name, total, difference, words string, present bool) messages.Option {
		t := nightDay
		t.Name, t.ID = name, name
		return messages.Option{Tariff: t, Total: pounds(total), Difference: pounds(difference), Words: words, Present: present, Lines: cannedBill().Lines}
	}
	return messages.Comparison{Period: "1–31 March 2026", Caveat: "If you had used the same amount at the same times.",
		Options: []messages.Option{
			option("Half-hourly", "39.97", "3.20", "£3.20 less than now", false),
			option("Night and day", "43.17", "0.00", "", true),
			option("Flat", "46.02", "2.85", "£2.85 more than now", false),
		},
		Skipped: []messages.Unpriced{{Tariff: messages.Tariff{Name: "Summer"}, Why: "It begins on 1 June 2026."}}}
}

// cannedDays is March 2026 in London: half-hours from a formula.
func cannedDays() messages.Days {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	d := messages.Days{Home: "home-1", Clock: "Europe/London", SlotMinutes: 30, Period: "1–31 March 2026", First: "2026-03-01", Last: "2026-03-31",
		HomeFirst: "2026-03-01", HomeLast: "2026-03-31", Start: start.Unix(), Tariffs: []messages.Tariff{nightDay},
		Rates: []messages.Rate{{Name: "Night"}, {Name: "Day"}}, Currency: "GBP", WithTax: true}
	seed := uint32(1)
	random := func(n int) int { seed = seed*1664525 + 1013904223; return int(seed>>8) % n }
	for n := range 31 {
		date := start.AddDate(0, 0, n)
		weekend := date.Weekday() == 0 || date.Weekday() == 6
		day := messages.Day{Date: date.Format("2006-01-02"), Name: date.Format("Monday 2 January"), Weekend: weekend, From: d.Count(), Slots: 48}
		if n == 28 {
			day.Slots, day.ChangeSlot, day.Change = 46, 2, "The clocks went forward at 01:00."
		}
		var pico int64
		for s := range day.Slots {
			hour := minuteOf(day, s, 30) / 60
			wh := 60 + random(60)
			switch {
			case hour >= 7 && hour < 9:
				wh += 250 + random(400)
			case hour >= 17 && hour < 22:
				wh += 300 + random(900)
			case weekend && hour >= 10 && hour < 16:
				wh += 200 + random(500)
			}
			status, rate, price := byte(messages.Measured), byte(1), int64(245_000_000)
			if hour < 7 {
				rate, price = 0, 90_000_000
			}
			switch {
			case n == 4 && s >= 4 && s < 7:
				status, wh = messages.Missing, 0
				day.Missing++
			case n == 10 && s == 32:
				status = messages.Estimated
			}
			d.Wh = binary.LittleEndian.AppendUint32(d.Wh, uint32(wh))
			d.Price = binary.LittleEndian.AppendUint64(d.Price, uint64(price))
			d.Rate = append(d.Rate, rate)
			d.Status = append(d.Status, status)
			day.Wh += int64(wh)
			d.TotalWh += int64(wh)
			pico += price * int64(wh)
			d.Max = max(d.Max, wh)
		}
		night := 14
		if n == 28 {
			night = 12
		}
		day.Windows = []messages.Window{
			{From: 0, Slots: night, Start: "00:00", End: "07:00", Rate: "Night", Price: "9.00p per kWh", Pico: 90_000_000},
			{From: night, Slots: day.Slots - night, Start: "07:00", End: "24:00", Rate: "Day", Price: "24.50p per kWh", Pico: 245_000_000},
		}
		money := pounds(strconv.FormatFloat(float64(pico)/1e12, 'f', 2, 64))
		day.Money = &money
		d.List = append(d.List, day)
	}
	return d
}
