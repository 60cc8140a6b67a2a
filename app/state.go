package app

import (
	"slices"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// What the pages share: what is on this device, which home and which request
// the customer is looking at, and what was typed. It lives in memory only;
// what must last is kept by the worker.
var state shared

type shared struct {
	known   bool            // the worker has told what is here
	failed  *messages.Error // or why it cannot
	device  messages.State
	home    string // chosen home
	request string // chosen request

	month month          // of the picture
	days  *messages.Days // the picture, of home and month
	pick  int            // chosen slot of days
	bill  *messages.Bill // last computed

	trouble  *messages.Error  // why the last bill is waiting or refused, told on its own screen
	sent     *messages.Sent   // what became of the last bill, told on its own screen
	passed   *messages.Opened // what the last file held, told on the next screen
	pasted   string           // typed into the opener
	wrong    string           // what looks wrong, as typed
	watchers []watcher

	holding int             // files are being opened
	held    *messages.State // what was told meanwhile
}

// A watcher is a component that shows the state.
type watcher struct {
	ctx  app.Context
	load func(app.Context) // fetches what it lacks, may be nil
}

// begin asks the worker what is here. It is called once, by the shell.
func (s *shared) begin(ctx app.Context) {
	onWindow("online", func() { ctx.Dispatch(s.retry) })
	call(ctx, messages.TypeHello, &messages.Hello{Origin: origin(), Clock: deviceClock()},
		func(ctx app.Context, device messages.State, err *messages.Error) {
			if err != nil {
				s.failed = err
				s.changed()
				return
			}
			s.update(device)
		}, nil)
}

// retry sends what waits, now that there is a network again. What comes of it is
// pushed as a state.
func (s *shared) retry(ctx app.Context) {
	if s.device.Waiting > 0 {
		call(ctx, messages.TypeRetry, nil, func(app.Context, messages.Retried, *messages.Error) {}, nil)
	}
}

// update takes what the worker says is here now.
func (s *shared) update(device messages.State) {
	if s.holding > 0 {
		s.held = &device
		return
	}
	s.known, s.failed, s.device = true, nil, device
	if s.home != "" && s.homeNow() == nil {
		s.forget()
	}
	s.changed()
}

// hold leaves every screen as it is while a file is being opened: the answer
// belongs to the one that asked. letGo shows what has changed since.
func (s *shared) hold() { s.holding++ }

func (s *shared) letGo() {
	s.holding--
	if device := s.held; s.holding == 0 && device != nil {
		s.held = nil
		s.update(*device)
	}
}

// forget drops everything that was shown.
func (s *shared) forget() {
	s.home, s.request, s.days, s.bill, s.passed, s.pick = "", "", nil, nil, nil, 0
	s.month = month{}
}

// A place is the context of a screen. Answers are waited for by the screen and
// not by the button that was pressed, which may be gone by then.
type place struct {
	ctx     app.Context
	mounted bool
}

func (h *place) set(ctx app.Context) { h.ctx, h.mounted = ctx, true }

func (h place) of(ctx app.Context) app.Context {
	if h.mounted {
		return h.ctx
	}
	return ctx
}

// watch has the component of ctx rendered again whenever the state changes, and
// load called before.
func (s *shared) watch(ctx app.Context, load func(app.Context)) {
	s.watchers = append(s.watchers, watcher{ctx, load})
}

func (s *shared) changed() {
	var here []watcher
	for _, w := range s.watchers {
		if w.ctx.Src().Mounted() {
			w.ctx.Dispatch(w.load)
			here = append(here, w)
		}
	}
	s.watchers = here
}

// homeNow is the chosen home, else the one that the request is about, else the
// newest, else nil.
func (s *shared) homeNow() *messages.Home {
	homes := s.device.Homes
	for i := range homes {
		if homes[i].ID == s.home {
			return &homes[i]
		}
	}
	if s.home != "" || len(homes) == 0 {
		return nil
	}
	if a := s.askNow(); a != nil {
		for i := range homes {
			if slices.Contains(a.Homes, homes[i].ID) {
				return &homes[i]
			}
		}
	}
	return &homes[len(homes)-1]
}

// plainNow reports whether the chosen home's readings are not sealed.
func plainNow() bool {
	h := state.homeNow()
	return h != nil && h.Plain
}

// chooseHome looks at another home.
func (s *shared) chooseHome(id string) {
	if s.home != id {
		s.home, s.days, s.bill, s.month, s.pick = id, nil, nil, month{}, 0
	}
}

// ask finds a request by its id, nil if it is not here.
func (s *shared) ask(id string) *messages.Ask {
	for i := range s.device.Asks {
		if s.device.Asks[i].ID == id {
			return &s.device.Asks[i]
		}
	}
	return nil
}

// askNow is the chosen request, else the newest open one for the chosen home,
// else nil.
func (s *shared) askNow() *messages.Ask {
	if s.request != "" {
		return s.ask(s.request)
	}
	for i := range s.device.Asks {
		a := &s.device.Asks[i]
		if a.State == messages.AskOpen && (s.home == "" || slices.Contains(a.Homes, s.home)) {
			return a
		}
	}
	return nil
}

// chooseAsk looks at a request, and at the home it asks about.
func (s *shared) chooseAsk(a messages.Ask) {
	if s.request != a.ID {
		s.request, s.bill, s.wrong = a.ID, nil, ""
	}
	if len(a.Homes) > 0 {
		s.chooseHome(a.Homes[0])
	}
}

// openAsks are the requests that wait for an answer.
func (s *shared) openAsks() []messages.Ask {
	var open []messages.Ask
	for _, a := range s.device.Asks {
		if a.State == messages.AskOpen || a.State == messages.AskRefused {
			open = append(open, a)
		}
	}
	return open
}

// took notes what an opened file held and says which screen shows it.
func (s *shared) took(o messages.Opened) (next string) {
	s.passed = &o
	switch o.Kind {
	case messages.KindMeterFile:
		if o.Home != nil {
			s.home, s.days, s.bill, s.month, s.pick = o.Home.ID, nil, nil, month{}, 0
		}
		return "/read"
	case messages.KindRequest:
		if o.Ask != nil {
			s.chooseAsk(*o.Ask)
		}
		return "/bill"
	case messages.KindReceipt:
		if o.Entry != nil {
			return "/receipt#" + o.Entry.ID
		}
		return "/history"
	case messages.KindKey:
		return "/key"
	}
	return "/"
}
