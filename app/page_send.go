package app

import "github.com/maxence-charriere/go-app/v10/pkg/app"

type sendPage struct{ app.Compo }

func (p *sendPage) Render() app.UI {
	return app.Div().Class("stack").Body(
		app.H1().Text("What leaves this device"),
		app.P().Class("lead").Text("There is no bill to send yet."),
		app.P().Body(app.A().Href("/").Text("To the start page")),
	)
}
