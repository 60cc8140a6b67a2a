package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A Site is all files of the app, ready to be served. It is made once and never
// changes.
type Site struct {
	// Build names exactly this set of files: hex SHA-256 over the name and the
	// hash of each of them.
	Build string

	files map[string]*file // by URL path
	lost  *file            // the page for everything else
	plain map[string]string
}

// A file is one response in its encodings.
type file struct {
	mediaType string
	etag      string // without the encoding
	forever   bool
	identity  []byte // nil if only compressed copies are held
	gzip      []byte
	brotli    []byte
}

// Lost is the name under which New finds the page for unknown addresses.
const Lost = "/404"

// New makes a site of static files and pages. Pages are HTML by URL path; one of
// them is Lost. Texts name static files as /web/app.css and get the name with the
// hash in its place, or as sha256-/web/app.wasm and get the hash as subresource
// integrity wants it. The words BUILD-OF-THIS-APP and FILES-OF-THIS-APP stand
// for Build and for the list of paths and hashes that a service worker keeps.
func New(static fs.FS, pages map[string][]byte) (*Site, error) {
	sources, err := gather(static)
	if err != nil {
		return nil, err
	}
	s := &Site{files: map[string]*file{}, plain: map[string]string{}, Build: fingerprint(sources, pages)}
	w := &writer{site: s, sources: sources, hashes: map[string][32]byte{}, busy: map[string]bool{}}
	for _, name := range sorted(sources) {
		if _, err := w.static(name); err != nil {
			return nil, err
		}
	}
	for _, at := range sorted(pages) {
		if err := w.page(at, pages[at]); err != nil {
			return nil, err
		}
	}
	return s, w.roots()
}

// Path is the URL path of a static file with its hash, or "" if there is none.
// The name is that of the source: "app.css", "icons/icon.svg".
func (s *Site) Path(name string) string { return s.plain["/web/"+name] }

// Complete reports whether all compiled programs are here.
func (s *Site) Complete() bool {
	return s.Path("app.wasm") != "" && s.Path("prover.wasm") != "" && s.Path("reader.wasm") != ""
}

// A source is one static file before its text is rewritten.
type source struct {
	body         []byte // the identity; nil for a compiled program
	gzip, brotli []byte
}

// digest is over what a browser sees in the end, or over the source of a text.
func (s *source) digest() ([32]byte, error) {
	if s.body != nil {
		return sha256.Sum256(s.body), nil
	}
	plain, err := s.inflate()
	return sha256.Sum256(plain), err
}

func (s *source) inflate() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(s.gzip))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// gather reads the static files, by name. Files of the folder built count as if
// they lay beside the others, compressed copies as one file.
func gather(static fs.FS) (map[string]*source, error) {
	sources := map[string]*source{}
	at := func(name string) *source {
		name = strings.TrimPrefix(name, "built/")
		if sources[name] == nil {
			sources[name] = &source{}
		}
		return sources[name]
	}
	err := fs.WalkDir(static, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || mediaType(strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".br")) == "" {
			return err
		}
		body, err := fs.ReadFile(static, name)
		if err != nil {
			return err
		}
		switch path.Ext(name) {
		case ".gz":
			at(strings.TrimSuffix(name, ".gz")).gzip = body
		case ".br":
			at(strings.TrimSuffix(name, ".br")).brotli = body
		default:
			at(name).body = body
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the app's files: %w", err)
	}
	for name, s := range sources {
		if s.body == nil && (s.gzip == nil || s.brotli == nil) {
			return nil, fmt.Errorf("read the app's files: %s has one compressed copy only; build again", name)
		}
	}
	return sources, nil
}

