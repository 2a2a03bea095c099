package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/everspan/everspan/instrument"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// call is a request to another service.
type call struct {
	to     string // service, by its name in the network
	method string
	route  string // path with its {parameters}; names the span
	path   string // path as sent; the route if empty
	span   string // span name instead of "METHOD /route"
	attrs  []attribute.KeyValue
	in     any // sent as JSON, unless nil
	out    any // filled from the JSON answer, unless nil
}

type spanNameKey struct{}

func newClient(n *network, t *instrument.Telemetry) *http.Client {
	return t.Client(&http.Client{Timeout: 10 * time.Second, Transport: reasons{n.transport()}},
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return r.Context().Value(spanNameKey{}).(string) }))
}

// do sends the request and reads the answer. An answer of 400 and above is an
// *httpError with the same status, and is recorded on the client span.
func (s *service) do(ctx context.Context, c call) error {
	if c.span == "" {
		c.span = c.method + " " + c.route
	}
	if c.path == "" {
		c.path = c.route
	}
	var body io.Reader
	if c.in != nil {
		data, err := json.Marshal(c.in)
		if err != nil {
			return fmt.Errorf("call %s: %w", c.to, err)
		}
		body = bytes.NewReader(data)
	}
	ctx = instrument.Route(context.WithValue(ctx, spanNameKey{}, c.span), c.route)
	req, err := http.NewRequestWithContext(ctx, c.method, "http://"+c.to+c.path, body)
	if err != nil {
		return fmt.Errorf("call %s: %w", c.to, err)
	}
	if c.in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return failure(http.StatusBadGateway, "call %s: %w", c.to, err)
	}
	defer res.Body.Close()

	// The client span is open until the body is read to its end.
	span := trace.SpanFromContext(res.Request.Context())
	span.SetAttributes(c.attrs...)
	if res.StatusCode >= 400 {
		err := failure(res.StatusCode, "%s: %s", c.to, res.Status)
		span.RecordError(err)
		span.SetStatus(codes.Error, res.Status)
		return err
	}
	if c.out == nil {
		_, err = io.Copy(io.Discard, res.Body)
	} else {
		err = json.NewDecoder(res.Body).Decode(c.out)
	}
	if err != nil {
		return failure(http.StatusBadGateway, "answer of %s: %w", c.to, err)
	}
	return nil
}

// reasons puts the words of an error answer into its Status ("503 Service
// Unavailable: no rates"). It works below the instrumentation, because reading
// the body ends the client span and the span wants those words.
type reasons struct{ *http.Transport }

func (t reasons) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := t.Transport.RoundTrip(r)
	if err != nil || res.StatusCode < 400 {
		return res, err
	}
	data, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(data))
	var e errorBody
	if json.Unmarshal(data, &e) == nil && e.Error != "" {
		res.Status += ": " + e.Error
	}
	return res, nil
}
