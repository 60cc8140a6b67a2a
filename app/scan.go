package app

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// canScan reports whether this browser finds QR codes in pictures.
func canScan() bool {
	return app.IsClient && app.Window().Get("BarcodeDetector").Truthy() && app.Window().Get("createImageBitmap").Truthy()
}

// scan looks for a QR code in a picture that was just taken, and calls done with
// its text, or with "" if there is none. The picture goes nowhere.
func scan(ctx app.Context, picture app.Value, done func(ctx app.Context, text string)) {
	end := func(text string) { ctx.Dispatch(func(ctx app.Context) { done(ctx, text) }) }
	detector := app.Window().Get("BarcodeDetector").New(map[string]any{"formats": []any{"qr_code"}})
	then(app.Window().Call("createImageBitmap", picture), func(bitmap app.Value, ok bool) {
		if !ok {
			end("")
			return
		}
		then(detector.Call("detect", bitmap), func(found app.Value, ok bool) {
			if !ok || found.Length() == 0 {
				end("")
				return
			}
			end(found.Index(0).Get("rawValue").String())
		})
	})
}

// then waits for a promise.
func then(promise app.Value, done func(v app.Value, ok bool)) {
	var kept, refused app.Func
	end := func(v app.Value, ok bool) {
		kept.Release()
		refused.Release()
		done(v, ok)
	}
	kept = app.FuncOf(func(_ app.Value, args []app.Value) any {
		end(args[0], true)
		return nil
	})
	refused = app.FuncOf(func(app.Value, []app.Value) any {
		end(nil, false)
		return nil
	})
	promise.Call("then", kept, refused)
}
