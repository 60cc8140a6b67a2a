// Package app is what a householder sees: the shell around every screen, the
// screens, and the bridge to the worker that holds keys and readings. It shows
// and asks; it knows no cryptography and no prices. The same components are
// rendered once by the server, so that a page can be read before the program
// has arrived. docs/design/pages.md says how it fits together.
package app

import (
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Run shows the app in the browser; it does not return. Anywhere else it does
// nothing.
func Run() {
	for _, s := range screens {
		app.Route(s.path, func() app.Composer { return &shell{At: s.path} })
	}
	app.RouteWithRegexp("^/", func() app.Composer { return &shell{At: lost.path} })
	if app.IsClient {
		device.start(newBrowserWorker)
		time.Sleep(time.Millisecond) // lets the page scroll between starting up and drawing
	}
	app.RunWhenOnBrowser()
}
