package instrument

import (
	"context"
	"fmt"
	"strings"

	"go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/contrib/propagators/b3"
	"go.opentelemetry.io/contrib/propagators/jaeger"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Propagator writes trace context in the named formats and reads these and all
// others that the kit knows: the first of its own formats that is there wins,
// then W3C, B3, Jaeger and X-Ray in this order. Formats, as in
// OTEL_PROPAGATORS: tracecontext, baggage, b3 (one header), b3multi, jaeger,
// xray, none.
//
// With no format it is what [Start] uses by default, Propagator("tracecontext",
// "baggage"). Propagator("tracecontext", "baggage", "b3multi") is for a service
// that calls others that only know B3.
func Propagator(formats ...string) (propagation.TextMapPropagator, error) {
	if len(formats) == 0 {
		formats = []string{"tracecontext", "baggage"}
	}
	p, err := newPropagator(formats)
	if err != nil {
		return nil, err
	}
	p.readAll()
	return p, nil
}

// propagatorFromEnv follows OTEL_PROPAGATORS to the letter: formats that it
// does not name are not read either.
func propagatorFromEnv() (propagation.TextMapPropagator, error) {
	list := env("OTEL_PROPAGATORS")
	if list == "" {
		return Propagator()
	}
	p, err := newPropagator(strings.Split(list, ","))
	if err != nil {
		return nil, fmt.Errorf("OTEL_PROPAGATORS: %w", err)
	}
	return p, nil
}

// multi reads the first span context that it finds, unlike OpenTelemetry's
// composite propagator, where the last one wins.
type multi struct {
	write   []propagation.TextMapPropagator
	read    []reader
	baggage bool
}

type reader struct {
	name string
	propagation.TextMapPropagator
}

var formats = map[string]propagation.TextMapPropagator{
	"tracecontext": propagation.TraceContext{},
	"b3":           b3.New(b3.WithInjectEncoding(b3.B3SingleHeader)),
	"b3multi":      b3.New(b3.WithInjectEncoding(b3.B3MultipleHeader)),
	"jaeger":       jaeger.Jaeger{},
	"xray":         xray.Propagator{},
}

func newPropagator(names []string) (*multi, error) {
	m := &multi{}
	for _, name := range names {
		name = strings.TrimSpace(name)
		switch p := formats[name]; {
		case name == "" || name == "none":
		case name == "baggage":
			m.baggage = true
			m.write = append(m.write, propagation.Baggage{})
		case p == nil:
			return nil, fmt.Errorf("%q is none of tracecontext, baggage, b3, b3multi, jaeger, xray, none", name)
		default:
			m.write = append(m.write, p)
			m.reads(name, p)
		}
	}
	return m, nil
}

func (m *multi) readAll() {
	m.baggage = true
	for _, name := range []string{"tracecontext", "b3", "jaeger", "xray"} {
		m.reads(name, formats[name])
	}
}

func (m *multi) reads(name string, p propagation.TextMapPropagator) {
	if name == "b3multi" {
		name = "b3" // either of them reads both
	}
	for _, r := range m.read {
		if r.name == name {
			return
		}
	}
	m.read = append(m.read, reader{name, p})
}

func (m *multi) Inject(ctx context.Context, c propagation.TextMapCarrier) {
	for _, p := range m.write {
		p.Inject(ctx, c)
	}
}

func (m *multi) Extract(ctx context.Context, c propagation.TextMapCarrier) context.Context {
	// A reader that finds nothing leaves what is in the context; read into an
	// empty one if there is something, to tell the two apart.
	into, empty := ctx, !trace.SpanContextFromContext(ctx).IsValid()
	if !empty {
		into = context.Background()
	}
	for _, r := range m.read {
		found := r.Extract(into, c)
		sc := trace.SpanContextFromContext(found)
		if !sc.IsValid() {
			continue
		}
		if !sc.IsSampled() && undecided(r.name, c) {
			sc = sc.WithTraceFlags(sc.TraceFlags().WithSampled(true))
		} else if r.name == "tracecontext" && empty {
			ctx = found // as it is, which saves making another
			break
		}
		ctx = trace.ContextWithRemoteSpanContext(ctx, sc)
		break
	}
	if m.baggage {
		ctx = propagation.Baggage{}.Extract(ctx, c)
	}
	return ctx
}

// undecided reports whether the caller left it to us whether the trace is
// kept. B3 and X-Ray can; what they become here, W3C's flags, can't, and
// unset would mean that the caller said no. We keep it.
func undecided(format string, c propagation.TextMapCarrier) bool {
	switch format {
	case "b3":
		if single := c.Get("b3"); single != "" {
			return strings.Count(single, "-") < 2
		}
		return c.Get("X-B3-Sampled") == ""
	case "xray":
		return !strings.Contains(c.Get("X-Amzn-Trace-Id"), "Sampled=0")
	}
	return false
}

func (m *multi) Fields() []string {
	var fields []string
	for _, p := range m.write {
		fields = append(fields, p.Fields()...)
	}
	return fields
}
