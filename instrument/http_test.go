package instrument_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/everspan/everspan/instrument"
	"github.com/everspan/everspan/instrument/tracetest"
)

func TestHTTP(t *testing.T) {
	shop, stock := tracetest.New(t), tracetest.New(t)

	inner := http.NewServeMux()
	inner.HandleFunc("GET /items/{sku}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.PathValue("sku")) })
	stockServer := httptest.NewServer(stock.Handler(inner))
	defer stockServer.Close()

	client := shop.Client(nil)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		req, _ := http.NewRequestWithContext(instrument.Route(r.Context(), "/items/{sku}"), http.MethodGet, stockServer.URL+"/items/7", nil)
		res, err := client.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		_, _ = io.Copy(w, res.Body)
	})
	mux.HandleFunc("/panic/", func(http.ResponseWriter, *http.Request) { panic("boom") })
	mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	server := httptest.NewUnstartedServer(shop.Handler(mux))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()

	for _, path := range []string{"/orders/o-17", "/nowhere/8", "/panic/9", "/abort"} {
		// A client sends a request again when a kept connection breaks.
		once := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		if res, err := once.Get(server.URL + path); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}
	shop.Expect(`
		GET /orders/{id}
		  GET /items/{sku}
		GET
		GET /panic/ !
		GET /abort !
	`)
	stock.Expect("GET /items/{sku} (remote)")
	if got := shop.Span("GET /orders/{id}").Attr("http.route"); got != "/orders/{id}" {
		t.Errorf("http.route = %q", got)
	}
	if got := shop.Span("GET /items/{sku}").Attr("url.template"); got != "/items/{sku}" {
		t.Errorf("url.template = %q", got)
	}
	if got := stock.Span("GET /items/{sku}").SpanContext().TraceID(); got != shop.Span("GET /orders/{id}").SpanContext().TraceID() {
		t.Error("two traces, want one")
	}
	if got := shop.Span("GET /panic/").Event("exception", "exception.message"); got != "boom" {
		t.Errorf("exception.message = %q", got)
	}
	if got := shop.Span("GET /abort").Event("exception", "exception.message"); got != "" {
		t.Errorf("giving up a request was recorded as %q", got)
	}
}

// TestCloseIdleConnections reaches through what traces a client.
func TestCloseIdleConnections(t *testing.T) {
	closed := make(chan struct{})
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			close(closed)
		}
	}
	server.Start()
	defer server.Close()
	client := instrument.Client(&http.Client{Transport: new(http.Transport)})
	res, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	res.Body.Close()
	client.CloseIdleConnections()
	select {
	case <-closed:
	case <-time.After(20 * time.Second):
		t.Fatal("the connection is still open")
	}
}
