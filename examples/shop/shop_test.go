package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// openTestShop starts a shop that sends to a sink. close ends it, so that
// every span is in the sink.
func openTestShop(t *testing.T, script ...taxMood) (s *Shop, spans *sink, end func()) {
	t.Helper()
	return openTestShopWith(t, Options{TaxScript: script, Log: t.Output()})
}

func openTestShopWith(t *testing.T, opts Options) (s *Shop, spans *sink, end func()) {
	t.Helper()
	spans, addr := newSink(t)
	opts.Endpoint, opts.Seed, opts.Verbose = addr, 1, true
	s, err := OpenShop(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	end = func() {
		if closed {
			return
		}
		closed = true
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	t.Cleanup(end)
	return s, spans, end
}

func visitOf(t *testing.T, want int) func(visit, error) visit {
	return func(v visit, err error) visit {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if v.status != want {
			t.Fatalf("%s: status %d (%s), want %d", v.name, v.status, v.reason, want)
		}
		return v
	}
}

// named returns the one span of that name.
func named(t *testing.T, spans []sinkSpan, name string) sinkSpan {
	t.Helper()
	var found []sinkSpan
	for _, s := range spans {
		if s.Name == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d spans named %q, want one", len(found), name)
	}
	return found[0]
}

// checkTree checks that the spans are one tree, and returns its root.
func checkTree(t *testing.T, spans []sinkSpan) sinkSpan {
	t.Helper()
	ids := map[string]bool{}
	for _, s := range spans {
		ids[string(s.SpanId)] = true
	}
	var roots []sinkSpan
	for _, s := range spans {
		if len(s.ParentSpanId) == 0 {
			roots = append(roots, s)
		} else if !ids[string(s.ParentSpanId)] {
			t.Errorf("%s %q: parent %x is missing", s.service, s.Name, s.ParentSpanId)
		}
	}
	if len(roots) != 1 {
		t.Fatalf("%d roots, want one", len(roots))
	}
	return roots[0]
}

// checkErrors checks that every span with status error says why.
func checkErrors(t *testing.T, spans []sinkSpan) (errors int) {
	t.Helper()
	for _, s := range spans {
		if s.Status.GetCode() != tracepb.Status_STATUS_CODE_ERROR {
			continue
		}
		errors++
		message := s.Status.Message
		for _, e := range s.Events {
			if e.Name == "exception" {
				message += attributes(e.Attributes)["exception.message"]
			}
		}
		if message == "" {
			t.Errorf("%s %q failed without a word", s.service, s.Name)
		}
	}
	return errors
}

func TestSlowCheckout(t *testing.T) {
	t.Parallel()
	shop, sink, end := openTestShop(t, taxSlow)
	v := visitOf(t, 200)(shop.customer().checkout(t.Context(), "ada"))
	end()
	spans := sink.trace(v.traceID)
	for _, s := range spans {
		t.Logf("%-14s %-26s %-9s %7.1f ms", s.service, s.Name, strings.ToLower(strings.TrimPrefix(s.Kind.String(), "SPAN_KIND_")), float64(s.took().Microseconds())/1e3)
	}

	root := checkTree(t, spans)
	if root.Name != "POST /checkout" || root.service != "gateway" {
		t.Errorf("root is %s %q", root.service, root.Name)
	}
	services := map[string]bool{}
	for _, s := range spans {
		services[s.service] = true
		for _, key := range []string{"service.version", "service.instance.id", "deployment.environment.name", "telemetry.sdk.name"} {
			if s.resource[key] == "" {
				t.Errorf("%s has no %s", s.service, key)
			}
		}
	}
	for _, name := range []string{"gateway", "auth", "inventory", "pricing", "cart", "orders", "notifications"} {
		if !services[name] {
			t.Errorf("no span of %s", name)
		}
	}

	for _, want := range []struct {
		name, service string
		kind          tracepb.Span_SpanKind
		least         time.Duration // no upper bound: the machine may be busy
	}{
		{"POST /checkout", "gateway", tracepb.Span_SPAN_KIND_SERVER, 2100 * time.Millisecond},
		{"validateToken", "auth", tracepb.Span_SPAN_KIND_SERVER, 10 * time.Millisecond},
		{"checkAvailability", "inventory", tracepb.Span_SPAN_KIND_SERVER, 160 * time.Millisecond},
		{"pricing.calculate", "pricing", tracepb.Span_SPAN_KIND_SERVER, 1690 * time.Millisecond},
		{"db.query pricing_rules", "pricing", tracepb.Span_SPAN_KIND_CLIENT, time.Millisecond},
		{"external.taxApi", "pricing", tracepb.Span_SPAN_KIND_CLIENT, 1670 * time.Millisecond},
		{"cart.load", "cart", tracepb.Span_SPAN_KIND_SERVER, 40 * time.Millisecond},
		{"orders.place", "orders", tracepb.Span_SPAN_KIND_SERVER, 160 * time.Millisecond},
		{"publish order.placed", "orders", tracepb.Span_SPAN_KIND_PRODUCER, 0},
		{"process order.placed", "notifications", tracepb.Span_SPAN_KIND_CONSUMER, 20 * time.Millisecond},
	} {
		s := named(t, spans, want.name)
		if s.service != want.service || s.Kind != want.kind {
			t.Errorf("%q: %s of %s, want %s of %s", s.Name, s.Kind, s.service, want.kind, want.service)
		}
		if s.took() < want.least {
			t.Errorf("%q took %s, want %s at least", s.Name, s.took(), want.least)
		}
	}

	// The tax office is outside: a client span that ends there.
	tax := named(t, spans, "external.taxApi")
	for _, s := range spans {
		if string(s.ParentSpanId) == string(tax.SpanId) {
			t.Errorf("external.taxApi has a child, %q", s.Name)
		}
	}
	attrs := attributes(tax.Attributes)
	if attrs["server.address"] != taxHost || attrs["peer.service"] == "" || attrs["http.request.method"] != "GET" {
		t.Errorf("external.taxApi: attributes %v", attrs)
	}
	if q := attributes(named(t, spans, "db.query pricing_rules").Attributes); q["db.system.name"] != "sqlite" || q["db.query.text"] == "" {
		t.Errorf("db.query pricing_rules: attributes %v", q)
	}

	// The message continues the producer's trace; its batch links to the producer.
	publish, process := named(t, spans, "publish order.placed"), named(t, spans, "process order.placed")
	if string(process.ParentSpanId) != string(publish.SpanId) {
		t.Error("process order.placed is not a child of publish order.placed")
	}
	batch := named(t, sink.where(func(s sinkSpan) bool { return s.service == "notifications" }), "receive order.placed")
	if len(batch.ParentSpanId) != 0 || batch.trace() == v.traceID {
		t.Error("the batch is not a root of its own")
	}
	if len(batch.Links) != 1 || string(batch.Links[0].SpanId) != string(publish.SpanId) || string(batch.Links[0].TraceId) != string(publish.TraceId) {
		t.Errorf("the batch has links %v, want one to the producer", batch.Links)
	}
	if n := checkErrors(t, spans); n != 0 {
		t.Errorf("%d spans with an error", n)
	}
}

func TestBatchLinksToEveryProducer(t *testing.T) {
	t.Parallel()
	shop, sink, end := openTestShop(t, taxFine, taxFine, taxFine)
	visits := make(chan error)
	for _, user := range []string{"ada", "carla", "dirk"} {
		go func() {
			_, err := shop.customer().checkout(t.Context(), user)
			visits <- err
		}()
	}
	for range 3 {
		if err := <-visits; err != nil {
			t.Fatal(err)
		}
	}
	end()
	linked := map[string]int{}
	for _, s := range sink.where(func(s sinkSpan) bool { return s.Name == "receive order.placed" }) {
		for _, l := range s.Links {
			linked[string(l.SpanId)]++
		}
	}
	published := sink.where(func(s sinkSpan) bool { return s.Name == "publish order.placed" })
	if len(published) != 3 {
		t.Fatalf("%d orders published, want 3", len(published))
	}
	for _, s := range published {
		if linked[string(s.SpanId)] != 1 {
			t.Errorf("order of trace %s is linked %d times, want once", s.trace(), linked[string(s.SpanId)])
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	shop, sink, end := openTestShop(t, taxBroken, taxFine, taxBroken)
	c := shop.customer()
	stranger := shop.customer()
	stranger.key = []byte("not ours")
	ctx := t.Context()

	broken := visitOf(t, http.StatusServiceUnavailable)(c.checkout(ctx, "dirk"))
	visitOf(t, 200)(c.checkout(ctx, "dirk"))
	visitOf(t, http.StatusConflict)(c.checkout(ctx, "dirk")) // an empty cart
	visitOf(t, 200)(c.addItem(ctx, "dirk", item{"kettle", 1}))
	fallback := visitOf(t, 200)(c.checkout(ctx, "dirk"))
	invalid := visitOf(t, http.StatusUnauthorized)(stranger.checkout(ctx, "ada"))
	gone := visitOf(t, http.StatusConflict)(c.addItem(ctx, "ada", item{"pot-antique", 1}))
	visitOf(t, http.StatusBadRequest)(c.send(ctx, http.MethodPost, "/checkout", newToken(c.key, "ada"), []int{}))
	visitOf(t, 200)(c.products(ctx))
	end()

	for _, want := range []struct {
		name    string
		visit   visit
		span    string // that fails
		message string
		root    tracepb.Status_StatusCode
	}{
		{"tax office fails", broken, "external.taxApi", "503 Service Unavailable: rate table is being rebuilt", tracepb.Status_STATUS_CODE_ERROR},
		{"older tax rate is used", fallback, "external.taxApi", "503 Service Unavailable: rate table is being rebuilt", tracepb.Status_STATUS_CODE_UNSET},
		{"invalid token", invalid, "POST /token/validate", "401 Unauthorized: token is not valid", tracepb.Status_STATUS_CODE_UNSET},
		{"out of stock", gone, "POST /availability", "409 Conflict: pot-antique is out of stock: 1 wanted, 0 left", tracepb.Status_STATUS_CODE_UNSET},
	} {
		t.Run(want.name, func(t *testing.T) {
			spans := sink.trace(want.visit.traceID)
			root := checkTree(t, spans)
			if root.Status.GetCode() != want.root {
				t.Errorf("root has status %s, want %s", root.Status.GetCode(), want.root)
			}
			if checkErrors(t, spans) == 0 {
				t.Error("no span with an error")
			}
			s := named(t, spans, want.span)
			if s.Status.GetCode() != tracepb.Status_STATUS_CODE_ERROR || s.Status.Message != want.message {
				t.Errorf("%q: status %v, want message %q", s.Name, s.Status, want.message)
			}
		})
	}
	if s := named(t, sink.trace(fallback.traceID), "pricing.calculate"); len(s.Events) != 1 || s.Events[0].Name != "tax.fallback" {
		t.Errorf("pricing.calculate: events %v, want tax.fallback", s.Events)
	}
}
