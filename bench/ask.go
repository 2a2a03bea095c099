//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// queryFigures are the times of one kind of query.
type queryFigures struct {
	Kind  string `json:"kind"`
	Count int    `json:"count"`
	// Cold is the first query that a new process answers. The system's page cache is
	// warm: to empty it takes rights that a benchmark should not have. 0 if the server
	// is not ours.
	Cold  float64 `json:"coldMs,omitempty"`
	P50   float64 `json:"p50Ms"`
	P95   float64 `json:"p95Ms"`
	P99   float64 `json:"p99Ms"`
	Max   float64 `json:"maxMs"`
	CPU   float64 `json:"serverCPUMs"` // a query
	Bytes float64 `json:"bytes"`       // of an answer, mean
	Found float64 `json:"found"`       // spans or traces in an answer, mean
	Error string  `json:"error,omitempty"`
}

// Before a kind is measured it is asked a few times, so that the page cache and
// what the server keeps are warm.
const (
	warmUps       = 5
	kindTimeLimit = 30 * time.Second
	verifySample  = 2_000
)

// client asks without compression, which would hide the size and cost the server.
var client = &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 4}, Timeout: 5 * time.Minute}

// get asks one question and returns the time to the answer's last byte.
func (a *asker) get(ctx context.Context, q question, buffer []byte) (body []byte, took time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+q.path, nil)
	if err != nil {
		return buffer, 0, err
	}
	if q.accept != "" {
		req.Header.Set("Accept", q.accept)
	}
	began := time.Now()
	res, err := client.Do(req)
	if err != nil {
		return buffer, 0, err
	}
	defer res.Body.Close()
	body, err = readAll(res.Body, buffer[:0])
	took = time.Since(began)
	if want := max(q.status, http.StatusOK); err == nil && res.StatusCode != want {
		err = fmt.Errorf("%s: %s, want %d: %.300q", q.path, res.Status, want, body)
	}
	if why := res.Header.Get("X-Everspan-Partial"); err == nil && why != "" {
		err = fmt.Errorf("%s: the answer is partial: %s", q.path, why)
	}
	return body, took, err
}

// readAll reads into a buffer that is used again and again.
func readAll(r io.Reader, to []byte) ([]byte, error) {
	for {
		to = slices.Grow(to, 64<<10)
		n, err := r.Read(to[len(to):cap(to)])
		to = to[:len(to)+n]
		if err == io.EOF {
			return to, nil
		}
		if err != nil {
			return to, err
		}
	}
}

// check counts what is in the answer and compares it with what was sent.
func (q question) check(body []byte) (found int, err error) {
	if q.count == nil {
		return 0, nil
	}
	found, err = q.count(body)
	if err == nil && q.want >= 0 && found != q.want {
		err = fmt.Errorf("%s has %d, by what was sent it should have %d", q.path, found, q.want)
		if found > q.want {
			err = fmt.Errorf("%w; was the same --seed sent to this server before?", err)
		}
	}
	return found, err
}

// askAll measures every kind of query, one after the other.
func (a *asker) askAll(ctx context.Context, queries int) (all []queryFigures, err error) {
	for _, kind := range queryKinds {
		if kind.api != "" && kind.api != a.api {
			continue
		}
		n := (queries*kind.part + 99) / 100
		if n == 0 {
			continue
		}
		f, ok, err := a.askKind(ctx, kind, n)
		if err != nil {
			return all, err
		}
		if ok {
			all = append(all, f)
		}
	}
	return all, nil
}

func (a *asker) askKind(ctx context.Context, kind queryKind, n int) (f queryFigures, ok bool, err error) {
	f.Kind = kind.name
	var times []time.Duration
	var body []byte
	var before time.Duration
	if a.restart != nil {
		if err := a.restart(); err != nil {
			return f, true, err
		}
	}
	first := -min(warmUps, n)
	start := time.Now()
	for i := first; i < n; i++ {
		if i == 0 {
			start = time.Now()
			if before, err = a.process.cpu(); err != nil {
				return f, true, err
			}
		}
		q, ok := kind.ask(a)
		if !ok {
			return f, false, nil // the run has no such trace
		}
		var took time.Duration
		if body, took, err = a.get(ctx, q, body); ctx.Err() != nil {
			return f, true, ctx.Err()
		}
		found := 0
		if err == nil {
			found, err = q.check(body)
		}
		if err != nil {
			// The other kinds may still work.
			say("  %s: %v", kind.name, err)
			f.Error = err.Error()
			break
		}
		if i == first && a.restart != nil {
			f.Cold = float64(took) / float64(time.Millisecond)
		}
		if i < 0 {
			continue
		}
		times = append(times, took)
		f.Bytes += float64(len(body))
		f.Found += float64(found)
		if time.Since(start) > kindTimeLimit {
			break
		}
	}
	if f.Count = len(times); f.Count == 0 {
		return f, true, nil
	}
	after, err := a.process.cpu()
	if err != nil {
		return f, true, err
	}
	f.CPU = float64(after-before) / float64(f.Count) / float64(time.Millisecond)
	f.Bytes /= float64(f.Count)
	f.Found /= float64(f.Count)
	ms := milliseconds(times)
	f.P50, f.P95, f.P99, f.Max = quantile(ms, 0.5), quantile(ms, 0.95), quantile(ms, 0.99), ms[len(ms)-1]
	return f, true, nil
}

// verify reads traces back, two at a time, and compares the numbers of spans. It
// returns how many it read.
func (a *asker) verify(ctx context.Context, which string) (int, error) {
	traces := slices.Clone(a.sent.traces)
	a.rng.Shuffle(len(traces), func(i, j int) { traces[i], traces[j] = traces[j], traces[i] })
	// The giants come first: a sample of 2,000 would hardly have one.
	slices.SortStableFunc(traces, func(a, b sentTrace) int { return b.spans/giantSize - a.spans/giantSize })
	if which == "sample" {
		traces = traces[:min(len(traces), verifySample)]
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			var body []byte
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(traces) {
					return
				}
				q := a.otlp(traces[i])
				var err error
				if body, _, err = a.get(ctx, q, body); err == nil {
					_, err = q.check(body)
				}
				if err != nil {
					cancel(fmt.Errorf("read back: %w", err))
				}
			}
		})
	}
	wg.Wait()
	return len(traces), context.Cause(ctx)
}

// milliseconds sorts times.
func milliseconds(times []time.Duration) []float64 {
	ms := make([]float64, len(times))
	for i, t := range times {
		ms[i] = float64(t) / float64(time.Millisecond)
	}
	slices.Sort(ms)
	return ms
}

// quantile is the smallest of the sorted values that a share q does not exceed.
func quantile(sorted []float64, q float64) float64 {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
