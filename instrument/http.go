package instrument

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Handler makes a span for each request that h answers, continues the trace
// of its caller, and measures it. The span is called by the route that
// http.ServeMux chose, "GET /orders/{id}", which is http.route as well; a
// request without a route is called by its method alone.
//
// The route is seen if the mux is h itself or behind middleware that passes
// the request on as it is. Middleware that makes another (WithContext) belongs
// around Handler, not inside. A panic is recorded and goes on.
func Handler(h http.Handler, opts ...otelhttp.Option) http.Handler {
	return otelhttp.NewHandler(&routed{h}, "", opts...)
}

// Handler is [Handler] for a service that was made by [New].
func (t *Telemetry) Handler(h http.Handler, opts ...otelhttp.Option) http.Handler {
	return Handler(h, append(t.httpOptions(), opts...)...)
}

func (t *Telemetry) httpOptions() []otelhttp.Option {
	return []otelhttp.Option{otelhttp.WithTracerProvider(t.tracers), otelhttp.WithMeterProvider(t.meters), otelhttp.WithPropagators(t.propagator)}
}

// routed sets what is known only once the mux has chosen a route. otelhttp
// takes the span's name from the route afterwards, unless there is a panic.
type routed struct{ next http.Handler }

func (h *routed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	returned := false
	defer func() {
		span := trace.SpanFromContext(r.Context())
		if r.Pattern != "" {
			span.SetAttributes(semconv.HTTPRoute(route(r.Pattern)))
		}
		if returned {
			return
		}
		if r.Pattern != "" {
			span.SetName(r.Method + " " + route(r.Pattern))
		}
		value := recover()
		// net/http's way to give up a request is no exception. The span ends
		// here, because the SDK records whatever panic it ends by.
		if err, ok := value.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			span.SetAttributes(semconv.HTTPResponseStatusCode(http.StatusInternalServerError))
			panicked(span, value)
			return
		}
		span.SetStatus(codes.Error, "aborted")
		span.End()
		panic(value)
	}()
	h.next.ServeHTTP(w, r)
	returned = true
}

// route is a pattern of http.ServeMux without method and host.
func route(pattern string) string {
	if i := strings.IndexByte(pattern, '/'); i > 0 {
		return pattern[i:]
	}
	return pattern
}

// Transport makes a span for each request that base sends, and tells the other
// side the trace. Nil is http.DefaultTransport. Spans are called by the method
// alone, unless the request's context has a [Route].
func Transport(base http.RoundTripper, opts ...otelhttp.Option) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return transport{otelhttp.NewTransport(templated{base}, append([]otelhttp.Option{otelhttp.WithSpanNameFormatter(clientName)}, opts...)...), base}
}

// transport lets CloseIdleConnections of an http.Client reach the transport that has
// them, which otelhttp's hides.
type transport struct {
	http.RoundTripper
	base http.RoundTripper
}

func (t transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// Transport is [Transport] for a service that was made by [New].
func (t *Telemetry) Transport(base http.RoundTripper, opts ...otelhttp.Option) http.RoundTripper {
	return Transport(base, append(t.httpOptions(), opts...)...)
}

// Client returns a copy of c whose requests are traced. Nil is an
// http.Client without settings.
func Client(c *http.Client, opts ...otelhttp.Option) *http.Client {
	if c == nil {
		c = &http.Client{}
	}
	traced := *c
	traced.Transport = Transport(c.Transport, opts...)
	return &traced
}

// Client is [Client] for a service that was made by [New].
func (t *Telemetry) Client(c *http.Client, opts ...otelhttp.Option) *http.Client {
	return Client(c, append(t.httpOptions(), opts...)...)
}

type routeKey struct{}

// Route returns a context for a request whose path has this template, as
// "/orders/{id}": its client span is called "GET /orders/{id}" and has the
// attribute url.template.
func Route(ctx context.Context, template string) context.Context {
	return context.WithValue(ctx, routeKey{}, template)
}

func clientName(_ string, r *http.Request) string {
	if route, ok := r.Context().Value(routeKey{}).(string); ok {
		return r.Method + " " + route
	}
	return r.Method
}

// templated sets url.template, which otelhttp has no option for.
type templated struct{ http.RoundTripper }

func (t templated) RoundTrip(r *http.Request) (*http.Response, error) {
	if route, ok := r.Context().Value(routeKey{}).(string); ok {
		trace.SpanFromContext(r.Context()).SetAttributes(attribute.String("url.template", route))
	}
	return t.RoundTripper.RoundTrip(r)
}
