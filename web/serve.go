package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// ServeHTTP serves the site to GET and HEAD. Static files are also found by
// their plain names, /web/app.css, for people and tests; those are asked about
// every time. The headers of security, the same for all responses, are the
// server's to set.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD here", http.StatusMethodNotAllowed)
		return
	}
	f, status := s.find(r.URL.Path)
	if f == nil {
		http.NotFound(w, r)
		return
	}
	f.serve(w, r, status)
}

func (s *Site) find(at string) (*file, int) {
	if f := s.files[at]; f != nil && f != s.lost {
		return f, http.StatusOK
	}
	if f := s.files[s.plain[at]]; f != nil {
		fresh := *f
		fresh.forever = false
		return &fresh, http.StatusOK
	}
	return s.lost, http.StatusNotFound
}

func (f *file) serve(w http.ResponseWriter, r *http.Request, status int) {
	encoding, body := f.choose(r.Header.Get("Accept-Encoding"))
	h := w.Header()
	h.Set("Content-Type", f.mediaType)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if f.forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	tag := f.etag
	if encoding != "" {
		tag = strings.TrimSuffix(tag, `"`) + "-" + encoding + `"`
		h.Set("Content-Encoding", encoding)
	}
	h.Set("ETag", tag)
	if status == http.StatusOK && matches(r.Header.Get("If-None-Match"), tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if body == nil {
		f.inflate(w, r, status)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// choose picks the smallest copy that the client takes. No body is returned if
// it takes none of those that are held.
func (f *file) choose(accept string) (encoding string, body []byte) {
	switch {
	case f.brotli != nil && takes(accept, "br"):
		return "br", f.brotli
	case f.gzip != nil && takes(accept, "gzip"):
		return "gzip", f.gzip
	}
	return "", f.identity
}

// inflate serves a compiled program to a client that takes no compressed copy.
func (f *file) inflate(w http.ResponseWriter, r *http.Request, status int) {
	zr, err := gzip.NewReader(bytes.NewReader(f.gzip))
	if err != nil {
		http.Error(w, "this file is damaged", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		io.Copy(w, zr)
	}
}

// takes reports whether an Accept-Encoding names an encoding and does not give
// it weight zero.
func takes(accept, encoding string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return strings.TrimSpace(weight) == "" || err == nil && q > 0
		}
	}
	return false
}

// matches reports whether an If-None-Match names the tag.
func matches(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == tag || part == "*" {
			return true
		}
	}
	return false
}
