package otlp

import (
	"net/http"
	"strings"
)

// Pages of any origin may send: that is how an SDK in a browser works, and what
// it sends carries no credentials of its own accord. Nothing can be read back.
// See https://fetch.spec.whatwg.org/#http-cors-protocol.
const (
	allowedHeaders = "authorization, content-encoding, content-type, traceparent, tracestate, baggage, user-agent"
	preflightAge   = "7200" // seconds; what Chrome caps it at
)

// AllowOrigin lets a page of any origin see the answer.
func AllowOrigin(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Retry-After")
}

// Preflight answers OPTIONS. Of the headers that are asked for, those that start
// with x- are allowed as well: a wildcard is not known to every browser.
func Preflight(w http.ResponseWriter, req *http.Request) {
	headers := allowedHeaders
	for name := range strings.SplitSeq(req.Header.Get("Access-Control-Request-Headers"), ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if strings.HasPrefix(name, "x-") && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == "" {
			headers += ", " + name
		}
	}
	h := w.Header()
	h.Set("Allow", "POST, OPTIONS")
	h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", headers)
	h.Set("Access-Control-Max-Age", preflightAge)
	h.Add("Vary", "Access-Control-Request-Headers")
	w.WriteHeader(http.StatusNoContent)
}
