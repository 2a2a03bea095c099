package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// taxHost is the name under which the tax office is reached.
const taxHost = "api.tax.example"

// taxMood is how the tax office answers a request.
type taxMood int

const (
	taxFine taxMood = iota
	taxSlow
	taxBroken
)

// taxAPI belongs to somebody else: it has no tracing at all, so a request to
// it ends, in the trace, at our own client span.
type taxAPI struct {
	dice   *dice
	server *http.Server

	mu     sync.Mutex
	script []taxMood // next answers; then chance decides
	slow   float64   // share of slow answers
	broken float64   // share of failed answers
}

// taxRates is the value added tax in percent.
var taxRates = map[string]int{"DE": 19, "FR": 20, "IT": 22, "NL": 21, "SE": 25}

func newTaxAPI(d *dice, script []taxMood) *taxAPI {
	t := &taxAPI{dice: d, script: script, slow: 0.06, broken: 0.05}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/rates/{country}", t.rate)
	t.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	return t
}

func (t *taxAPI) serve(ln net.Listener, log *slog.Logger) {
	go func() {
		if err := t.server.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
			log.Error("tax API stopped", "error", err)
		}
	}()
}

func (t *taxAPI) mood() taxMood {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.script) > 0 {
		next := t.script[0]
		t.script = t.script[1:]
		return next
	}
	switch {
	case t.dice.chance(t.slow):
		return taxSlow
	case t.dice.chance(t.broken):
		return taxBroken
	}
	return taxFine
}

func (t *taxAPI) rate(w http.ResponseWriter, r *http.Request) {
	mood := t.mood()
	took := t.dice.around(60 * time.Millisecond)
	if mood == taxSlow {
		took = 1750*time.Millisecond + time.Duration(t.dice.pick(20))*time.Millisecond
	}
	if pause(r.Context(), took) != nil {
		return // the caller has left
	}
	w.Header().Set("Content-Type", "application/json")
	rate, known := taxRates[r.PathValue("country")]
	switch {
	case mood == taxBroken:
		w.WriteHeader(http.StatusServiceUnavailable)
		_ = json.NewEncoder(w).Encode(errorBody{"rate table is being rebuilt"})
	case !known:
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(errorBody{"no such country"})
	default:
		_ = json.NewEncoder(w).Encode(taxAnswer{rate})
	}
}

type taxAnswer struct {
	Percent int `json:"percent"`
}