// fingerprint hashes names and contents before anything is rewritten.
func fingerprint(sources map[string]*source, pages map[string][]byte) string {
	h := sha256.New()
	for _, name := range sorted(sources) {
		sum := sha256.Sum256(slices.Concat(sources[name].body, sources[name].gzip))
		fmt.Fprintf(h, "%s %x\n", name, sum)
	}
	for _, at := range sorted(pages) {
		fmt.Fprintf(h, "%s %x\n", at, sha256.Sum256(pages[at]))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// A writer turns sources into files: every file after those that it names.
type writer struct {
	site    *Site
	sources map[string]*source
	hashes  map[string][32]byte
	busy    map[string]bool // names on the way to a file, to find circles
}

var mention = regexp.MustCompile(`(sha256-)?/web/([A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*)`)

// atRoot are static files whose address may not change: a service worker and a
// manifest are known by theirs. They are made last, of all the others.
var atRoot = map[string]string{"sw.js": "/sw.js", "manifest.webmanifest": "/manifest.webmanifest"}

// static makes one static file, unless it is made already, and returns its path.
func (w *writer) static(name string) (string, error) {
	src := w.sources[name]
	if src == nil || atRoot[name] != "" {
		return "", nil
	}
	if at := w.site.Path(name); at != "" {
		return at, nil
	}
	if w.busy[name] {
		return "", fmt.Errorf("%s names itself, by way of others", name)
	}
	w.busy[name] = true
	f := &file{mediaType: mediaType(name), forever: true, identity: src.body, gzip: src.gzip, brotli: src.brotli}
	sum, err := src.digest()
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if isText(name) {
		if f.identity, err = w.rewrite(src.body); err != nil {
			return "", err
		}
		sum = sha256.Sum256(f.identity)
	}
	ext := path.Ext(name)
	at := fmt.Sprintf("/web/%s-%x%s", strings.TrimSuffix(name, ext), sum[:6], ext)
	w.hashes[name] = sum
	w.site.plain["/web/"+name] = at
	w.site.put(at, f, sum)
	return at, nil
}

// rewrite puts hashed names, integrity values and the build's name into a text.
func (w *writer) rewrite(text []byte) ([]byte, error) {
	var failed error
	out := mention.ReplaceAllFunc(text, func(m []byte) []byte {
		prefix, name, _ := strings.Cut(string(m), "/web/")
		at, err := w.static(name)
		if err != nil {
			failed = err
		}
		switch {
		case at == "":
			return m
		case prefix == "":
			return []byte(at)
		}
		return []byte(integrity(w.hashes[name]))
	})
	return bytes.ReplaceAll(out, []byte("BUILD-OF-THIS-APP"), []byte(w.site.Build)), failed
}

func (w *writer) page(at string, html []byte) error {
	body, err := w.rewrite(html)
	if err != nil {
		return err
	}
	f := &file{mediaType: "text/html; charset=utf-8", identity: body}
	if at == Lost {
		w.site.lost = f
	}
	w.site.put(at, f, sha256.Sum256(body))
	return nil
}

// roots makes the manifest, robots.txt, and last the service worker, which lists
// everything else.
func (w *writer) roots() error {
	for _, name := range []string{"manifest.webmanifest", "sw.js"} {
		src := w.sources[name]
		if src == nil {
			continue
		}
		body, err := w.rewrite(src.body)
		if err != nil {
			return err
		}
		if name == "sw.js" {
			body = bytes.ReplaceAll(body, []byte(`"FILES-OF-THIS-APP"`), w.site.list())
		}
		w.site.put(atRoot[name], &file{mediaType: mediaType(name), identity: body}, sha256.Sum256(body))
	}
	robots := []byte("User-agent: *\nDisallow: /api/\nDisallow: /portal/\n")
	w.site.put("/robots.txt", &file{mediaType: "text/plain; charset=utf-8", identity: robots}, sha256.Sum256(robots))
	return nil
}

// list is the service worker's: path and hash of every file, as JSON.
func (s *Site) list() []byte {
	var list [][2]string
	for _, at := range sorted(s.files) {
		sum, _ := hex.DecodeString(strings.Trim(s.files[at].etag, `"`))
		list = append(list, [2]string{at, integrity([32]byte(sum))})
	}
	text, _ := json.Marshal(list) // strings only: cannot fail
	return text
}

// put adds a file, with a gzip copy if it has none and is worth one.
func (s *Site) put(at string, f *file, sum [32]byte) {
	f.etag = fmt.Sprintf(`"%x"`, sum)
	if f.gzip == nil && isText(f.mediaType) && len(f.identity) > 512 {
		f.gzip = deflate(f.identity)
	}
	s.files[at] = f
}

func deflate(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level exists
	w.Write(body)
	w.Close()
	return b.Bytes()
}

func integrity(sum [32]byte) string {
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// mediaType is that of a file that may be served; others have none.
func mediaType(name string) string {
	return map[string]string{
		".css":         "text/css; charset=utf-8",
		".js":          "text/javascript; charset=utf-8",
		".svg":         "image/svg+xml",
		".png":         "image/png",
		".wasm":        "application/wasm",
		".webmanifest": "application/manifest+json",
	}[path.Ext(name)]
}

// isText reports whether a name or media type is that of a text.
func isText(name string) bool {
	return slices.Contains([]string{".css", ".js", ".svg", ".webmanifest"}, path.Ext(name)) ||
		strings.HasPrefix(name, "text/") || name == "image/svg+xml" || name == "application/manifest+json"
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
