package app

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func TestEveryScreenIsAWholePage(t *testing.T) {
	pages, err := Pages()
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) != len(screens)+1 {
		t.Errorf("%d pages for %d screens", len(pages), len(screens))
	}
	titles := map[string]string{}
	for at, html := range pages {
		page := string(html)
		if n := strings.Count(page, "<h1"); n != 1 {
			t.Errorf("%s has %d headings of the first order", at, n)
		}
		for _, want := range []string{`<html lang="en-GB">`, `href="#main"`, `id="main"`, "<header", "<footer", `id="too-old"`, `id="not-started"`, "<noscript>", "/web/app.css", "/web/app.js"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %s", at, want)
			}
		}
		if lostPage := strings.Contains(page, "noindex"); lostPage != (at == lost.path) {
			t.Errorf("%s: hidden from search engines is %v", at, lostPage)
		}
		title := page[strings.Index(page, "<title>"):strings.Index(page, "</title>")]
		if other, ok := titles[title]; ok {
			t.Errorf("%s and %s share the title %s", at, other, title)
		}
		titles[title] = at
		// The program takes the place of the first child of the body.
		if !strings.Contains(page, "<body>\n<div class=\"page\">") {
			t.Errorf("%s does not begin with its screen", at)
		}
	}
}

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
