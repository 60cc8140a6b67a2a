package app

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func TestNavigationMarksWhereOneIs(t *testing.T) {
	for _, s := range screens {
		marked := strings.Count(app.HTMLString(&shell{At: s.path}), `aria-current="page"`)
		if want := map[bool]int{true: 1, false: 0}[s.nav != ""]; marked != want {
			t.Errorf("%s: %d entries are marked", s.path, marked)
		}
	}
	if screenAt("/days").path != "/days" || screenAt("/nowhere").path != lost.path || screenAt("").path != lost.path {
		t.Error("a screen is not found by its address")
	}
}

func TestBars(t *testing.T) {
	hasNot(t, &shell{At: "/"}, "new version", "offline")
	has(t, &shell{At: "/", updated: true}, "A new version of this app is ready", "Reload to use it")
	has(t, &shell{At: "/", offline: true}, "You are offline")
}

func TestHindrancesAreToldPlainly(t *testing.T) {
	for _, c := range []struct {
		lacks []string
		want  string
	}{
		{[]string{"https", "crypto", "offline"}, "This page needs a secure address"},
		{[]string{"crypto"}, "This browser keeps nothing safe"},
		{[]string{"storage"}, "This browser keeps nothing safe"},
	} {
		for _, at := range []string{"/", "/send", "/key"} {
			has(t, &shell{At: at, lacks: c.lacks}, c.want)
		}
		hasNot(t, &shell{At: "/about", lacks: c.lacks}, c.want) // how it works can be read anywhere
	}
	if hindrance([]string{"offline"}) != nil || hindrance(nil) != nil {
		t.Error("a browser that only cannot work offline is turned away")
	}
}

func TestPreferencesAreAFixedList(t *testing.T) {
	setPreference("key", "secret")
	if preference("key") != "" || app.IsClient {
		t.Error("something that is no preference was kept")
	}
}
