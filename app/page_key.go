package app

import "github.com/maxence-charriere/go-app/v10/pkg/app"

type keyPage struct{ app.Compo }

func (p *keyPage) Render() app.UI {
	return app.Div().Class("stack").Body(
		app.H1().Text("Your key"),
		app.P().Class("lead").Text("There is no key on this device yet."),
		app.P().Body(app.A().Href("/").Text("To the start page")),
	)
}
