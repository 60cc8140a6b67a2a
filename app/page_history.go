package app

import "github.com/maxence-charriere/go-app/v10/pkg/app"

type historyPage struct{ app.Compo }

func (p *historyPage) Render() app.UI {
	return app.Div().Class("stack").Body(
		app.H1().Text("History"),
		app.P().Class("lead").Text("Nothing was sent or declined from this device yet."),
		app.P().Body(app.A().Href("/").Text("To the start page")),
	)
}
