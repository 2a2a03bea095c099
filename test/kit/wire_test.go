package kit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"github.com/everspan/everspan/instrument"
	"github.com/everspan/everspan/instrument/tracetest"
)

// broker sends messages to one queue and receives them there.
type broker[M any] struct {
	verb  string // of the producer span
	queue string // as it stands in span names
	at    string // the same, for the consumer, if that differs
	send  func(ctx context.Context, body string) error
	next  func() M // waits for the next message
	body  func(M) string

	process      func(ctx context.Context, m M, fn func(context.Context) error) error
	processBatch func(ctx context.Context, batch []M, fn func(context.Context, M) error) []error
}

var errMailbox = errors.New("mailbox is full")

// roundTrip sends three messages from three traces. What comes out at the
// other side continues these traces, one message by itself and two in a batch.
func roundTrip[M any](t *testing.T, shop, mail *tracetest.Recorder, b broker[M]) {
	t.Helper()
	if b.at == "" {
		b.at = b.queue
	}
	member, _ := baggage.NewMember("user", "bob")
	bag, _ := baggage.New(member)
	ctx := baggage.ContextWithBaggage(shop.Context(t.Context()), bag)
	for i := range 3 {
		err := instrument.Do(ctx, fmt.Sprint("order.place ", i), func(ctx context.Context) error { return b.send(ctx, fmt.Sprint(i)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	send := b.verb + " " + b.queue
	shop.Expect("order.place 0\n " + send + "\norder.place 1\n " + send + "\norder.place 2\n " + send)

	check := func(ctx context.Context, m M) error {
		sc := trace.SpanContextFromContext(ctx)
		if want := shop.Span("order.place " + b.body(m)).SpanContext().TraceID(); sc.TraceID() != want {
			t.Errorf("message %s is processed in trace %s, want %s", b.body(m), sc.TraceID(), want)
		}
		if got := baggage.FromContext(ctx).Member("user").Value(); got != "bob" {
			t.Errorf("message %s has baggage %q, want bob", b.body(m), got)
		}
		return nil
	}
	mailCtx := mail.Context(t.Context())
	first := b.next()
	if err := b.process(mailCtx, first, func(ctx context.Context) error { return check(ctx, first) }); err != nil {
		t.Error(err)
	}
	batch := []M{b.next(), b.next()}
	errs := b.processBatch(mailCtx, batch, func(ctx context.Context, m M) error {
		if b.body(m) == "2" {
			return errors.Join(check(ctx, m), errMailbox)
		}
		return check(ctx, m)
	})
	if len(errs) != 2 || errs[0] != nil || !errors.Is(errs[1], errMailbox) {
		t.Errorf("errors of the batch: %v", errs)
	}
	mail.Expect("process " + b.at + " (remote)\nreceive " + b.at + " !\nprocess " + b.at + " (remote)\nprocess " + b.at + " ! (remote)")
	if n := len(mail.Span("receive " + b.at).Links()); n != 2 {
		t.Errorf("the batch has %d links, want one to each sender", n)
	}
}

// attr is an attribute of the first span with this name.
func attr(r *tracetest.Recorder, name, key string) string {
	for _, s := range r.Spans() {
		if s.Name() == name {
			return tracetest.Span{ReadOnlySpan: s}.Attr(key)
		}
	}
	return ""
}

// freePort is one that nobody listens on at this moment.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// notTested says in a way that is seen that something is not tested here.
func notTested(t *testing.T, what string, err error) {
	t.Helper()
	fmt.Printf("\nNOT TESTED: %s: %v\n\n", what, err)
	t.Skipf("%s: %v", what, err)
}
