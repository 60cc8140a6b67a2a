package app

import (
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// The bridge carries questions of the pages to the worker, which holds keys and
// readings and does all that takes long, and brings back what it says. All of it
// runs on the goroutine of the pages, so there is nothing to lock.
type bridge struct {
	open    func(hear func(heard)) worker // starts a worker
	worker  worker
	ctx     app.Context // of the shell, which is there as long as the window
	last    int
	waiting map[int]*question
	order   []int // ids of waiting, oldest first
	pushed  []func(app.Context, messages.State)
}

// A worker is the other side: a Web Worker, or a fake in tests.
type worker interface {
	post(id int, kind messages.Type, text []byte, parts [][]byte)
	terminate()
}

// heard is one message of the worker. Exactly one of the kinds is set.
type heard struct {
	id       int
	progress []byte
	result   []byte
	isResult bool
	fault    []byte // an Error
	state    []byte // pushed State
	failed   string // the worker could not be started
	parts    [][]byte
}

// A question waits for its answer. What was asked is kept, to ask again if the
// worker has to be started anew.
type question struct {
	kind     messages.Type
	text     []byte
	parts    [][]byte
	ctx      app.Context
	stopped  bool
	done     func(app.Context, heard, *messages.Error)
	progress func(app.Context, messages.Progress)
}

// device is the worker of this window.
var device bridge

// patience is how long a stopped call may take to end before the worker is ended.
const patience = 1500 * time.Millisecond

// call sends a question to the worker. When it is answered, done is called with
// the answer or an error, on the goroutine of the pages and followed by an
// update of the component of ctx; progress, if not nil, any number of times
// before. If that component is gone by then, the answer is dropped: whatever
// changed is pushed as a State as well. The returned function stops the call.
func call[T any](ctx app.Context, kind messages.Type, body any, done func(app.Context, T, *messages.Error), progress func(app.Context, messages.Progress)) (stop func()) {
	return callOn(&device, ctx, kind, body, done, progress)
}

// callOn is call to another worker than the device's.
func callOn[T any](b *bridge, ctx app.Context, kind messages.Type, body any, done func(app.Context, T, *messages.Error), progress func(app.Context, messages.Progress)) (stop func()) {
	finish := func(ctx app.Context, h heard, fault *messages.Error) {
		var answer T
		if fault == nil {
			if err := messages.Decode(h.result, h.parts, &answer); err != nil {
				fault = misfit(err)
			}
		}
		done(ctx, answer, fault)
	}
	var text []byte
	var parts [][]byte
	if body != nil {
		var err error
		if text, parts, err = messages.Encode(body); err != nil {
			ctx.Dispatch(func(ctx app.Context) { finish(ctx, heard{}, misfit(err)) })
			return func() {}
		}
	}
	return b.ask(&question{kind: kind, text: text, parts: parts, ctx: ctx, done: finish, progress: progress})
}

// onState calls f with every State that the worker pushes, for good.
func onState(f func(app.Context, messages.State)) { device.pushed = append(device.pushed, f) }

func misfit(err error) *messages.Error {
	return &messages.Error{Code: messages.BadCall, Sentence: "This page and its worker do not understand each other.", Next: "Load the page again. Nothing that is stored is lost.", Detail: err.Error()}
}

func (b *bridge) start(open func(hear func(heard)) worker) {
	b.open = open
	b.restart()
}

// root is told the context of the shell.
func (b *bridge) root(ctx app.Context) { b.ctx = ctx }

func (b *bridge) restart() {
	var mine worker
	mine = b.open(func(h heard) {
		if b.worker == mine { // not a last word of one that was ended
			b.hear(h)
		}
	})
	b.worker = mine
	for _, id := range b.order {
		q := b.waiting[id]
		mine.post(id, q.kind, q.text, q.parts)
	}
}

func (b *bridge) ask(q *question) (stop func()) {
	if b.worker == nil { // on the server, where pages are only rendered
		return func() {}
	}
	b.last++
	id := b.last
	if b.waiting == nil {
		b.waiting = map[int]*question{}
	}
	b.waiting[id] = q
	b.order = append(b.order, id)
	b.worker.post(id, q.kind, q.text, q.parts)
	return func() { b.stop(id) }
}

// stop asks the worker to end a call, and ends the worker if it does not.
func (b *bridge) stop(id int) {
	q := b.waiting[id]
	if q == nil || q.stopped {
		return
	}
	q.stopped = true
	text, _, err := messages.Encode(messages.Cancel{ID: id})
	if err == nil {
		b.last++
		b.worker.post(b.last, messages.TypeCancel, text, nil)
	}
	b.ctx.After(patience, func(app.Context) {
		if b.waiting[id] != q {
			return
		}
		b.end(id, heard{}, &messages.Error{Code: messages.Stopped, Sentence: "Stopped.", Next: "Nothing was sent."})
		b.worker.terminate()
		b.restart()
	})
}

// hear takes one message of the worker.
func (b *bridge) hear(h heard) {
	switch {
	case h.failed != "":
		fault := &messages.Error{Code: messages.Internal, Sentence: h.failed, Next: "Load the page again. If that does not help, try another browser."}
		for len(b.order) > 0 {
			b.end(b.order[0], heard{}, fault)
		}
	case h.state != nil:
		b.push(h)
	case h.progress != nil:
		b.tell(h)
	case h.fault != nil:
		fault := &messages.Error{}
		if err := messages.Decode(h.fault, nil, fault); err != nil {
			fault = misfit(err)
		}
		b.end(h.id, h, fault)
	case h.isResult:
		b.end(h.id, h, nil)
	}
}

func (b *bridge) push(h heard) {
	var state messages.State
	if err := messages.Decode(h.state, h.parts, &state); err != nil {
		app.Log("a state of the worker cannot be read:", err)
		return
	}
	b.ctx.Dispatch(func(ctx app.Context) {
		for _, f := range b.pushed {
			f(ctx, state)
		}
	})
}

func (b *bridge) tell(h heard) {
	q := b.waiting[h.id]
	var p messages.Progress
	if q == nil || q.progress == nil || q.stopped || messages.Decode(h.progress, nil, &p) != nil {
		return
	}
	q.ctx.Dispatch(func(ctx app.Context) { q.progress(ctx, p) })
}

// end answers a question.
func (b *bridge) end(id int, h heard, fault *messages.Error) {
	q := b.waiting[id]
	if q == nil {
		return
	}
	delete(b.waiting, id)
	for i, other := range b.order {
		if other == id {
			b.order = append(b.order[:i:i], b.order[i+1:]...)
			break
		}
	}
	q.ctx.Dispatch(func(ctx app.Context) { q.done(ctx, h, fault) })
}
