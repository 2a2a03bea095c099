//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// logsCommand measures what log records cost: the figures of spans, for records. In the
// end it kills the server while it is being sent to, starts it again and counts.
func logsCommand(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("bench logs", flag.ContinueOnError)
	records := flags.Int("records", 1_000_000, "log records to send")
	seed := flags.Uint64("seed", 1, "seed of the workload")
	data := flags.String("data", "", "folder for the server, which is kept; empty: a temporary one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "everspan-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o := &options{data: *data, protocol: "http", path: "/v1/logs", compression: "none", connections: 4}
	s, err := newServer(ctx, o, dir)
	if err != nil {
		return err
	}
	b := &logBench{o: o, s: s, records: *records}
	if err := b.prepare(*seed); err != nil {
		return err
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := b.load(ctx); err != nil {
		return err
	}
	if err := b.ask(ctx, *seed); err != nil {
		return err
	}
	if err := b.kill(ctx, *seed); err != nil {
		return err
	}
	printRows(os.Stdout, "lrll", b.rows)
	return nil
}

// logBench is a measurement under way.
type logBench struct {
	o       *options
	s       *server
	records int
	all     *payloads
	traces  []pcommon.TraceID // some of those that were sent
	rows    [][]string
}

func (b *logBench) add(name string, v float64, unit, note string) {
	b.rows = append(b.rows, []string{name, number(v), unit, note})
}

// prepare encodes the records, and measures what OpenTelemetry's own library takes only to
// unmarshal them.
func (b *logBench) prepare(seed uint64) (err error) {
	say("making %d log records", b.records)
	if b.all, err = newPayloads(false, ""); err != nil {
		return err
	}
	w := newLogWorkload(seed)
	var m plog.ProtoMarshaler
	for left := b.records; left > 0; {
		n := min(left, payloadSpans)
		raw, err := m.MarshalLogs(w.payload(n))
		if err != nil {
			return err
		}
		if err := b.all.add(payload{raw, n}); err != nil {
			return err
		}
		left -= n
	}
	b.traces = w.recent
	b.add("records", float64(b.records), "", fmt.Sprintf("%d payloads", b.all.count))
	b.add("raw OTLP", float64(b.all.bytes)/float64(b.records), "B/record", "")
	var u plog.ProtoUnmarshaler
	n, before := 0, ownCPU()
	for _, p := range b.all.held[:min(len(b.all.held), 400)] {
		if _, err := u.UnmarshalLogs(p.bytes); err != nil {
			return err
		}
		n += p.spans
	}
	b.add("pdata unmarshal", perMillion(ownCPU()-before, n), "s/M records", "the yardstick")
	return nil
}

// load sends everything and waits until the server is quiet.
func (b *logBench) load(ctx context.Context) error {
	before, err := b.s.process().cpu()
	if err != nil {
		return err
	}
	figures, err := load(ctx, b.o, b.s.otlpHTTP, b.all)
	if err != nil {
		return err
	}
	acked, err := b.s.process().cpu()
	if err != nil {
		return err
	}
	if _, err := waitQuiet(ctx, b.s.process(), b.s.http, 0); err != nil {
		return err
	}
	quiet, err := b.s.process().cpu()
	if err != nil {
		return err
	}
	peak, err := b.s.process().peak()
	if err != nil {
		return err
	}
	disk, err := measureDisk(b.s.data, b.records, false)
	if err != nil {
		return err
	}
	b.add("accepted", figures.PerSecond, "records/s", "HTTP, four connections")
	b.add("ack p50", figures.AckP50, "ms", "of a payload")
	b.add("ack p99", figures.AckP99, "ms", "")
	b.add("server CPU until last ack", perMillion(acked-before, b.records), "s/M records", "")
	b.add("server CPU total", perMillion(quiet-before, b.records), "s/M records", "flush and merging included")
	b.add("peak memory", float64(peak)/(1<<20), "MiB", "resident")
	b.add("disk", disk.PerSpan, "B/record", "all files, when quiet")
	return nil
}

// ask times searches, each checked to find something.
func (b *logBench) ask(ctx context.Context, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 0xa5c))
	day := url.Values{"from": {strconv.FormatInt(epoch/1e9, 10)}, "limit": {"100"}}
	with := func(pairs ...string) string {
		v := url.Values{}
		for k, values := range day {
			v[k] = values
		}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return "/api/v1/logs?" + v.Encode()
	}
	for _, q := range []struct {
		name string
		path func() string
		none bool
	}{
		{"logs of a trace", func() string {
			return "/api/v1/traces/" + b.traces[rng.IntN(len(b.traces))].String() + "/logs"
		}, false},
		{"newest of a service", func() string { return with("service", "cart") }, false},
		{"newest errors", func() string { return with("severity", "error") }, false},
		{"text, newest 100", func() string { return with("text", "sku-0"+strconv.Itoa(1000+rng.IntN(1000))) }, false},
		{"text that is nowhere", func() string { return with("text", "nobody wrote this") }, true},
		{"attribute user.id", func() string { return with("attribute", fmt.Sprintf("user.id=user-%05d", rng.IntN(users))) }, false},
	} {
		var times []time.Duration
		found := 0
		for began := time.Now(); len(times) < 100 && time.Since(began) < 10*time.Second; {
			at := time.Now()
			n, err := b.count(ctx, q.path())
			if err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
			times = append(times, time.Since(at))
			found += n
		}
		if (found == 0) != q.none {
			return fmt.Errorf("%s: %d records found", q.name, found)
		}
		ms := milliseconds(times)
		slices.Sort(ms)
		b.add(q.name, quantile(ms, 0.5), "ms", fmt.Sprintf("p99 %s ms, %d records on average", number(quantile(ms, 0.99)), found/len(times)))
	}
	return nil
}

