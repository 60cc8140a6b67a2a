package app

import "github.com/maxence-charriere/go-app/v10/pkg/app"

type lostPage struct{ app.Compo }

func (p *lostPage) Render() app.UI {
	return app.Div().Class("stack").Body(
		app.H1().Text("No such page"),
		app.P().Class("lead").Text("There is nothing at this address."),
		app.P().Body(app.A().Href("/").Text("To the start page")),
	)
}
