//go:build js && wasm

package main

import (
	"context"
	"syscall/js"

	"hushwatt/prover/worker"
)

// vault is IndexedDB with WebCrypto, as worker.js keeps it.
type vault struct{ js js.Value }

func (v vault) Get(name string) ([]byte, error) {
	found, err := await(v.js.Call("get", name))
	if err != nil {
		return nil, err
	}
	if found.IsNull() || found.IsUndefined() {
		return nil, worker.ErrNoRecord
	}
	return bytesOf(found), nil
}

func (v vault) Names(prefix string) ([]string, error) {
	found, err := await(v.js.Call("names", prefix))
	if err != nil {
		return nil, err
	}
	list := make([]string, found.Length())
	for i := range list {
		list[i] = found.Index(i).String()
	}
	return list, nil
}

func (v vault) Write(put map[string][]byte, remove []string) error {
	puts, removes := js.Global().Get("Array").New(), js.Global().Get("Array").New()
	for name, b := range put {
		pair := js.Global().Get("Array").New()
		pair.Call("push", name, arrayOf(b))
		puts.Call("push", pair)
	}
	for _, name := range remove {
		removes.Call("push", name)
	}
	_, err := await(v.js.Call("write", puts, removes))
	return err
}

func (v vault) Clear() error {
	_, err := await(v.js.Call("clear"))
	return err
}

func (v vault) Exclusive(do func() error) error {
	release, err := await(v.js.Call("lock"))
	if err != nil {
		return err
	}
	defer release.Invoke()
	return do()
}

// net is fetch.
type net struct{ js js.Value }

func (n net) Get(ctx context.Context, url string) (*worker.Response, error) {
	return n.do(ctx, url, "", js.Null())
}

func (n net) Post(ctx context.Context, url, contentType string, body []byte) (*worker.Response, error) {
	return n.do(ctx, url, contentType, arrayOf(body))
}

func (n net) do(ctx context.Context, url, contentType string, body js.Value) (*worker.Response, error) {
	stop := js.Global().Get("AbortController").New()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-ctx.Done():
			stop.Call("abort")
		case <-ended:
		}
	}()
	r, err := await(n.js.Call("fetch", url, contentType, body, stop.Get("signal")))
	if err != nil {
		return nil, err
	}
	return &worker.Response{Status: r.Get("status").Int(), Type: r.Get("type").String(), Body: bytesOf(r.Get("body"))}, nil
}
