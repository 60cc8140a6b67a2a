package app

import "github.com/maxence-charriere/go-app/v10/pkg/app"

type comparePage struct{ app.Compo }

func (p *comparePage) Render() app.UI {
	return app.Div().Class("stack").Body(
		app.H1().Text("On another tariff"),
		app.P().Class("lead").Text("Open your meter’s file first."),
		app.P().Body(app.A().Href("/").Text("To the start page")),
	)
}
