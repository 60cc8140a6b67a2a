package app

import (
	"fmt"
	"slices"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// What a page needs of the browser. Outside of one, everything here does
// nothing and answers nothing.

// browserLacks asks app.js what this browser cannot do.
func browserLacks() []string {
	if !app.Window().Get("hushwattLacks").Truthy() {
		return nil
	}
	list := app.Window().Call("hushwattLacks")
	lacks := make([]string, list.Length())
	for i := range lacks {
		lacks[i] = list.Index(i).String()
	}
	return lacks
}

// online reports whether the browser believes to have a network.
func online() bool {
	navigator := app.Window().Get("navigator")
	return !navigator.Truthy() || navigator.Get("onLine").Bool()
}

// onWindow listens to an event of the window, for good.
func onWindow(event string, heard func()) {
	if app.IsServer {
		return
	}
	app.Window().Call("addEventListener", event, app.FuncOf(func(app.Value, []app.Value) any {
		heard()
		return nil
	}))
}

// origin is the address that the app came from, "https://bills.example".
func origin() string {
	if app.IsServer {
		return ""
	}
	return app.Window().Get("location").Get("origin").String()
}

// deviceClock names the time zone of this device, "Europe/London".
func deviceClock() string {
	if app.IsServer {
		return ""
	}
	return app.Window().Get("Intl").Call("DateTimeFormat").Call("resolvedOptions").Get("timeZone").String()
}

func focusMain() {
	if main := app.Window().GetElementByID("main"); main.Truthy() {
		app.Window().Call("scrollTo", 0, 0)
		main.Call("focus", map[string]any{"preventScroll": true})
	}
}

// takeUpdate lets the waiting version take over and reloads the page.
func takeUpdate() {
	if app.IsClient {
		app.Window().Call("hushwattUpdate")
	}
}

// build names the set of files that this app consists of: hex SHA-256.
func build() string { return app.Getenv("HUSHWATT_BUILD") }

// printPage opens the browser's printing.
func printPage() {
	if app.IsClient {
		app.Window().Call("print")
	}
}

// keepStorage asks the browser not to clear what is stored when space is short.
func keepStorage() {
	storage := app.Window().Get("navigator").Get("storage")
	if storage.Truthy() && storage.Get("persist").Truthy() {
		storage.Call("persist")
	}
}

// toJS copies bytes into a fresh Uint8Array.
func toJS(data []byte) app.Value {
	array := app.Window().Get("Uint8Array").New(len(data))
	app.CopyBytesToJS(array, data)
	return array
}

// fromJS copies an ArrayBuffer or a Uint8Array.
func fromJS(buffer app.Value) []byte {
	array := app.Window().Get("Uint8Array").New(buffer)
	data := make([]byte, array.Length())
	app.CopyBytesToGo(data, array)
	return data
}

// download hands a file to the browser to be saved.
func download(name, mediaType string, data []byte) {
	if app.IsServer {
		return
	}
	window := app.Window()
	blob := window.Get("Blob").New([]any{toJS(data).JSValue()}, map[string]any{"type": mediaType})
	url := window.Get("URL").Call("createObjectURL", blob)
	link := window.Get("document").Call("createElement", "a")
	link.Set("href", url)
	link.Set("download", name)
	link.Call("click")
	window.Get("URL").Call("revokeObjectURL", url)
}

// pickedFiles are those that were chosen in a file input or dropped.
func pickedFiles(e app.Event) []app.Value {
	list := e.Get("target").Get("files")
	if transfer := e.Get("dataTransfer"); transfer.Truthy() {
		list = transfer.Get("files")
	}
	if !list.Truthy() {
		return nil
	}
	files := make([]app.Value, list.Length())
	for i := range files {
		files[i] = list.Index(i)
	}
	return files
}

// launchedFiles are those that the system opened with the app; each is told once.
func launchedFiles() []app.Value {
	list := app.Window().Get("hushwattLaunched")
	if !list.Truthy() {
		return nil
	}
	var files []app.Value
	for list.Length() > 0 {
		files = append(files, list.Call("shift"))
	}
	return files
}

// onLaunched has do called when there may be more of them.
func onLaunched(do func()) {
	app.Window().Set("hushwattOnLaunch", app.FuncOf(func(app.Value, []app.Value) any { do(); return nil }))
}

// readFile reads a File of at most limit bytes and calls done on the goroutine
// of the pages.
func readFile(ctx app.Context, file app.Value, limit int, done func(ctx app.Context, name string, data []byte, err error)) {
	name, size := file.Get("name").String(), file.Get("size").Int()
	if size > limit {
		done(ctx, name, nil, fmt.Errorf("%s is larger than %d MB", name, limit/1000000))
		return
	}
	var kept, refused app.Func
	end := func(data []byte, err error) {
		kept.Release()
		refused.Release()
		ctx.Dispatch(func(ctx app.Context) { done(ctx, name, data, err) })
	}
	kept = app.FuncOf(func(_ app.Value, args []app.Value) any {
		end(fromJS(args[0]), nil)
		return nil
	})
	refused = app.FuncOf(func(app.Value, []app.Value) any {
		end(nil, fmt.Errorf("%s cannot be read; if it lies in a cloud folder, save it to this device first", name))
		return nil
	})
	file.Call("arrayBuffer").Call("then", kept, refused)
}

// preferences are all that is ever put into localStorage.
var preferences = []string{"scheme", "view"}

func preference(name string) string {
	if app.IsServer || !slices.Contains(preferences, name) {
		return ""
	}
	value := guarded("get", name, "")
	return value
}

func setPreference(name, value string) {
	if app.IsServer || !slices.Contains(preferences, name) {
		return
	}
	guarded("set", name, value)
	if name == "scheme" {
		app.Window().Get("document").Get("documentElement").Get("dataset").Set("scheme", value)
	}
}

// guarded lets app.js touch localStorage, which throws where storage is off.
func guarded(what, name, value string) string {
	if !app.Window().Get("hushwattPreference").Truthy() {
		return ""
	}
	return app.Window().Call("hushwattPreference", what, name, value).String()
}
