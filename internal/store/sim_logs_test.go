package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/everspan/everspan/internal/logs"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/otlp/otlptest"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/everspan/everspan/internal/wal"
)

// logOracle is the plain truth about log records. They have no identity, so that it is
// about numbers: a payload that was acknowledged so many times is there so many times, and
// perhaps as many times more as its end is not known.
type logOracle struct {
	mu   sync.Mutex
	rng  *rand.Rand
	sent []*logPayload

	accepted, unknown int // records
}

// logPayload is some records that are sent together, of a trace that no other payload has.
type logPayload struct {
	raw              []byte
	trace            span.TraceID
	texts            []string
	acked, perhaps   int // times
	ackedAt, firstAt time.Time
}

// next returns a payload to send: one in three times it is told to send one at all, and
// now and then one that was sent before.
func (o *logOracle) next() *logPayload {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.rng.IntN(3) > 0 {
		return nil
	}
	if n := len(o.sent); n > 0 && o.rng.IntN(8) == 0 {
		return o.sent[o.rng.IntN(n)]
	}
	var drawn, l span.Logs
	spantest.RandomLogs(&drawn, o.rng, 1+o.rng.IntN(30))
	p := new(logPayload)
	for i := range p.trace {
		p.trace[i] = byte(o.rng.IntN(256))
	}
	// The same records, all of one trace.
	l.AppendRows(&drawn, span.Seq(drawn.Len()))
	l.Traces, l.Trace = span.TraceIDs{}, make([]uint32, l.Len())
	l.Traces.Code(p.trace)
	p.raw, p.texts = otlptest.Logs(&l), spantest.LogTexts(&l)
	slices.Sort(p.texts)
	o.sent = append(o.sent, p)
	return p
}

// sendLogs sends a payload of log records, or does not.
func (l *life) sendLogs() {
	o := l.logs
	p := o.next()
	if p == nil {
		return
	}
	began := time.Now()
	o.mu.Lock()
	p.perhaps++
	o.unknown += len(p.texts)
	if p.firstAt.IsZero() {
		p.firstAt = began
	}
	o.mu.Unlock()
	res, err := l.running.store.AppendLogs(context.Background(), otlp.Payload{Raw: p.raw})
	l.note("send %d log records: %v", len(p.texts), err)
	if err == nil && res.Accepted != len(p.texts) || errors.Is(err, otlp.ErrMalformed) {
		l.fail("%d log records accepted of %d, %v", res.Accepted, len(p.texts), err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil && !errors.Is(err, otlp.ErrOverloaded) && !errors.Is(err, ErrClosed) && !errors.Is(err, wal.ErrClosed) {
		return
	}
	p.perhaps--
	o.unknown -= len(p.texts)
	if err == nil {
		p.acked++
		o.accepted += len(p.texts)
		p.ackedAt = began
	}
}

// askLogs asks for the log records of a payload's trace.
func (l *life) askLogs() {
	o := l.logs
	o.mu.Lock()
	var p *logPayload
	if n := len(o.sent); n > 0 {
		p = o.sent[n-1-o.rng.IntN(min(n, 20))]
	}
	o.mu.Unlock()
	if p != nil {
		l.checkLogs(p)
	}
}

func (l *life) checkLogs(p *logPayload) {
	o := l.logs
	running, before := l.running, l.injected()
	o.mu.Lock()
	least, most := p.acked, p.acked+p.perhaps
	o.mu.Unlock()
	a := logs.Search(context.Background(), running.store, logs.Query{Trace: p.trace, Limit: logs.MaxLimit})
	l.note("log records of %s: %d, %d reasons to be partial", p.trace, len(a.Order), len(a.Partial))
	if len(a.Partial) > 0 {
		if l.injected() == before && !l.cloud.gone(running) {
			l.fail("the log records of trace %s are partial: %v", p.trace, a.Partial)
		}
		least = 0
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !p.firstAt.After(l.expiredLogsTo()) {
		least = 0
	}
	got := spantest.LogTexts(a.Records)
	slices.Sort(got)
	if err := times(got, p.texts, least, max(most, p.acked+p.perhaps)); err != nil {
		l.fail("trace %s: %v", p.trace, err)
	}
}

// times checks that got is want over and over, at least and at most so many times.
func times(got, want []string, least, most int) error {
	n := len(got) / len(want)
	var all []string
	for range n {
		all = append(all, want...)
	}
	slices.Sort(all)
	if n < least || n > most || !slices.Equal(got, all) {
		return fmt.Errorf("%d log records, want %d, %d to %d times; they are\n%swant\n%s", len(got), len(want), least, most, strings.Join(got, ""), strings.Join(want, ""))
	}
	return nil
}

func (l *life) expiredLogsTo() time.Time {
	l.cloud.mu.Lock()
	defer l.cloud.mu.Unlock()
	return l.ledger.now().expiredLogsTo
}

// logFigures is figures for log records.
func (l *life) logFigures(st Stats, page page) {
	n := 0
	for _, b := range page.Logs {
		n += b.Logs
	}
	o := l.logs
	all := n + st.HeadLogs + page.expiredLogs
	if all < o.accepted || all > o.accepted+o.unknown {
		l.fail("%d log records in blocks, %d in the head, %d expired are %d of %d sent, and %d perhaps", n, st.HeadLogs, page.expiredLogs, all, o.accepted, o.unknown)
	}
	if st.BlockLogs != n || st.LogBlocks != len(page.Logs) {
		l.fail("%d log records in %d blocks are said to be %+v", n, len(page.Logs), st)
	}
}