// count asks, and returns how many records were found.
func (b *logBench) count(ctx context.Context, path string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.s.http+path, nil)
	if err != nil {
		return 0, err
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var doc struct {
		Logs    []struct{ Body string }
		Partial []string
	}
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
		return 0, err
	}
	if res.StatusCode != http.StatusOK || len(doc.Partial) > 0 {
		return 0, fmt.Errorf("%s, partial %v", res.Status, doc.Partial)
	}
	return len(doc.Logs), nil
}

// kill sends some more, kills the server in the middle of it, starts it again and counts:
// what was acknowledged has to be there.
func (b *logBench) kill(ctx context.Context, seed uint64) error {
	say("killing the server while it is sent to")
	w := newLogWorkload(seed + 1)
	var m plog.ProtoMarshaler
	to, err := newHTTPSender(b.s.otlpHTTP, b.o.path, "none")
	if err != nil {
		return err
	}
	defer to.close()
	pid, acked := int(b.s.process()), 0
	time.AfterFunc(1500*time.Millisecond, func() { syscall.Kill(pid, syscall.SIGKILL) })
	for {
		raw, err := m.MarshalLogs(w.payload(payloadSpans))
		if err != nil {
			return err
		}
		if to.send(ctx, raw) != nil {
			break
		}
		acked += payloadSpans
	}
	<-b.s.ended
	b.s.cmd = nil
	if err := b.s.start(ctx); err != nil {
		return err
	}
	m2, err := scrape(ctx, b.s.http)
	if err != nil {
		return err
	}
	there := int(m2["everspan_head_logs"] + m2["everspan_block_logs"])
	if least := b.records + acked; there < least || there > least+payloadSpans {
		return fmt.Errorf("after kill -9 there are %d records, %d were acknowledged", there, least)
	}
	b.add("after kill -9", float64(there), "records", fmt.Sprintf("%d were acknowledged, %d of them just before it", b.records+acked, acked))
	return nil
}
