package instrument

import (
	"context"
	"log"
	"log/slog"
	"os"
	"reflect"
	"slices"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	otellog "go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"
)

// LogHandler returns a handler that writes records to out with trace_id and
// span_id, always at the top, and sends them to provider as well, if it is not
// nil. What out does not log at its level is not sent either. [New] makes one;
// this is for a program that puts its handlers together itself.
func LogHandler(out slog.Handler, provider otellog.LoggerProvider) slog.Handler {
	return newHandler(out, provider)
}

func newHandler(out slog.Handler, provider otellog.LoggerProvider) *handler {
	h := &handler{out: out, top: out}
	if provider != nil {
		h.send = otelslog.NewHandler(scope, otelslog.WithLoggerProvider(provider))
	}
	return h
}

// localHandler is where lines are written when the program said nothing.
//
// The handler that slog begins with writes to package log, which Start turns
// back to slog: a line would go round for ever. It is replaced by text to where
// package log writes; a handler of an earlier Start by what that one wrote to.
func localHandler(given slog.Handler) slog.Handler {
	if given == nil {
		given = slog.Default().Handler()
	}
	if h, ok := given.(*handler); ok {
		return h.top
	}
	if t := reflect.TypeOf(given); t.Kind() != reflect.Pointer || t.Elem().PkgPath() != "log/slog" || t.Elem().Name() != "defaultHandler" {
		return given
	}
	w := log.Writer()
	if t := reflect.TypeOf(w); t.Kind() == reflect.Pointer && t.Elem().PkgPath() == "log/slog" {
		w = os.Stderr // package log has been turned to slog already
	}
	return slog.NewTextHandler(w, nil)
}

// handler writes a record with the ids of its trace and span. Handlers put
// what is added to a record into the open group; the ids belong to the top, so
// with an open group the record is built anew on top of the handler before it.
type handler struct {
	send   slog.Handler // to the collector; knows the ids from the context
	out    slog.Handler // with all groups and attributes
	top    slog.Handler // with the attributes before the first group
	groups []openGroup
}

type openGroup struct {
	name  string
	attrs []slog.Attr
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.out.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if h.send != nil {
		_ = h.send.Handle(ctx, r) // queues; it has no error to tell
	}
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return h.out.Handle(ctx, r)
	}
	trace, span := slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String())
	if len(h.groups) == 0 {
		r = r.Clone()
		r.AddAttrs(trace, span)
		return h.out.Handle(ctx, r)
	}
	inner := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool { inner = append(inner, a); return true })
	for _, g := range slices.Backward(h.groups) {
		inner = []slog.Attr{{Key: g.name, Value: slog.GroupValue(slices.Concat(g.attrs, inner)...)}}
	}
	flat := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	flat.AddAttrs(inner...)
	flat.AddAttrs(trace, span)
	return h.top.Handle(ctx, flat)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	c := *h
	if c.send != nil {
		c.send = h.send.WithAttrs(attrs)
	}
	c.out = h.out.WithAttrs(attrs)
	if n := len(h.groups); n == 0 {
		c.top = c.out
	} else {
		c.groups = slices.Clone(h.groups)
		c.groups[n-1].attrs = slices.Concat(h.groups[n-1].attrs, attrs)
	}
	return &c
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	if c.send != nil {
		c.send = h.send.WithGroup(name)
	}
	c.out = h.out.WithGroup(name)
	c.groups = append(slices.Clone(h.groups), openGroup{name: name})
	return &c
}
