package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// The shell is around every screen: head, notices, foot. It stays while screens
// change, so what it knows of the window is asked for once.
type shell struct {
	app.Compo
	At string // path of the screen

	moved   bool     // somebody came here from another screen
	lacks   []string // what this browser cannot do
	offline bool
	updated bool // a new version waits
	scheme  string
}

// OnMount looks at the browser. (It does not run on the server.)
func (s *shell) OnMount(ctx app.Context) {
	s.lacks = browserLacks()
	s.scheme = preference("scheme")
	s.offline = !online()
	onWindow("online", func() { ctx.Dispatch(func(app.Context) { s.offline = false }) })
	onWindow("offline", func() { ctx.Dispatch(func(app.Context) { s.offline = true }) })
	device.root(ctx)
	onState(func(_ app.Context, d messages.State) { state.update(d) })
	state.begin(ctx)
}

// OnNav names the window after the screen and, when somebody came from another
// one, moves the focus there, as a freshly loaded page would.
func (s *shell) OnNav(ctx app.Context) {
	ctx.Page().SetTitle(windowTitle(screenAt(s.At)))
	if s.moved {
		ctx.Defer(func(app.Context) { focusMain() })
	}
	s.moved = true
}

// OnAppUpdate hears of a new version.
func (s *shell) OnAppUpdate(ctx app.Context) { s.updated = ctx.AppUpdateAvailable() }

func windowTitle(sc screen) string { return sc.title + " · Hushwatt" }

func (s *shell) Render() app.UI {
	at := screenAt(s.At)
	return app.Div().Class("page").Body(
		app.A().Class("skip").Href("#main").Text("Skip to the page"),
		s.head(),
		s.bars(),
		app.Main().ID("main").Class("wrap").TabIndex(-1).Body(s.screen(at)),
		s.foot(),
	)
}

func (s *shell) head() app.UI {
	return app.Header().Class("top").Body(
		app.Div().Class("wrap").Body(
			app.A().Class("brand").Href("/").Aria("label", "Hushwatt, start").Body(
				app.Raw(mark),
				app.Span().Text("Hushwatt"),
			),
			app.Nav().Aria("label", "Screens").Body(
				app.Range(screens).Slice(func(i int) app.UI {
					sc := screens[i]
					if sc.nav == "" {
						return nil
					}
					link := app.A().Href(sc.path).Text(sc.nav)
					if sc.path == s.At {
						link = link.Aria("current", "page")
					}
					return link
				}),
			),
		),
	)
}

// mark is the sign of the product: a day's curve that falls silent.
const mark = `<svg viewBox="0 0 64 64" aria-hidden="true" focusable="false"><path d="M4 42l7-3 5-18 6 28 6-36 6 29H60" fill="none" stroke="currentColor" stroke-width="5" stroke-linejoin="round" stroke-linecap="round"/></svg>`

// bars are quiet lines above the page about the app itself.
func (s *shell) bars() app.UI {
	return app.Div().Class("bars-of-the-app no-print").Aria("live", "polite").Body(
		app.If(s.updated, func() app.UI {
			return bar("A new version of this app is ready.",
				app.Button().Class("button text").Type("button").Text("Reload to use it").OnClick(func(app.Context, app.Event) { takeUpdate() }))
		}),
		app.If(s.offline, func() app.UI {
			return bar("You are offline. Everything works here; what you send waits until you are back.", nil)
		}),
	)
}

func bar(text string, action app.UI) app.UI {
	return app.Div().Class("bar").Body(app.Div().Class("wrap").Body(app.Span().Text(text), action))
}

// screen is the page itself, or why it cannot be used in this browser.
func (s *shell) screen(at screen) app.UI {
	if why := hindrance(s.lacks); why != nil && at.path != "/about" {
		return why
	}
	return at.page()
}

func (s *shell) foot() app.UI {
	return app.Footer().Class("foot").Body(
		app.Div().Class("wrap").Body(
			app.Ul().Body(
				app.Li().Body(app.A().Href("/about").Text("How it works")),
				app.Li().Body(app.A().Href("/key").Text("Your key")),
				app.Li().Body(app.A().Href("/portal/").Text("For suppliers")),
			),
			s.colours(),
			app.Span().Text("Your readings stay on this device."),
		),
	)
}

// colours chooses light or dark. first.js sets what was chosen before a page is
// drawn.
func (s *shell) colours() app.UI {
	return app.Div().Class("colours").Body(
		app.Label().For("scheme").Text("Colours"),
		app.Select().ID("scheme").Body(
			app.Range(schemes).Slice(func(i int) app.UI {
				return app.Option().Value(schemes[i].value).Selected(schemes[i].value == s.scheme).Text(schemes[i].text)
			}),
		).OnChange(func(ctx app.Context, e app.Event) {
			s.scheme = ctx.JSSrc().Get("value").String()
			setPreference("scheme", s.scheme)
		}),
	)
}

var schemes = []choice{{"system", "As this device"}, {"light", "Light"}, {"dark", "Dark"}}
