//go:build !js

package app

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func TestFalseIsAbsent(t *testing.T) {
	html := rendered(app.Div().Body(
		app.Button().Disabled(false).Text(`disabled="false"`),
		app.Button().Disabled(true),
		app.Span().Aria("hidden", false),
	))
	for want, n := range map[string]int{` disabled="false"`: 0, ` disabled`: 1, `aria-hidden="false"`: 1, `disabled=&#34;false&#34;`: 1} {
		if got := strings.Count(html, want); got != n {
			t.Errorf("%d times %s in %s", got, want, html)
		}
	}
}

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
