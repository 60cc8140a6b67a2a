package app

import "github.com/maxence-charriere/go-app/v10/pkg/app"

type billPage struct{ app.Compo }

func (p *billPage) Render() app.UI {
	return app.Div().Class("stack").Body(
		app.H1().Text("Your bill"),
		app.P().Class("lead").Text("Open your meter’s file, or the request of your supplier, to see your bill."),
		app.P().Body(app.A().Href("/").Text("To the start page")),
	)
}
