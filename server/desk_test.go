package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"hushwatt/server/store"
)

func TestDeskRefusesNames(t *testing.T) {
	w := newTown(t)
	a := w.authority.Authority()
	invalid := func(err error) bool {
		p := new(Problem)
		return errors.As(err, &p) && p.Status == http.StatusUnprocessableEntity
	}
	for _, name := range []string{"", " ", "\n=1+1", "a\x00", "a\u0085b", "\xff"} {
		if err := w.server.Desk().Authorise(context.Background(), a, name, store.Always); !invalid(err) {
			t.Errorf("authority %q: %v", name, err)
		}
	}
	for _, number := range []string{"", "a b", "a\n", "\x7f", "é"} {
		if err := w.server.Desk().Register(context.Background(), number, a, 48, store.Always); !invalid(err) {
			t.Errorf("meter %q: %v", number, err)
		}
	}
}

func TestLastDayBeforeFirst(t *testing.T) {
	w := newTown(t)
	for until, want := range map[string]int{"2013-02-28": 422, "2013-03-01": 204} {
		m := meterBody{"m", w.authority.Authority().String(), 48, Dates{From: "2013-03-01", Until: until}}
		r := w.call(call{method: "POST", path: "/api/v1/meters", staff: true, media: "application/json", body: must(json.Marshal(m))})
		if r.StatusCode != want {
			t.Errorf("until %s: %d %s", until, r.StatusCode, body(t, r))
		}
	}
}

func TestPlainCell(t *testing.T) {
	for in, want := range map[string]string{"": "", "a=b": "a=b", "=1": "'=1", "-1": "'-1", "\n=1": "'\n=1", " =1": "' =1", "\u00a0@x": "'\u00a0@x"} {
		if got := plainCell(in); got != want {
			t.Errorf("%q becomes %q", in, got)
		}
	}
}
