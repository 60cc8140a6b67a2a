package app

import "github.com/maxence-charriere/go-app/v10/pkg/app"

type aboutPage struct{ app.Compo }

func (p *aboutPage) Render() app.UI {
	return app.Div().Class("stack").Body(
		app.H1().Text("How it works"),
		app.P().Class("lead").Text("Your meter seals its readings and gives them to you. Your device works out the bill and proves that it is right. Your supplier checks the proof and never sees a reading."),
		app.P().Body(app.A().Href("/").Text("To the start page")),
	)
}
