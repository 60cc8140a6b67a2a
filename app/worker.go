package app

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// browserWorker is a Web Worker. Its messages are plain objects: {id, type, body,
// parts} there; {id, progress | result | error, parts}, {push, body} or {failed}
// back, bodies being JSON texts and parts ArrayBuffers, which are handed over
// and not copied.
type browserWorker struct {
	js    app.Value
	funcs []app.Func
}

func newBrowserWorker(hear func(heard)) worker {
	return newWorkerOf("HUSHWATT_WORKER", hear)
}

// newWorkerOf starts the script that a variable of the environment names.
func newWorkerOf(variable string, hear func(heard)) worker {
	w := &browserWorker{js: app.Window().Get("Worker").New(app.Getenv(variable))}
	w.on("message", func(e app.Value) { hear(heardFrom(e.Get("data"))) })
	w.on("error", func(app.Value) {
		hear(heard{failed: "The part of this app that works out your bill could not be started."})
	})
	return w
}

func (w *browserWorker) on(event string, f func(app.Value)) {
	listener := app.FuncOf(func(_ app.Value, args []app.Value) any {
		f(args[0])
		return nil
	})
	w.funcs = append(w.funcs, listener)
	w.js.Call("addEventListener", event, listener)
}

func (w *browserWorker) post(id int, kind messages.Type, text []byte, parts [][]byte) {
	buffers := make([]any, len(parts))
	for i, p := range parts {
		buffers[i] = toJS(p).Get("buffer")
	}
	message := map[string]any{"id": id, "type": string(kind), "body": string(text), "parts": buffers}
	w.js.Call("postMessage", message, buffers)
}

func (w *browserWorker) terminate() {
	w.js.Call("terminate")
	for _, f := range w.funcs {
		f.Release()
	}
}

func heardFrom(data app.Value) heard {
	h := heard{progress: textOf(data, "progress"), fault: textOf(data, "error")}
	if id := data.Get("id"); id.Truthy() {
		h.id = id.Int()
	}
	if !data.Get("result").IsUndefined() {
		h.result, h.isResult = textOf(data, "result"), true
	}
	if data.Get("push").Truthy() {
		h.state = textOf(data, "body")
	}
	if failed := data.Get("failed"); failed.Truthy() {
		h.failed = failed.String()
	}
	if parts := data.Get("parts"); parts.Truthy() {
		for i := range parts.Length() {
			h.parts = append(h.parts, fromJS(parts.Index(i)))
		}
	}
	return h
}

func textOf(data app.Value, key string) []byte {
	if v := data.Get(key); v.Truthy() {
		return []byte(v.String())
	}
	return nil
}
