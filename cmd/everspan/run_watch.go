package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"
	"unicode"

	"github.com/everspan/everspan/internal/advise"
	"github.com/everspan/everspan/internal/api"
	"github.com/everspan/everspan/internal/traceql"
)

const (
	watchPoll = 500 * time.Millisecond
	endPoll   = 150 * time.Millisecond
)

// watch looks for the first trace of a service, beside the program.
type watch struct {
	serverFlag
	query url.Values
	done  chan error         // nil once the trace has been told, or why it can't be looked for
	stop  context.CancelFunc // ends the looking
	ended chan struct{}      // closed when the program has ended
}

// watchTraces begins to look for traces of a service since a time.
func watchTraces(s serverFlag, service string, since time.Time) *watch {
	name := traceql.Static{Type: traceql.String, Str: service}
	of := &traceql.Pipeline{From: &traceql.Filter{Expr: &traceql.Binary{
		Op: traceql.OpEqual, L: &traceql.Attribute{Scope: traceql.ScopeResource, Name: "service.name"}, R: &name,
	}}}
	ctx, stop := context.WithCancel(context.Background())
	w := &watch{
		serverFlag: s, done: make(chan error, 1), stop: stop, ended: make(chan struct{}),
		query: url.Values{"q": {of.String()}, "from": {since.UTC().Format(time.RFC3339Nano)}, "limit": {"1"}, "spans": {"1"}},
	}
	go w.look(ctx)
	return w
}

// end waits a moment for the trace of the program, which has ended, and tells what
// to check when there is none.
func (w *watch) end(patience time.Duration, checks string) {
	defer w.stop()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, passedOn...)
	defer signal.Stop(interrupted)
	close(w.ended)
	select {
	case err := <-w.done:
		if err != nil {
			say("no trace can be looked for: %s", err)
		}
	case <-interrupted:
	case <-time.After(patience):
		w.stop()
		say("no trace came. %s", checks)
	}
}

// look asks until a trace is there that no longer grows, and tells it.
func (w *watch) look(ctx context.Context) {
	var last api.TraceSummary
	ended, poll := w.ended, watchPoll
	for {
		select {
		case <-ctx.Done():
			return
		case <-ended:
			ended, poll = nil, endPoll
		case <-time.After(poll):
		}
		now, err := w.newest(ctx, last.TraceID)
		var unanswered *hinted
		switch {
		case errors.Is(err, context.Canceled):
			return
		case errors.As(err, &unanswered) && ended == nil:
			w.done <- err
			return
		case err != nil: // a program may run for long, and its server come and go
			continue
		}
		if now.TraceID == last.TraceID && now.SpanCount == last.SpanCount {
			w.tell(now)
			w.done <- nil
			return
		}
		last = now
	}
}

var errNone = errors.New("none yet")

// newest returns the newest trace, or the one that was seen before as it is now.
func (w *watch) newest(ctx context.Context, seen string) (api.TraceSummary, error) {
	query := w.query
	if seen != "" {
		query = url.Values{"q": {`{ trace:id = "` + seen + `" }`}, "from": w.query["from"], "limit": {"1"}, "spans": {"1"}}
	}
	doc, _, err := w.ask(ctx, query)
	if err != nil {
		return api.TraceSummary{}, err
	}
	if len(doc.Traces) == 0 {
		return api.TraceSummary{}, errNone
	}
	return doc.Traces[0].TraceSummary, nil
}

// tell says how to open the trace.
func (w *watch) tell(t api.TraceSummary) {
	open := "everspan trace " + t.TraceID
	if server := strings.TrimRight(withScheme(w.Server), "/"); server != defaultServer {
		open += " --server " + server
	}
	spans := fmt.Sprintf("%d spans", t.SpanCount)
	if t.SpanCount == 1 {
		spans = "1 span"
	}
	if t.ErrorCount > 0 {
		spans += fmt.Sprintf(", %d failed", t.ErrorCount)
	}
	say("first trace: %s · %s · %s\n  %s", printable(t.Name), advise.FormatDuration(t.DurationNano), spans, open)
}

// printable keeps what a sender has written from steering the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '�'
	}, text)
}
