//go:build js && wasm

package main

import (
	"errors"
	"syscall/js"

	"hushwatt/prover/messages"
)

// serve answers the calls that reader.js passes on: (id, body, parts) each, with
// host.result or host.error. A page that does not want to wait ends the worker.
func serve() {
	host := js.Global().Get("hushwatt")
	host.Call("start", js.FuncOf(func(_ js.Value, args []js.Value) any {
		id, body := args[0].Int(), []byte(args[1].String())
		var given [][]byte
		for i := range args[2].Length() {
			given = append(given, bytesOf(args[2].Index(i)))
		}
		go func() {
			text, parts, err := answer(body, given)
			if err != nil {
				host.Call("error", id, textOf(err))
				return
			}
			list := js.Global().Get("Array").New()
			for _, p := range parts {
				list.Call("push", arrayOf(p))
			}
			host.Call("result", id, string(text), list)
		}()
		return nil
	}))
	select {}
}

func answer(body []byte, given [][]byte) (text []byte, parts [][]byte, err error) {
	m := new(messages.ReadFile)
	if err := messages.Decode(body, given, m); err != nil {
		return nil, nil, err
	}
	r, err := read(m)
	if err != nil {
		return nil, nil, err
	}
	return messages.Encode(r)
}

func textOf(err error) string {
	e := new(messages.Error)
	if !errors.As(err, &e) {
		e = &messages.Error{Code: messages.Internal, Sentence: "Something went wrong in this app.", Next: "Load the page again.", Detail: err.Error()}
	}
	text, _, err := messages.Encode(e)
	if err != nil {
		return "{}"
	}
	return string(text)
}

func bytesOf(v js.Value) []byte {
	array := js.Global().Get("Uint8Array").New(v)
	b := make([]byte, array.Length())
	js.CopyBytesToGo(b, array)
	return b
}

func arrayOf(b []byte) js.Value {
	array := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(array, b)
	return array
}
