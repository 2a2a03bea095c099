package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/advise"
	"github.com/everspan/everspan/internal/logs"
	"github.com/everspan/everspan/internal/span"
)

// A shared trace is one HTML file that opens offline: the page's trace view (shared/ of the
// page's files) and the documents that it asks for, each as gzip in base64 in an element of
// its own. Its policy runs that one script, by its hash, and lets it load nothing.

const (
	sharePolicy = "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'; " +
		"require-trusted-types-for 'script'; trusted-types 'none'"
	// sharePart is how many spans stand in one element, so that a reader unpacks few to show one.
	sharePart = 512

	shareHint = "without names an attribute to leave out: span.user.id, resource.host.name, event., link., instrumentation. or log. and a key, or .user.id in all of them; logs=0 leaves the log records out"
)

// shareHeader is what a shared trace says of itself.
type shareHeader struct {
	TraceID string   `json:"traceId"`
	From    string   `json:"from"` // address of the server
	Made    string   `json:"madeUnixNano"`
	Without []string `json:"without"`
	Logs    bool     `json:"logs"`
	Part    int      `json:"part"`  // spans in an element
	Parts   int      `json:"parts"` // elements of spans
}

// without says which attributes are left out, by scope ("" for all) and key.
type without map[[2]string]bool

var shareScopes = []string{"span", "resource", "event", "link", "instrumentation", "log", ""}

func parseWithout(names []string) (without, error) {
	w := make(without)
	for _, name := range names {
		scope, key, ok := strings.Cut(name, ".")
		if !ok || key == "" || !slices.Contains(shareScopes, scope) {
			return nil, fmt.Errorf("without=%.100q names no attribute", name)
		}
		w[[2]string{scope, key}] = true
	}
	return w, nil
}

func (w without) of(scope string) func(key string) bool {
	return func(key string) bool { return w[[2]string{scope, key}] || w[[2]string{"", key}] }
}

// spans takes the attributes out of the spans, so that nothing made of them knows them.
func (w without) spans(b *span.Batch) {
	for scope, a := range attrTables(b) {
		a.Drop(w.of(scope))
	}
}

func (w without) logs(all []LogRecord) {
	in := func(scope string) func(FoundAttr) bool {
		drop := w.of(scope)
		return func(a FoundAttr) bool { return drop(a.Name) }
	}
	for i := range all {
		r := &all[i]
		r.Attributes = slices.DeleteFunc(r.Attributes, in("log"))
		r.Resource = slices.DeleteFunc(r.Resource, in("resource"))
		if w.of("resource")("service.name") {
			r.Service = ""
		}
	}
}

// share answers GET /api/v1/traces/{id}/html.
func (s *Server) share(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	drop, err := parseWithout(v["without"])
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error(), shareHint)
		return
	}
	script, style, err := s.shareFiles()
	if err != nil {
		s.internal(w, r, err)
		return
	}
	t, ok := s.known(w, r)
	if !ok {
		return
	}
	drop.spans(t.Spans)
	c := advise.NewColumns(t.Spans, t.Partial)
	tree := span.NewTree(t.Spans)
	trace := c.Header()
	h := shareHeader{TraceID: trace.TraceID, From: origin(r), Made: nano(time.Now().UnixNano()), Without: v["without"], Logs: v.Get("logs") != "0",
		Part: sharePart, Parts: (len(tree.Nodes) + sharePart - 1) / sharePart}
	records := LogAnswer{Logs: []LogRecord{}}
	if h.Logs {
		q, err := parseLogQuery(url.Values{"limit": {strconv.Itoa(logs.MaxLimit)}, "order": {"oldest"}}, time.Now(), 0)
		if err != nil {
			s.internal(w, r, err)
			return
		}
		if q.Trace, err = span.ParseTraceID(trace.TraceID); err != nil {
			s.internal(w, r, err)
			return
		}
		records, _ = s.searchLogs(r.Context(), q)
		drop.logs(records.Logs)
	}

	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="trace-%s.html"`, trace.TraceID))
	title := strings.Trim(trace.Root.Name+" · "+trace.Root.Service, " ·")
	fmt.Fprintf(w, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n"+
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>%s · Everspan</title>\n<style>%s</style>\n</head>\n<body>\n"+
		"<div id=\"page\"></div>\n<noscript>This trace is drawn by a script, which the file holds.</noscript>\n",
		fmt.Sprintf(sharePolicy, digest(script), digest(style)), html.EscapeString(title), style)
	element(w, "header", func(to io.Writer) { encode(to, h) })
	element(w, "columns", func(to io.Writer) { to.Write(c.Append(nil)) })
	element(w, "logs", func(to io.Writer) { encode(to, records) })
	for i := range h.Parts {
		element(w, fmt.Sprintf("spans-%d", i), func(to io.Writer) {
			docs := make([]*SpanDocument, 0, sharePart)
			for _, n := range tree.Nodes[i*sharePart : min((i+1)*sharePart, len(tree.Nodes))] {
				var d *SpanDocument // none for a parent that was not received
				if n.Row >= 0 {
					doc := spanDocument(t.Spans, uint32(n.Row))
					d = &doc
				}
				docs = append(docs, d)
			}
			encode(to, docs)
		})
	}
	fmt.Fprintf(w, "<script>%s</script>\n</body>\n</html>\n", script)
}

// shareFiles reads the script and the style sheet, as they stand in an HTML file.
func (s *Server) shareFiles() (script, style []byte, err error) {
	if script, err = fs.ReadFile(s.Page, "shared/shared.js"); err != nil {
		return nil, nil, err
	}
	if style, err = fs.ReadFile(s.Page, "shared/shared.css"); err != nil {
		return nil, nil, err
	}
	// In a script only these could end or hide it; there they can only be in strings.
	script = bytes.ReplaceAll(script, []byte("</script"), []byte(`<\/script`))
	return bytes.ReplaceAll(script, []byte("<!--"), []byte(`<\!--`)), style, nil
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// element writes a document that is no script, though it stands in such an element: text
// there is not parsed, and base64 can't end it.
func element(w io.Writer, id string, write func(io.Writer)) {
	fmt.Fprintf(w, "<script type=\"text/plain\" id=\"%s\">", id)
	b := base64.NewEncoder(base64.StdEncoding, w)
	z := gzip.NewWriter(b)
	write(z)
	z.Close()
	b.Close()
	io.WriteString(w, "</script>\n") // errors of all these mean that the client is gone
}

func encode(to io.Writer, v any) {
	json.NewEncoder(to).Encode(v) // an error means that the client is gone
}

// origin is the address under which the client knows this server.
func origin(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
