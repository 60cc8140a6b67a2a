//go:build js && wasm

// Command prover is the program inside the customer's web worker: it takes the
// calls that worker.js passes on, has prover/worker do them, and gives back what
// it says. Storage, network and time are the browser's, through a few functions
// that worker.js defines; there is no other use of JavaScript.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"runtime/debug"
	"sync"
	"syscall/js"
	"time"

	"hushwatt/prover/messages"
	"hushwatt/prover/worker"
)

// version is set by the build.
var version = "development"

func main() {
	// One job at a time with short-lived memory: collecting less often is faster.
	debug.SetGCPercent(400)
	host := js.Global().Get("hushwatt")
	s := &session{host: host, running: map[int]context.CancelFunc{}}
	s.desk = worker.NewDesk(worker.Host{
		Vault: vault{host.Get("vault")}, Net: net{host.Get("net")}, Now: time.Now, Random: rand.Reader,
		Yield: func() { await(host.Call("rest")) }, Changed: s.changed, Version: version,
	})
	host.Call("start", version, js.FuncOf(s.call), js.FuncOf(s.cancel))
	select {}
}

// A session is the calls under way.
type session struct {
	host    js.Value
	desk    *worker.Desk
	mu      sync.Mutex
	running map[int]context.CancelFunc
}

// call takes (id, type, body, parts) and returns at once; the answer comes by
// host.progress, host.result or host.error.
func (s *session) call(_ js.Value, args []js.Value) any {
	id, kind, body := args[0].Int(), messages.Type(args[1].String()), []byte(args[2].String())
	var parts [][]byte
	for i := range args[3].Length() {
		parts = append(parts, bytesOf(args[3].Index(i)))
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	s.running[id] = cancel
	s.mu.Unlock()
	go func() {
		defer s.end(id, cancel)
		text, answer, err := s.desk.Call(ctx, kind, body, parts, func(p messages.Progress) { s.host.Call("progress", id, textOf(p)) })
		if err != nil {
			s.host.Call("error", id, textOf(err))
			return
		}
		list := js.Global().Get("Array").New()
		for _, p := range answer {
			list.Call("push", arrayOf(p))
		}
		s.host.Call("result", id, string(text), list)
	}()
	return nil
}

func (s *session) end(id int, cancel context.CancelFunc) {
	cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, id)
}

// cancel takes the id of a call and reports whether there was one.
func (s *session) cancel(_ js.Value, args []js.Value) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop, found := s.running[args[0].Int()]
	if found {
		stop()
	}
	return found
}

func (s *session) changed(state messages.State) { s.host.Call("state", textOf(state)) }

func textOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return `{"code":"internal","sentence":"Something went wrong in this app.","next":"Reload the page."}`
	}
	return string(b)
}

// await waits for a promise. It must not be called on the goroutine of an event.
func await(promise js.Value) (js.Value, error) {
	type outcome struct {
		value js.Value
		err   error
	}
	done := make(chan outcome, 1)
	resolved := js.FuncOf(func(_ js.Value, args []js.Value) any {
		v := js.Undefined()
		if len(args) > 0 {
			v = args[0]
		}
		done <- outcome{value: v}
		return nil
	})
	rejected := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- outcome{err: errorOf(args)}
		return nil
	})
	defer resolved.Release()
	defer rejected.Release()
	promise.Call("then", resolved, rejected)
	o := <-done
	return o.value, o.err
}

// errorOf turns what worker.js throws into the errors of a vault or a net.
func errorOf(args []js.Value) error {
	if len(args) == 0 || args[0].Type() != js.TypeObject {
		return errors.New("failed")
	}
	message := args[0].Get("message").String()
	switch args[0].Get("name").String() {
	case "QuotaExceededError":
		return errors.Join(worker.ErrFull, errors.New(message))
	case "Damaged":
		return errors.Join(worker.ErrDamaged, errors.New(message))
	case "Unavailable", "InvalidStateError", "SecurityError", "UnknownError", "VersionError":
		return errors.Join(worker.ErrUnavailable, errors.New(message))
	}
	return errors.New(message)
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
