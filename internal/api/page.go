package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// pagePolicy lets the page run its own files and ask its own server, and nothing else:
// whatever a span carries is text. https://www.w3.org/TR/CSP3/
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types everspan"

// pagePaths are the addresses that the page knows; it has one file for all of them.
var pagePaths = []string{"GET /{$}", "GET /trace/{id}", "GET /services", "GET /compare"}

// page serves the files of the page. Those below /assets/ have their content in their name,
// and never change.
func (s *Server) page(mux *http.ServeMux) {
	for _, p := range pagePaths {
		mux.HandleFunc(p, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" && !strings.Contains(r.Header.Get("Accept"), "text/html") {
				s.index(w, r) // for who looks with curl
				return
			}
			w.Header().Set("Cache-Control", "no-cache")
			s.pageFile(w, r, "index.html")
		})
	}
	mux.HandleFunc("GET /icon.svg", func(w http.ResponseWriter, r *http.Request) { s.pageFile(w, r, "icon.svg") })
	mux.HandleFunc("GET /assets/{file}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		s.pageFile(w, r, "assets/"+r.PathValue("file"))
	})
}

func (s *Server) pageFile(w http.ResponseWriter, r *http.Request, name string) {
	content, err := fs.ReadFile(s.Page, name)
	if err != nil {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "the page has no such file: reload it, it may be of another version", http.StatusNotFound)
		return
	}
	sum := sha256.Sum256(content)
	h := w.Header()
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}
