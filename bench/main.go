//go:build linux

// Command bench measures what a server costs on a seeded workload: CPU a million
// spans, memory, disk, and the time to read a trace. It builds and starts a
// server of its own, sends spans over gRPC, reads every trace back before and
// after a restart, and prints a table, or JSON.
//
//	go run ./bench                       a million spans
//	go run ./bench --spans 200000 --verify=false
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/everspan/everspan/internal/span"
)

type report struct {
	Spans        int           `json:"spans"`
	Traces       int           `json:"traces"`
	RawBytes     float64       `json:"rawBytesPerSpan"`
	Load         loaded        `json:"load"`
	SpansPerS    float64       `json:"spansPerSecond"`
	CPUPerM      float64       `json:"cpuSecondsPerMillion"`
	UnmarshalPM  float64       `json:"pdataUnmarshalSecondsPerMillion"`
	PeakMB       float64       `json:"peakResidentMB"`
	DiskBytes    float64       `json:"diskBytesPerSpan"`
	Restart      time.Duration `json:"restartNano"`
	TraceP50     time.Duration `json:"traceByIdP50Nano"`
	TraceP99     time.Duration `json:"traceByIdP99Nano"`
	Verified     int           `json:"tracesReadBack"`
	VerifiedHead int           `json:"tracesReadBackBeforeRestart"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "generate" {
		if err := generateCommand(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	spans := flag.Int("spans", 1_000_000, "spans to send")
	connections := flag.Int("connections", 4, "gRPC connections")
	seed := flag.Uint64("seed", 1, "seed of the workload")
	memory := flag.String("memory", "512MiB", "the server's --memory")
	verify := flag.Bool("verify", true, "read every trace back, before and after a restart")
	asJSON := flag.Bool("json", false, "print JSON instead of a table")
	keep := flag.String("keep", "", "keep the server's data in this folder")
	flag.Parse()
	r, err := run(context.Background(), *spans, *connections, *seed, *memory, *verify, *keep)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if *asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		e.Encode(r)
		return
	}
	r.print()
}

func run(ctx context.Context, spans, connections int, seed uint64, memory string, verify bool, keep string) (r report, err error) {
	dir, err := os.MkdirTemp("", "everspan-bench")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	binary, data := filepath.Join(dir, "everspan"), filepath.Join(dir, "data")
	if keep != "" {
		data = keep
	}
	say("building the server")
	if err := build(ctx, binary); err != nil {
		return r, err
	}
	say("making %d spans", spans)
	w := newWorkload(seed, spans)
	var payloads []payload
	w.generate(func(p payload) error {
		payloads = append(payloads, payload{bytes.Clone(p.bytes), p.spans})
		return nil
	})
	traces := make(map[span.TraceID]int)
	for _, t := range w.sample.traces {
		traces[span.TraceID(t.id)] = t.spans
	}
	for _, p := range payloads {
		r.Spans += p.spans
		r.RawBytes += float64(len(p.bytes))
	}
	r.RawBytes /= float64(r.Spans)
	r.Traces = len(traces)
	say("unmarshalling them with pdata, for comparison")
	cost, err := unmarshalCost(payloads)
	if err != nil {
		return r, err
	}
	r.UnmarshalPM = perMillion(cost, r.Spans)

	s, err := start(binary, data, "--memory", memory)
	if err != nil {
		return r, err
	}
	say("sending over %d connections to %s", connections, s.grpc)
	if r.Load, err = load(ctx, s.grpc, connections, payloads); err != nil {
		s.stop()
		return r, err
	}
	r.SpansPerS = float64(r.Spans) / r.Load.Took.Seconds()
	cpu, err := processCPU(s.cmd.Process.Pid)
	if err != nil {
		return r, err
	}
	if verify {
		say("reading %d traces back", r.Traces)
		if r.VerifiedHead, _, err = readBack(ctx, s.http, traces); err != nil {
			s.stop()
			return r, err
		}
	}
	afterReads, err := processCPU(s.cmd.Process.Pid)
	if err != nil {
		return r, err
	}
	say("stopping")
	u, err := s.stop()
	if err != nil {
		return r, err
	}
	// Everything but the reading.
	r.CPUPerM = perMillion(u.CPU-(afterReads-cpu), r.Spans)
	r.PeakMB = float64(u.PeakRSS) / (1 << 20)
	size, err := folderSize(data)
	if err != nil {
		return r, err
	}
	r.DiskBytes = float64(size) / float64(r.Spans)

	say("starting again")
	began := time.Now()
	if s, err = start(binary, data, "--memory", memory); err != nil {
		return r, err
	}
	r.Restart = time.Since(began)
	defer s.stop()
	if verify {
		say("reading %d traces back again", r.Traces)
		var times []time.Duration
		if r.Verified, times, err = readBack(ctx, s.http, traces); err != nil {
			return r, err
		}
		slices.Sort(times)
		r.TraceP50, r.TraceP99 = times[len(times)/2], times[len(times)*99/100]
	}
	return r, nil
}

// readBack asks for every trace and compares the number of its spans.
func readBack(ctx context.Context, base string, want map[span.TraceID]int) (int, []time.Duration, error) {
	ids := make([]span.TraceID, 0, len(want))
	for id := range want {
		ids = append(ids, id)
	}
	rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	times := make([]time.Duration, len(ids))
	errs := make(chan error, 2)
	var wg sync.WaitGroup
	const askers = 2
	for a := range askers {
		wg.Go(func() {
			for i := a; i < len(ids); i += askers {
				began := time.Now()
				n, err := countSpans(ctx, base, ids[i])
				times[i] = time.Since(began)
				if err == nil && n != want[ids[i]] {
					err = fmt.Errorf("trace %s has %d spans, %d were acknowledged", ids[i], n, want[ids[i]])
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return 0, nil, err
	default:
		return len(ids), times, nil
	}
}

func countSpans(ctx context.Context, base string, id span.TraceID) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/traces/"+id.String()+"/waterfall", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var doc struct {
		SpanCount int `json:"spanCount"`
	}
	if res.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		return 0, fmt.Errorf("trace %s: %s: %s", id, res.Status, why)
	}
	err = json.NewDecoder(res.Body).Decode(&doc)
	return doc.SpanCount, err
}

func folderSize(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}

func perMillion(d time.Duration, spans int) float64 { return d.Seconds() / float64(spans) * 1e6 }

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func (r report) print() {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	row("spans", "%d in %d traces, %.0f bytes each as OTLP", r.Spans, r.Traces, r.RawBytes)
	row("accepted", "%.0f spans/s, %d refusals retried", r.SpansPerS, r.Load.Retries)
	row("server CPU", "%.2f s a million spans, flush and shutdown included", r.CPUPerM)
	row("pdata unmarshal", "%.2f s a million spans: the server costs %.2f times that", r.UnmarshalPM, r.CPUPerM/r.UnmarshalPM)
	row("peak memory", "%.0f MB resident", r.PeakMB)
	row("disk", "%.1f bytes a span", r.DiskBytes)
	row("restart", "%v", r.Restart.Round(time.Millisecond))
	if r.Verified > 0 {
		row("read back", "%d traces before the restart, %d after it: every one with the right number of spans", r.VerifiedHead, r.Verified)
		row("trace by id", "p50 %v, p99 %v, as waterfall over HTTP, two askers", r.TraceP50.Round(10*time.Microsecond), r.TraceP99.Round(10*time.Microsecond))
	}
	t.Flush()
}
