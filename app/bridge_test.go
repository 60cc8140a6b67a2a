package app

import (
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// silent is a worker that says nothing by itself.
type silent struct {
	posts []posted
	ended bool
	hear  func(heard)
}

type posted struct {
	id    int
	kind  messages.Type
	text  string
	parts [][]byte
}

func (w *silent) post(id int, kind messages.Type, text []byte, parts [][]byte) {
	w.posts = append(w.posts, posted{id, kind, string(text), parts})
}

func (w *silent) terminate() { w.ended = true }

// bridged runs act with a bridge to silent workers, then everything that was
// dispatched or waits for its time, and returns the workers in the order of their start.
func bridged(t *testing.T, act func(ctx app.Context, workers *[]*silent)) []*silent {
	t.Helper()
	old := device
	t.Cleanup(func() { device = old })
	device = bridge{}
	var workers []*silent
	device.start(func(hear func(heard)) worker {
		w := &silent{hear: hear}
		workers = append(workers, w)
		return w
	})
	e := app.NewTestEngine()
	err := e.Load(&stage{act: func(ctx app.Context) {
		device.root(ctx)
		act(ctx, &workers)
	}})
	if err != nil {
		t.Fatal(err)
	}
	e.ConsumeAll()
	return workers
}

func TestCallCarriesFilesAndAnswers(t *testing.T) {
	var got messages.State
	var progress []string
	file := []byte("a meter’s file")
	workers := bridged(t, func(ctx app.Context, w *[]*silent) {
		call(ctx, messages.TypeOpen, &messages.Open{Name: "home.hushwatt", Data: file},
			func(_ app.Context, s messages.State, err *messages.Error) { got = s },
			func(_ app.Context, p messages.Progress) { progress = append(progress, p.Sentence) })
		p := (*w)[0].posts[0]
		(*w)[0].hear(heard{id: p.id, progress: []byte(`{"sentence":"Checking the seals"}`)})
		(*w)[0].hear(heard{id: p.id, result: []byte(`{"hasKey":true}`), isResult: true})
		(*w)[0].hear(heard{id: p.id, result: []byte(`{"hasKey":false}`), isResult: true}) // a second answer is nobody's
	})
	p := workers[0].posts[0]
	if p.kind != messages.TypeOpen || p.text != `{"name":"home.hushwatt"}` || len(p.parts) != 1 || string(p.parts[0]) != string(file) {
		t.Errorf("asked %+v", p)
	}
	if !got.HasKey || len(progress) != 1 || progress[0] != "Checking the seals" {
		t.Errorf("got %+v after %q", got, progress)
	}
	if len(device.waiting) != 0 || len(device.order) != 0 {
		t.Errorf("still waiting: %v", device.waiting)
	}
}

func TestErrorsArriveAsTheyAre(t *testing.T) {
	for name, c := range map[string]struct {
		answer heard
		want   messages.Code
	}{
		"refused":       {heard{fault: []byte(`{"code":"wrong-key","sentence":"s","next":"n"}`)}, messages.WrongKey},
		"not an error":  {heard{fault: []byte(`{"code":7}`)}, messages.BadCall},
		"not a result":  {heard{result: []byte(`[]`), isResult: true}, messages.BadCall},
		"never started": {heard{failed: "This browser is too old."}, messages.Internal},
	} {
		var got *messages.Error
		bridged(t, func(ctx app.Context, w *[]*silent) {
			call(ctx, messages.TypeHello, nil, func(_ app.Context, _ messages.State, err *messages.Error) { got = err }, nil)
			c.answer.id = (*w)[0].posts[0].id
			(*w)[0].hear(c.answer)
		})
		if got == nil || got.Code != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestPushesReachEveryone(t *testing.T) {
	var seen int
	bridged(t, func(ctx app.Context, w *[]*silent) {
		onState(func(_ app.Context, s messages.State) {
			if s.HasKey {
				seen++
			}
		})
		onState(func(app.Context, messages.State) { seen++ })
		(*w)[0].hear(heard{state: []byte(`{"hasKey":true}`)})
	})
	if seen != 2 {
		t.Errorf("%d of 2 heard", seen)
	}
}

// A worker that does not stop is ended; what others asked is asked again, and the
// stopped call is over exactly once.
func TestStopEndsAWorkerThatDoesNotListen(t *testing.T) {
	var fates []messages.Code
	workers := bridged(t, func(ctx app.Context, w *[]*silent) {
		stop := call(ctx, messages.TypeProve, &messages.Prove{Bill: "b"}, func(_ app.Context, _ messages.Proof, err *messages.Error) {
			if err != nil {
				fates = append(fates, err.Code)
			}
		}, nil)
		call(ctx, messages.TypeHistory, nil, func(app.Context, messages.History, *messages.Error) {}, nil)
		stop()
		stop()
	})
	if len(workers) != 2 || !workers[0].ended || workers[1].ended {
		t.Fatalf("%d workers", len(workers))
	}
	first := workers[0].posts
	if len(first) != 3 || first[2].kind != messages.TypeCancel || first[2].text != `{"id":1}` {
		t.Errorf("asked %+v", first)
	}
	if again := workers[1].posts; len(again) != 1 || again[0].kind != messages.TypeHistory || again[0].id != first[1].id {
		t.Errorf("asked again %+v", again)
	}
	if len(fates) != 1 || fates[0] != messages.Stopped {
		t.Errorf("the stopped call ended with %v", fates)
	}
	workers[0].hear(heard{id: first[1].id, result: []byte(`{}`), isResult: true}) // a last word from the grave
	if device.waiting[first[1].id] == nil {
		t.Error("the ended worker was listened to")
	}
}

// A worker that stops in time is kept.
func TestStopInTime(t *testing.T) {
	var fate messages.Code
	workers := bridged(t, func(ctx app.Context, w *[]*silent) {
		stop := call(ctx, messages.TypeProve, nil, func(_ app.Context, _ messages.Proof, err *messages.Error) { fate = err.Code }, nil)
		stop()
		(*w)[0].hear(heard{id: (*w)[0].posts[0].id, fault: []byte(`{"code":"cancelled"}`)})
	})
	if len(workers) != 1 || workers[0].ended || fate != messages.Stopped {
		t.Errorf("%d workers, fate %q", len(workers), fate)
	}
}

// Where pages are only rendered there is no worker; asking does no harm.
func TestNoWorkerOnTheServer(t *testing.T) {
	old := device
	t.Cleanup(func() { device = old })
	device = bridge{}
	e := app.NewTestEngine()
	if err := e.Load(&stage{act: func(ctx app.Context) {
		call(ctx, messages.TypeHello, nil, func(app.Context, messages.State, *messages.Error) { t.Error("answered") }, nil)()
	}}); err != nil {
		t.Fatal(err)
	}
	e.ConsumeAll()
}
