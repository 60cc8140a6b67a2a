//go:build !js

package app

import (
	"bytes"
	"html/template"
	"regexp"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Pages are the screens as HTML documents, by path, as they are before anything
// is known of the person who looks at them. They are rendered here and not by
// go-app's own handler, which would also answer for robots.txt by asking
// whatever host the request names, and hide the page behind its loader.
func Pages() (map[string][]byte, error) {
	pages := map[string][]byte{}
	for _, s := range append([]screen{lost}, screens...) {
		var b bytes.Buffer
		err := document.Execute(&b, map[string]any{
			"Title":  windowTitle(s),
			"About":  s.about,
			"Lost":   s.path == lost.path,
			"Screen": template.HTML(rendered(&shell{At: s.path})), // components escape their texts
		})
		if err != nil {
			return nil, err
		}
		pages[s.path] = b.Bytes()
	}
	return pages, nil
}

// absent are attributes that go-app writes with the value "false". To a browser
// their mere presence means true.
var absent = regexp.MustCompile(`\s(checked|disabled|hidden|multiple|open|readonly|required|selected)="false"`)

func rendered(ui app.UI) string { return absent.ReplaceAllString(app.HTMLString(ui), "") }

// The first child of the body is the screen: the program takes its place.
var document = template.Must(template.New("document").Parse(`<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<title>{{.Title}}</title>
<meta name="description" content="{{.About}}">
<meta property="og:title" content="{{.Title}}">
<meta property="og:description" content="{{.About}}">
<meta property="og:type" content="website">
<meta name="theme-color" content="#fbfbf9" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#131618" media="(prefers-color-scheme: dark)">
{{- if .Lost}}
<meta name="robots" content="noindex">
{{- end}}
<link rel="icon" href="/web/icons/icon.svg" type="image/svg+xml">
<link rel="apple-touch-icon" href="/web/icons/icon-192.png">
<link rel="manifest" href="/manifest.webmanifest">
<link rel="stylesheet" href="/web/app.css">
<script src="/web/first.js"></script>
<script defer src="/web/wasm_exec.js"></script>
<script defer src="/web/app.js"></script>
</head>
<body>
{{.Screen}}
<div class="boot" id="too-old" role="alert" hidden><p class="wrap">This browser is too old for Hushwatt: it cannot run programs safely inside a page. Any current browser can.</p></div>
<div class="boot" id="not-started" role="alert" hidden><p class="wrap">The app could not be loaded. Check your connection and <a href="">load the page again</a>. Nothing that you did is lost.</p></div>
<noscript><div class="boot"><p class="wrap">Hushwatt works out your bill on this device, so it needs JavaScript. Nothing of yours is sent by it without asking you.</p></div></noscript>
</body>
</html>
`))
