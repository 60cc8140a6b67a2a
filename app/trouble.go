package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// look of a refusal or failure: how bad it is, its heading, and where its next
// step is. The sentences come with the error.
type look struct {
	kind    string // good, warn, bad
	heading string
	href    string // where the next step is taken, empty: here
	step    string // words of the link there
}

var looks = map[messages.Code]look{
	messages.WrongKey:             {"warn", "This file is locked for another key", "/key", "Restore the key it was made for"},
	messages.NoKey:                {"warn", "This file needs your key", "/key", "Make or restore a key"},
	messages.OtherMeter:           {"warn", "Another meter", "/#open", "Open the other meter’s file"},
	messages.PeriodNotCovered:     {"warn", "The file does not reach that far", "/#open", "Open a newer file"},
	messages.DaysMissing:          {"warn", "Days are missing", "/days", "See which days"},
	messages.WeightsDiffer:        {"bad", "The prices are not the published ones", "/history", "See your history"},
	messages.TariffRefusedPrivacy: {"bad", "This tariff would tell too much", "/compare", "See other tariffs"},
	messages.TariffNotFound:       {"warn", "The tariff is not here", "", ""},
	messages.TariffNotProvable:    {"warn", "This tariff’s bill cannot be sent", "/compare", "See other tariffs"},
	messages.SupplierOffline:      {"warn", "Waiting to be sent", "/history", "See what is waiting"},
	messages.BillRefused:          {"bad", "Your supplier refused the bill", "/history", "See your history"},
	messages.ReceiptWrong:         {"bad", "The answer is not a receipt", "/history", "See what is waiting"},
	messages.NotAHushwattFile:     {"warn", "Not a file from your meter", "", ""},
	messages.NotAMeterFile:        {"warn", "Not a meter’s file", "", ""},
	messages.NotCertified:         {"warn", "Not certified: nobody can verify this bill", "", ""},
	messages.DamagedFile:          {"bad", "This file is damaged", "", ""},
	messages.RequestExpired:       {"warn", "Too late for this request", "", ""},
	messages.AlreadyAnswered:      {"good", "Already answered", "/history", "See your history"},
	messages.PeriodOverlaps:       {"warn", "These days were billed before", "/history", "See your history"},
	messages.PeriodGap:            {"warn", "Days between would be left out", "/history", "See your history"},
	messages.UnknownSupplier:      {"warn", "Is this your supplier?", "", ""},
	messages.NothingAsked:         {"", "Nobody has asked for this bill", "", ""},
	messages.NoWayToSend:          {"warn", "Send it another way", "", ""},
	messages.NeedsPassphrase:      {"", "This is a recovery file", "", ""},
	messages.WrongPassphrase:      {"warn", "That did not open it", "", ""},
	messages.WeakPassphrase:       {"warn", "Too short", "", ""},
	messages.NoDemo:               {"", "No made-up home here", "/", "Open your meter’s file"},
	messages.NotFound:             {"warn", "Not here any more", "/", "Go to the start"},
	messages.StorageDamaged:       {"bad", "Something stored here does not open", "/key", "Restore from your recovery file"},
	messages.StorageFull:          {"bad", "This device is full", "/history", "See what is kept here"},
	messages.StorageUnavailable:   {"bad", "Nothing can be kept here", "/about", "What is needed"},
	messages.Stopped:              {"", "Stopped", "", ""},
	messages.BadCall:              {"bad", "Please load this page again", "", ""},
	messages.Internal:             {"bad", "Something went wrong in this app", "", ""},
}

// trouble shows a refusal or failure: what happened, what to do, what to quote,
// and what the screen offers besides. It has the id "trouble", for focus.
func trouble(err *messages.Error, offers ...app.UI) app.UI {
	l := lookOf(err.Code)
	href := l.href
	if href == "/history" && err.Entry != "" {
		href = "/receipt#" + err.Entry
	}
	if href != "" {
		offers = append(offers[:len(offers):len(offers)], link(href, l.step, "plain"))
	}
	return toldTrouble(err, offers...)
}

func lookOf(code messages.Code) look {
	if l, known := looks[code]; known {
		return l
	}
	return look{kind: "bad", heading: "That did not work"}
}

// toldTrouble is trouble without a link elsewhere.
func toldTrouble(err *messages.Error, offers ...app.UI) app.UI {
	l := lookOf(err.Code)
	role := "alert"
	if l.kind == "" || l.kind == "good" {
		role = "status"
	}
	return app.Section().ID("trouble").TabIndex(-1).Class("notice").Class(l.kind).Role(role).
		DataSet("code", string(err.Code)).Body(
		app.H2().Text(l.heading),
		app.P().Text(err.Sentence),
		app.If(err.Next != "", func() app.UI { return app.P().Text(err.Next) }),
		app.If(err.Supplier != nil, func() app.UI {
			return app.P().Body(app.Text(err.Supplier.Name+", key "),
				app.Span().Class("bytes").Text(err.Supplier.Short))
		}),
		app.If(err.Reference != "", func() app.UI {
			return app.P().Body(app.Text("Quote this reference: "), app.Strong().Class("bytes").Text(err.Reference))
		}),
		app.If(len(err.Missing) > 0, func() app.UI {
			return more("Which half-hours?", slots(err.Missing, 0))
		}),
		app.If(err.Detail != "", func() app.UI {
			return more("Details for the curious", app.P().Class("small bytes").Text(err.Detail))
		}),
		app.If(len(offers) > 0, func() app.UI { return actions(offers...) }),
	)
}
