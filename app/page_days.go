package app

import "github.com/maxence-charriere/go-app/v10/pkg/app"

type daysPage struct{ app.Compo }

func (p *daysPage) Render() app.UI {
	return app.Div().Class("stack").Body(app.H1().Text("Nothing here yet"))
}
