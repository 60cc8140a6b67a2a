package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var program = bytes.Repeat([]byte("\x00asm"), 1000)

// built is a site as it is after a build, small.
func built() fstest.MapFS {
	return fstest.MapFS{
		"app.css":              {Data: []byte("body { margin: 0 }" + strings.Repeat("/* quiet */", 100))},
		"app.js":               {Data: []byte(`fetch("/web/app.wasm", {integrity: "sha256-/web/app.wasm"}); start("/web/worker.js", "BUILD-OF-THIS-APP", "/web/nothing.js")`)},
		"worker.js":            {Data: []byte(`go("/web/prover.wasm")`)},
		"sw.js":                {Data: []byte(`const FILES = "FILES-OF-THIS-APP", CACHE = "BUILD-OF-THIS-APP"`)},
		"manifest.webmanifest": {Data: []byte(`{"icons":[{"src":"/web/icons/icon.svg"}]}`)},
		"icons/icon.svg":       {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)},
		"built/README.md":      {Data: []byte("a note")},
		"built/stamp.json":     {Data: []byte("{}")},
		"built/app.wasm.br":    {Data: []byte("brotli of app")},
		"built/app.wasm.gz":    {Data: deflate(program)},
		"built/prover.wasm.br": {Data: []byte("brotli of prover")},
		"built/prover.wasm.gz": {Data: deflate(program[4:])},
		"built/reader.wasm.br": {Data: []byte("brotli of reader")},
		"built/reader.wasm.gz": {Data: deflate(program[5:])},
	}
}

func pages() map[string][]byte {
	return map[string][]byte{"/": []byte(`<link href="/web/app.css"><script src="/web/app.js"></script>`), Lost: []byte("lost")}
}

