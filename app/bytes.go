package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// bytesView shows bytes exactly, a piece at a time so that the page stays quick.
type bytesView struct {
	app.Compo
	Name   string // to save them under
	Hash   string
	Pieces []messages.Piece
	Data   []byte

	shown int
}

// glance is how many bytes are shown at once.
const glance = 512

func (v *bytesView) Render() app.UI {
	shown := min(max(v.shown, glance), len(v.Data))
	return app.Div().ID("bytes").Class("stack-s").Body(
		app.If(len(v.Pieces) > 0, func() app.UI {
			return app.Table().Class("list small").Body(
				app.Caption().Text("What the bytes are"),
				app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("Part"), app.Th().Scope("col").Class("num").Text("Bytes"))),
				app.TBody().Body(app.Range(v.Pieces).Slice(func(i int) app.UI {
					return app.Tr().Body(app.Th().Scope("row").Text(v.Pieces[i].Name), app.Td().Class("num").Text(count(v.Pieces[i].Size)))
				})),
			)
		}),
		app.If(len(v.Data) > 0, func() app.UI {
			return app.Div().Class("stack-s").Body(
				app.P().Class("small quiet").Text("Byte by byte: "+count(shown)+" of "+count(len(v.Data))+" shown"),
				app.Pre().Class("bytes dump").TabIndex(0).Role("region").Aria("label", "The exact bytes").Text(hex(v.Data, 0, shown, 8)),
				app.Div().Class("row").Body(
					app.If(shown < len(v.Data), func() app.UI {
						return button("Show more", "plain", func(ctx app.Context) { v.shown = min(shown+4096, len(v.Data)) }, shown)
					}),
					button("Save these bytes", "plain", func(ctx app.Context) { download(v.Name, "application/octet-stream", v.Data) }, len(v.Data), v.Name),
				),
			)
		}),
		app.If(v.Hash != "", func() app.UI {
			return app.P().Class("small").Body(app.Text("Fingerprint (SHA-256): "), app.Span().Class("bytes").Text(v.Hash))
		}),
	)
}
