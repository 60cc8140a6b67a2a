package app

import (
	"slices"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// hindrance says plainly why the app cannot be used in this browser, or is nil.
// The words of lacks are those of app.js.
func hindrance(lacks []string) app.UI {
	switch {
	case slices.Contains(lacks, "https"):
		return cannot("This page needs a secure address",
			"You opened it over plain http from another machine. Browsers then give a page no encryption and no safe storage, so your readings and your key could not be kept here.",
			"Open it on the machine that serves it, at http://localhost, or ask whoever runs it for its https address.",
			"For that person: hushwatt serve --tls-cert FILE --tls-key FILE")
	case slices.Contains(lacks, "crypto"), slices.Contains(lacks, "storage"):
		return cannot("This browser keeps nothing safe",
			"Hushwatt stores your readings and your key encrypted on this device. This browser, or this private window, offers no place for that.",
			"Open this page in an ordinary window of a current browser.", "")
	}
	return nil
}

func cannot(title, why, next, detail string) app.UI {
	return app.Div().Class("stack").Body(
		app.H1().Text(title),
		app.P().Class("lead").Text(why),
		app.Div().Class("notice warn").Body(
			app.H2().Text("What to do"),
			app.P().Text(next),
			app.If(detail != "", func() app.UI { return app.P().Class("quiet small").Text(detail) }),
		),
		app.P().Body(app.A().Href("/about").Text("How it works")),
	)
}
