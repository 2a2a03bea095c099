//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// logWorkload makes the log of the shop: the instances of its services write lines about
// requests, some ten of a trace, as slog, Logback and print statements do. The same seed
// makes the same bytes.
type logWorkload struct {
	rng       *rand.Rand
	instances []*instance
	now       int64
	open      []logTrace // requests that are under way
	recent    []pcommon.TraceID
}

// logTrace is a request and how many lines are still to be written about it.
type logTrace struct {
	id   pcommon.TraceID
	user uint32
	left int
}

func newLogWorkload(seed uint64) *logWorkload {
	w := &logWorkload{rng: rand.New(rand.NewPCG(seed, 0x106)), now: epoch}
	_, w.instances = newFleet(w.rng)
	return w
}

// openTraces is how many requests are under way at a time.
const openTraces = 200

// logLines are what is written: with attributes, and as text that has everything in it.
var logLines = []struct {
	severity plog.SeverityNumber
	level    string
	often    int
	write    func(w *logWorkload, t *logTrace, r plog.LogRecord)
}{
	{plog.SeverityNumberInfo, "INFO", 30, func(w *logWorkload, t *logTrace, r plog.LogRecord) {
		r.Body().SetStr("request handled")
		r.Attributes().PutStr("http.route", []string{"/cart", "/checkout", "/product/{id}", "/search"}[w.rng.IntN(4)])
		r.Attributes().PutInt("http.response.status_code", 200)
		r.Attributes().PutDouble("duration_ms", float64(int(w.rng.ExpFloat64()*30_000))/1000)
		r.Attributes().PutStr("user.id", fmt.Sprintf("user-%05d", t.user))
	}},
	{plog.SeverityNumberInfo, "INFO", 20, func(w *logWorkload, t *logTrace, r plog.LogRecord) {
		r.Body().SetStr(fmt.Sprintf("reserved %d of sku-%05d for user-%05d, %d left", 1+w.rng.IntN(3), w.rng.IntN(20_000), t.user, w.rng.IntN(500)))
	}},
	{plog.SeverityNumberDebug, "DEBUG", 25, func(w *logWorkload, t *logTrace, r plog.LogRecord) {
		r.Body().SetStr("cache lookup")
		r.Attributes().PutStr("cache.key", fmt.Sprintf("product:%d", 10_000+w.rng.IntN(500_000)))
		r.Attributes().PutBool("cache.hit", w.rng.IntN(4) > 0)
	}},
	{plog.SeverityNumberInfo, "INFO", 15, func(w *logWorkload, t *logTrace, r plog.LogRecord) {
		r.Body().SetStr(fmt.Sprintf("SELECT id, email, name, locale FROM users WHERE id = $1 took %d µs, 1 row", 200+w.rng.IntN(3000)))
		r.Attributes().PutStr("db.system.name", "postgresql")
	}},
	{plog.SeverityNumberWarn, "WARN", 8, func(w *logWorkload, t *logTrace, r plog.LogRecord) {
		r.Body().SetStr("retrying a call that failed")
		r.Attributes().PutInt("attempt", int64(1+w.rng.IntN(4)))
		r.Attributes().PutStr("server.address", []string{"pricing", "inventory", "fraud"}[w.rng.IntN(3)])
	}},
	{plog.SeverityNumberError, "ERROR", 2, func(w *logWorkload, t *logTrace, r plog.LogRecord) {
		r.Body().SetStr("payment refused")
		r.Attributes().PutStr("exception.type", "java.net.SocketTimeoutException")
		r.Attributes().PutStr("exception.message", fmt.Sprintf("Read timed out after %d ms", 1000+w.rng.IntN(9000)))
		r.Attributes().PutStr("exception.stacktrace", logStacks[w.rng.IntN(len(logStacks))])
	}},
}

// logStacks are what exceptions bring along.
var logStacks = func() (all []string) {
	for n := range 12 {
		text := "java.net.SocketTimeoutException: Read timed out\n"
		for depth := range 20 {
			text += fmt.Sprintf("\tat shop.payment.%c.call%d(Client.java:%d)\n", 'A'+byte((n+depth)%26), n*depth%17, 10+n*7+depth*13)
		}
		all = append(all, text)
	}
	return all
}()

// payload makes the next request, with records of as many instances as a collector's batch
// has.
func (w *logWorkload) payload(records int) plog.Logs {
	out := plog.NewLogs()
	for left := records; left > 0; {
		i := w.instances[w.rng.IntN(len(w.instances))]
		group := out.ResourceLogs().AppendEmpty()
		a := group.Resource().Attributes()
		a.PutStr("service.name", i.service.name)
		a.PutStr("service.namespace", "shop")
		a.PutStr("service.version", "3.14.1")
		a.PutStr("service.instance.id", fmt.Sprintf("%s-%d", i.service.name, i.number))
		a.PutStr("host.name", "node-"+i.address)
		a.PutStr("host.ip", i.address)
		a.PutStr("k8s.pod.name", fmt.Sprintf("%s-7f9c6-%04x", i.service.name, i.number*7919))
		a.PutStr("deployment.environment.name", "production")
		a.PutStr("telemetry.sdk.language", i.service.language)
		a.PutInt("process.pid", int64(1000+i.number))
		in := group.ScopeLogs().AppendEmpty()
		in.Scope().SetName("shop." + i.service.name)
		n := min(left, 5+w.rng.IntN(60))
		left -= n
		for range n {
			w.record(in.LogRecords().AppendEmpty())
		}
	}
	return out
}

func (w *logWorkload) record(r plog.LogRecord) {
	w.now += int64(w.rng.ExpFloat64() * 1.8e6) // two million in an hour
	r.SetTimestamp(pcommon.Timestamp(w.now))
	r.SetObservedTimestamp(pcommon.Timestamp(w.now + int64(w.rng.IntN(50_000))))
	for len(w.open) < openTraces {
		t := logTrace{user: w.rng.Uint32N(users), left: 1 + w.rng.IntN(20)}
		for k := range t.id {
			t.id[k] = byte(w.rng.UintN(256))
		}
		w.open = append(w.open, t)
		if w.rng.IntN(20) == 0 {
			w.recent = append(w.recent, t.id)
		}
	}
	at := w.rng.IntN(len(w.open))
	t := &w.open[at]
	if w.rng.IntN(20) > 0 { // one line of twenty is about no request
		r.SetTraceID(t.id)
		r.SetFlags(plog.DefaultLogRecordFlags.WithIsSampled(true))
		var id pcommon.SpanID
		for k := range id {
			id[k] = byte(w.rng.UintN(256))
		}
		r.SetSpanID(id)
	}
	pick := w.rng.IntN(100)
	for _, line := range logLines {
		if pick -= line.often; pick < 0 {
			r.SetSeverityNumber(line.severity)
			r.SetSeverityText(line.level)
			line.write(w, t, r)
			break
		}
	}
	if t.left--; t.left == 0 {
		w.open[at] = w.open[len(w.open)-1]
		w.open = w.open[:len(w.open)-1]
	}
}
