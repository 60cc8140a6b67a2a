package app

import "github.com/maxence-charriere/go-app/v10/pkg/app"

type receiptPage struct{ app.Compo }

func (p *receiptPage) Render() app.UI {
	return app.Div().Class("stack").Body(
		app.H1().Text("Receipt"),
		app.P().Class("lead").Text("There is no such receipt on this device."),
		app.P().Body(app.A().Href("/").Text("To the start page")),
	)
}