func site(t *testing.T, files fs.FS) *Site {
	t.Helper()
	s, err := New(files, pages())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func get(s *Site, at string, header ...string) *http.Response {
	r := httptest.NewRequest("GET", at, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTextsNameFilesByTheirHash(t *testing.T) {
	s := site(t, built())
	page := body(t, get(s, "/"))
	script := regexp.MustCompile(`/web/app-[0-9a-f]{12}\.js`).FindString(page)
	if script == "" || !strings.Contains(page, s.Path("app.css")) {
		t.Fatalf("page is %s", page)
	}
	text := body(t, get(s, script))
	for _, want := range []string{
		`fetch("` + s.Path("app.wasm") + `", {integrity: "` + integrity(sha256.Sum256(program)) + `"})`,
		s.Path("worker.js"), `"` + s.Build + `"`, `"/web/nothing.js"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %s:\n%s", script, want, text)
		}
	}
	if icon := s.Path("icons/icon.svg"); !strings.Contains(body(t, get(s, "/manifest.webmanifest")), icon) {
		t.Errorf("the manifest does not name %s", icon)
	}
}

// A file's name changes if, and only if, what a browser gets by it changes.
func TestNamesFollowContents(t *testing.T) {
	before := site(t, built())
	files := built()
	files["worker.js"].Data = append(files["worker.js"].Data, ';')
	after := site(t, files)
	for name, changed := range map[string]bool{"worker.js": true, "app.js": true, "app.css": false, "app.wasm": false} {
		if (before.Path(name) != after.Path(name)) != changed {
			t.Errorf("%s: %s and %s", name, before.Path(name), after.Path(name))
		}
	}
	if before.Build == after.Build {
		t.Error("two sets of files have one name")
	}
}

func TestTheServiceWorkerKnowsEverythingElse(t *testing.T) {
	s := site(t, built())
	text := body(t, get(s, "/sw.js"))
	for at := range s.files {
		if listed := strings.Contains(text, `["`+at+`","sha256-`); listed == (at == "/sw.js" || at == "/robots.txt") {
			t.Errorf("%s: listed is %v", at, listed)
		}
	}
	if !strings.Contains(text, `CACHE = "`+s.Build+`"`) {
		t.Errorf("the build is not named in %s", text)
	}
}

func TestEncodings(t *testing.T) {
	s := site(t, built())
	cases := []struct{ file, accept, encoding, body string }{
		{"app.wasm", "gzip, deflate, br, zstd", "br", "brotli of app"},
		{"app.wasm", "br;q=0, gzip;q=0.5", "gzip", string(deflate(program))},
		{"app.wasm", "br;q=x, gzip", "gzip", string(deflate(program))},
		{"app.wasm", "", "", string(program)},
		{"app.wasm", "gzip;q=0", "", string(program)},
		{"app.css", "br, gzip", "gzip", ""},
		{"worker.js", "gzip", "", ""},
	}
	for _, c := range cases {
		r := get(s, s.Path(c.file), "Accept-Encoding", c.accept)
		if got := r.Header.Get("Content-Encoding"); got != c.encoding {
			t.Errorf("%s for %q: encoding %q", c.file, c.accept, got)
		}
		if got := body(t, r); c.body != "" && got != c.body {
			t.Errorf("%s for %q: %d bytes", c.file, c.accept, len(got))
		}
		if r.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: no Vary", c.file)
		}
	}
	zr, err := gzip.NewReader(get(s, s.Path("app.css"), "Accept-Encoding", "gzip").Body)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(zr); err != nil || string(text) != string(built()["app.css"].Data) {
		t.Errorf("style sheet after gzip: %q, %v", text, err)
	}
}

func TestTypesAndCaching(t *testing.T) {
	s := site(t, built())
	const forever, ask = "public, max-age=31536000, immutable", "no-cache"
	cases := []struct{ at, kind, cache string }{
		{s.Path("app.wasm"), "application/wasm", forever},
		{s.Path("app.js"), "text/javascript; charset=utf-8", forever},
		{s.Path("app.css"), "text/css; charset=utf-8", forever},
		{s.Path("icons/icon.svg"), "image/svg+xml", forever},
		{"/web/app.css", "text/css; charset=utf-8", ask},
		{"/", "text/html; charset=utf-8", ask},
		{"/sw.js", "text/javascript; charset=utf-8", ask},
		{"/manifest.webmanifest", "application/manifest+json", ask},
		{"/robots.txt", "text/plain; charset=utf-8", ask},
	}
	for _, c := range cases {
		r := get(s, c.at)
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != c.kind || r.Header.Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d, %s, %s", c.at, r.StatusCode, r.Header.Get("Content-Type"), r.Header.Get("Cache-Control"))
		}
	}
}

// Every file has a tag of its own, so that one file's tag cannot answer for another.
func TestTags(t *testing.T) {
	s := site(t, built())
	seen := map[string]string{}
	for at := range s.files {
		if at == Lost {
			continue
		}
		for _, accept := range []string{"", "gzip", "br"} {
			tag := get(s, at, "Accept-Encoding", accept).Header.Get("ETag")
			if other, ok := seen[tag]; ok && other != at || tag == "" {
				t.Errorf("%s and %s share the tag %s", at, other, tag)
			}
			seen[tag] = at
			if r := get(s, at, "Accept-Encoding", accept, "If-None-Match", `"x", `+tag); r.StatusCode != http.StatusNotModified || body(t, r) != "" {
				t.Errorf("%s: %d for its own tag", at, r.StatusCode)
			}
		}
	}
	if r := get(s, "/", "If-None-Match", get(s, "/sw.js").Header.Get("ETag")); r.StatusCode != 200 {
		t.Errorf("the tag of another file answered with %d", r.StatusCode)
	}
}

// Addresses for which go-app's own handler would fetch from wherever the Host
// header points, or serve things of its own, are nothing here.
func TestNothingElseIsThere(t *testing.T) {
	s := site(t, built())
	for _, at := range []string{"/sitemap.xml", "/ads.txt", "/app.js", "/app-worker.js", "/goapp.js", "/app.wasm", "/manifest.json",
		"/web/README.md", "/web/stamp.json", "/web/built/stamp.json", "/web/../web.go", "/web/", "/WEB/app.css", "/404", "/nowhere"} {
		r := get(s, at)
		if text := body(t, r); r.StatusCode != http.StatusNotFound || text != "lost" {
			t.Errorf("%s: %d %q", at, r.StatusCode, text)
		}
	}
}

func TestOnlyReading(t *testing.T) {
	s := site(t, built())
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, "/", nil))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
	for _, at := range []string{"/", s.Path("app.wasm")} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("HEAD", at, nil))
		if w.Code != 200 || w.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d, %d bytes", at, w.Code, w.Body.Len())
		}
	}
}

func TestBeforeTheFirstBuild(t *testing.T) {
	files := built()
	for name := range files {
		if strings.HasPrefix(name, "built/") && name != "built/README.md" {
			delete(files, name)
		}
	}
	if s := site(t, files); s.Complete() || get(s, "/").StatusCode != 200 {
		t.Errorf("complete is %v", s.Complete())
	}
	if s := site(t, built()); !s.Complete() {
		t.Error("a built site is not complete")
	}
}

func TestHalfABuildIsRefused(t *testing.T) {
	files := built()
	delete(files, "built/app.wasm.gz")
	if _, err := New(files, pages()); err == nil {
		t.Error("a program with one compressed copy was accepted")
	}
	files = built()
	files["worker.js"].Data = []byte(`"/web/app.js"`)
	if _, err := New(files, pages()); err == nil {
		t.Error("two scripts that name each other were accepted")
	}
}

// The files of this repository make a site, whatever was built.
func TestRealFiles(t *testing.T) {
	s := site(t, Files())
	for _, name := range []string{"app.css", "app.js", "icons/icon.svg", "icons/icon-192.png"} {
		if s.Path(name) == "" {
			t.Errorf("%s is not served", name)
		}
	}
	for at, f := range s.files {
		if isText(f.mediaType) && regexp.MustCompile(`(OF-THIS-APP|sha256-/web/)`).Match(f.identity) && s.Complete() {
			t.Errorf("%s: something was not filled in", at)
		}
	}
}
