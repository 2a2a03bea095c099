package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/everspan/everspan/internal/wal"
	"github.com/everspan/everspan/internal/wal/waltest"
)

// life is the life of one store: many steps and several processes.
type life struct {
	t       testing.TB
	seed    uint64
	rng     *rand.Rand
	born    time.Time
	o       Options
	w       wal.Options
	weather faults // while there are faults
	bursts  bool
	flipped bool // bits may have been flipped

	cloud  *cloud
	disk   *waltest.FS
	ledger *ledger
	oracle *oracle
	logs   *logOracle

	running *process

	mu     sync.Mutex
	notes  []string
	broken string // the first thing that was wrong
}

// process is a store that runs, and dies at once with all its connections.
type process struct {
	store *Store
	log   *wal.Log
	dead  bool // the cloud's lock guards it
}

// keepNotes is how many of the last steps are printed.
const keepNotes = 80

func (l *life) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes = append(l.notes, fmt.Sprintf("%12v  ", time.Since(l.born).Round(time.Microsecond))+fmt.Sprintf(format, args...))
	if len(l.notes) > 2*keepNotes && *simSeeds != 0 {
		l.notes = slices.Delete(l.notes, 0, keepNotes)
	}
}

// fail notes that something is wrong; the life ends after this step.
func (l *life) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	l.note("WRONG: %s", text)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = cmp.Or(l.broken, text)
}

func (l *life) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken != ""
}

// live runs a life and returns what was wrong, if anything, and its notes.
func live(t testing.TB, seed uint64) (broken string, notes []string, total tally) {
	l := &life{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 7)), born: time.Now(), disk: waltest.New(seed)}
	l.cloud, l.ledger, l.oracle = newCloud(l), &ledger{life: l}, newOracle(l)
	l.logs = &logOracle{rng: rand.New(rand.NewPCG(seed, 13))}
	steps := l.fate()
	l.start()
	for i := 0; i < steps && !l.over(); i++ {
		l.step()
		l.revive()
	}
	l.end()
	l.bury()
	return l.broken, l.notes, l.tally()
}

// fate draws what stays the same for a whole life.
func (l *life) fate() (steps int) {
	r := l.rng
	l.o.FlushBytes = 20<<10 + r.Int64N(150<<10)
	l.o.Memory = 32 << 20
	if r.IntN(5) == 0 { // payloads are refused, and what is read again was evicted
		l.o.Memory = l.o.FlushBytes * (3 + r.Int64N(5))
	}
	l.o.FlushAge = time.Minute
	l.o.MergeWeight = 1 << 20
	if r.IntN(3) == 0 {
		l.o.MergeWeight = 3000 + r.Int64N(20_000)
	}
	if r.IntN(4) == 0 {
		l.o.RetainAge = time.Duration(2+r.IntN(20)) * time.Minute
	}
	if r.IntN(5) == 0 {
		l.o.RetainBytes = 100<<10 + r.Int64N(500<<10)
	}
	l.o.Logger = slog.New(slog.NewTextHandler(&lines{l}, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	l.w = wal.Options{SegmentBytes: 2<<10 + r.Int64N(60<<10), Logger: l.o.Logger}
	if r.IntN(4) == 0 {
		l.w.PendingBytes = 8 << 10
	}
	some := func(most float64) float64 {
		if r.IntN(2) == 0 {
			return 0
		}
		return most * r.Float64() * r.Float64()
	}
	l.weather = faults{before: some(0.1), after: some(0.1), short: some(0.02), flip: some(0.02), slow: some(0.2), stall: some(0.02), disk: some(0.2)}
	l.bursts = r.IntN(5) == 0
	l.note("%+v log %d %d weather %+v bursts %v", l.o, l.w.SegmentBytes, l.w.PendingBytes, l.weather, l.bursts)
	return 20 + r.IntN(60)
}

// lines notes what the store logs.
type lines struct{ l *life }

func (w *lines) Write(p []byte) (int, error) {
	w.l.note("    %s", bytes.TrimSpace(p))
	return len(p), nil
}

// start opens the store, as often as it takes.
func (l *life) start() {
	for try := 0; ; try++ {
		if try == 5 {
			l.setFaults(faults{})
		}
		if try == 20 {
			l.fail("the store does not open")
			return
		}
		p := &process{}
		l.cloud.mu.Lock()
		l.running = p
		before := l.cloud.injected
		l.cloud.mu.Unlock()
		l.hook(p)
		err := l.open(p)
		if err == nil {
			return
		}
		l.note("open: %v", err)
		if !l.cloud.gone(p) && l.injected() == before {
			l.fail("open: %v", err)
			return
		}
		l.bury()
		time.Sleep(time.Second)
	}
}

func (l *life) open(p *process) (err error) {
	o := l.w
	o.FS = l.disk
	if p.log, err = wal.Open("log", o); err != nil {
		return err
	}
	var report Report
	if p.store, report, err = Open(context.Background(), connection{l.cloud, p}, p.log, l.o); err != nil {
		return err
	}
	l.note("open: %d blocks, %d spans, %d in the head, removed %d, log %+v", report.Blocks, report.Spans, report.Head, len(report.Removed), report.Log)
	if len(report.Damaged) > 0 || len(report.Adopted) > 0 || len(report.Aside) > 0 {
		l.fail("open: %+v", report)
	}
	return nil
}

// hook lets calls of the log's file system take time, fail, and die.
func (l *life) hook(p *process) {
	l.disk.Hook(func(op waltest.Op, name string) error {
		d, err := l.cloud.draw(p, "disk", string(op))
		if err != nil {
			return err
		}
		time.Sleep(d.wait)
		if l.cloud.gone(p) {
			return errDead
		}
		if d.disk {
			return l.cloud.fault(string(op), "log", "refused")
		}
		return nil
	})
}

// revive starts a new process when the last one died.
func (l *life) revive() {
	if l.cloud.gone(l.running) {
		l.bury()
		l.start()
	}
}

// bury waits until nothing of a process is left.
func (l *life) bury() {
	p := l.running
	l.cloud.mu.Lock()
	if !p.dead {
		l.cloud.crash()
	}
	l.cloud.mu.Unlock()
	if p.store != nil {
		p.store.stop()
		p.store.ended.Wait()
	}
	if p.log != nil {
		p.log.Close()
	}
}

// restart ends the process in good order.
func (l *life) restart() {
	p := l.running
	err := p.store.Close(context.Background())
	if err == nil {
		p.log.Close()
	}
	l.note("close: %v", err)
	if _, err := p.store.AppendTraces(context.Background(), otlp.Payload{}); !errors.Is(err, ErrClosed) {
		l.fail("append to a closed store: %v", err)
	}
	l.cloud.mu.Lock()
	dead := p.dead
	p.dead = true
	l.cloud.mu.Unlock()
	if dead {
		return // it died on the way
	}
	if err != nil {
		p.log.Close()
	}
	l.start()
}

func (l *life) setFaults(f faults) {
	l.cloud.mu.Lock()
	defer l.cloud.mu.Unlock()
	l.cloud.faults = f
}

func (l *life) injected() int {
	l.cloud.mu.Lock()
	defer l.cloud.mu.Unlock()
	return l.cloud.injected
}

// step does one thing.
func (l *life) step() {
	r := l.rng
	switch n := r.IntN(100); {
	case n < 32:
		l.send(l.oracle.next(), 0)
	case n < 40:
		l.together()
	case n < 46:
		if p := l.oracle.again(); p != nil {
			l.send(p, 0)
		}
	case n < 49:
		l.malformed()
	case n < 55:
		l.flush()
	case n < 57:
		if l.bursts {
			l.burst()
		}
	case n < 66:
		l.sleep(time.Duration(r.Int64N(int64(10 * time.Second))))
	case n < 70:
		l.sleep(time.Duration(r.Int64N(int64(2 * time.Minute))))
	case n < 71:
		l.sleep(time.Duration(r.Int64N(int64(20 * time.Minute))))
	case n < 81:
		l.query(l.anyTrace(), 0)
	case n < 82:
		l.askLogs()
	case n < 84:
		l.search(Query{Service: []string{"", "cart"}[r.IntN(2)], Name: []string{"", "SELECT"}[r.IntN(2)], Errors: r.IntN(2) == 0})
	case n < 90:
		f := faults{}
		if r.IntN(2) == 0 {
			f = l.weather
			l.flipped = l.flipped || f.flip > 0
		}
		l.note("faults %+v", f)
		l.setFaults(f)
	case n < 92:
		l.trouble()
	case n < 94:
		l.note("crash now")
		l.bury()
	case n < 98:
		l.cloud.mu.Lock()
		if r.IntN(2) == 0 {
			l.cloud.crashIn = 1 + r.IntN([]int{10, 100, 800}[r.IntN(3)])
		} else {
			l.cloud.crashOn = []string{"create manifest/", "create manifest/", "create blocks/", "delete manifest/", "delete blocks/", "read 0 blocks/", "create logs/", "delete logs/"}[r.IntN(8)]
			l.cloud.crashFirst = r.IntN(2) == 0
		}
		l.note("crash in %d calls, or on %s", l.cloud.crashIn, l.cloud.crashOn)
		l.cloud.mu.Unlock()
	default:
		l.restart()
	}
}

func (l *life) sleep(d time.Duration) {
	l.note("sleep %v", d)
	time.Sleep(d)
}

// send sends a payload, within some time if that is not zero.
func (l *life) send(p *payload, within time.Duration) {
	ctx, cancel := context.Background(), func() {}
	if within > 0 {
		ctx, cancel = context.WithTimeout(ctx, within)
	}
	defer cancel()
	began := time.Now()
	l.oracle.sends(p)
	res, err := l.running.store.AppendTraces(ctx, p.Payload)
	refused := errors.Is(err, otlp.ErrOverloaded) || errors.Is(err, ErrClosed) || errors.Is(err, wal.ErrClosed)
	l.oracle.answered(p, began, err == nil, refused)
	l.note("send %d spans: %v", len(p.rows), err)
	defer l.sendLogs()
	if err == nil && res.Accepted != len(p.rows) || errors.Is(err, otlp.ErrMalformed) {
		l.fail("%d spans accepted of %d, %v", res.Accepted, len(p.rows), err)
	}
}

// malformed sends a payload that can't be decoded, or only to a part, and what it
// is about must not appear.
func (l *life) malformed() {
	var b span.Batch
	spantest.Random(&b, l.rng, 1+l.rng.IntN(20))
	raw := otlp.AppendProto(nil, &b)
	raw = raw[:len(raw)-1-l.rng.IntN(min(len(raw)-1, 20))]
	_, err := l.running.store.AppendTraces(context.Background(), otlp.Payload{Raw: raw})
	l.note("send a malformed payload: %v", err)
	if !errors.Is(err, otlp.ErrMalformed) && !errors.Is(err, otlp.ErrOverloaded) {
		l.fail("a malformed payload: %v", err)
	}
	l.query(b.TraceID(0), 0)
	s := l.running.store
	s.mu.RLock()
	defer s.mu.RUnlock()
	if size := int64(s.head.batch.Size() + s.head.logs.Size()); s.head.size != size {
		l.fail("the head takes %d bytes and counts %d", size, s.head.size)
	}
}

// together does several things at once.
func (l *life) together() {
	r := l.rng
	var wg sync.WaitGroup
	for range 2 + r.IntN(5) {
		p, within := l.oracle.next(), time.Duration(0)
		if r.IntN(4) == 0 {
			within = time.Duration(r.IntN(100)) * time.Microsecond
		}
		after := time.Duration(1 + r.IntN(1+r.IntN(100_000)))
		wg.Go(func() {
			time.Sleep(after)
			l.send(p, within)
		})
	}
	flush := r.IntN(2) == 0
	queries := r.IntN(5)
	if flush {
		queries += 5
	}
	for range queries {
		id, within := l.anyTrace(), time.Duration(r.IntN(2)*r.IntN(1_000_000))
		after := time.Duration(1 + r.IntN(1+r.IntN([]int{1_000, 1_000_000, 30_000_000}[r.IntN(3)])))
		wg.Go(func() {
			time.Sleep(after)
			l.query(id, within)
		})
	}
	if flush {
		wg.Go(l.flush)
	}
	wg.Wait()
}

func (l *life) flush() {
	before := l.injected()
	err := l.running.store.Flush(context.Background())
	l.note("flush: %v", err)
	if err != nil && l.injected() == before && !l.cloud.gone(l.running) {
		l.fail("flush: %v", err)
	}
}

// burst makes so many blocks that they are merged at once.
func (l *life) burst() {
	for range fanIn + l.rng.IntN(fanIn) {
		p := l.oracle.next()
		l.send(p, 0)
		l.flush()
		l.revive()
	}
}

// trouble lets a later call of the disk fail in its own way, or fills it up.
func (l *life) trouble() {
	ops := []waltest.Op{waltest.Write, waltest.Sync, waltest.SyncDir, waltest.Create, waltest.Cut, waltest.Remove}
	l.cloud.mu.Lock()
	l.cloud.injected++ // as soon as it happens
	l.cloud.mu.Unlock()
	if l.rng.IntN(2) == 0 {
		op, n := ops[l.rng.IntN(len(ops))], 1+l.rng.IntN(5)
		l.note("%s fails in %d calls", op, n)
		l.disk.Fail(op, n, errFault)
		return
	}
	l.note("the disk is full")
	l.disk.SetCapacity(int64(l.rng.IntN(20 << 10)))
	for range 1 + l.rng.IntN(5) {
		l.send(l.oracle.next(), 0)
	}
	l.disk.SetCapacity(-1)
	l.note("the disk has room")
}

func (l *life) anyTrace() span.TraceID {
	o := l.oracle
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.spans) == 0 || l.rng.IntN(10) == 0 {
		return span.TraceID{byte(l.rng.IntN(256)), 1}
	}
	row := l.rng.IntN(len(o.spans))
	if n := len(o.sent); n > 0 && l.rng.IntN(2) == 0 { // what is in a head, or on its way to a block
		p := o.sent[n-1-l.rng.IntN(min(n, 8))]
		row = int(p.rows[l.rng.IntN(len(p.rows))])
	}
	return o.spans[row].trace
}

func (l *life) expiredTo() time.Time {
	l.cloud.mu.Lock()
	defer l.cloud.mu.Unlock()
	return l.ledger.now().expiredTo
}

// query asks for a trace and checks the answer. It returns what it has.
func (l *life) query(id span.TraceID, within time.Duration) *span.Batch {
	ctx, cancel := context.Background(), func() {}
	if within > 0 {
		ctx, cancel = context.WithTimeout(ctx, within)
	}
	defer cancel()
	p, before := l.running, l.injected()
	must := l.oracle.must(id)
	got, err := p.store.Trace(ctx, id)
	if err != nil {
		if ctx.Err() == nil {
			l.fail("trace %s: %v", id, err)
		}
		return new(span.Batch)
	}
	if len(got.Partial) > 0 && l.injected() == before && !l.cloud.gone(p) {
		l.fail("trace %s is partial: %v", id, got.Partial)
	}
	if err := l.oracle.check(id, must, got, l.expiredTo()); err != nil {
		l.fail("%v", err)
	}
	l.note("trace %s: %d spans of %d, %d reasons to be partial", id, got.Spans.Len(), len(must), len(got.Partial))
	return got.Spans
}

func (l *life) search(q Query) {
	p, before := l.running, l.injected()
	q.Limit = 1 << 30
	got, partial, err := list(context.Background(), p.store, q)
	if err != nil {
		l.fail("search %+v: %v", q, err)
	}
	l.note("search: %d traces, %d reasons to be partial", len(got), len(partial))
	if len(partial) > 0 {
		if l.injected() == before && !l.cloud.gone(p) {
			l.fail("search %+v is partial: %v", q, partial)
		}
		return
	}
	if err := l.oracle.listing(q, got, l.expiredTo()); err != nil {
		l.fail("%v", err)
	}
}

// end takes all faults away and lets the store settle, as it is and once more
// after a restart, and then looks at everything.
func (l *life) end() {
	if l.over() {
		return
	}
	l.note("the end: no more faults")
	l.setFaults(faults{})
	l.cloud.mu.Lock()
	l.cloud.crashIn, l.cloud.crashOn = 0, ""
	l.cloud.mu.Unlock()
	l.disk.SetCapacity(-1)
	for _, op := range []waltest.Op{waltest.Write, waltest.Sync, waltest.SyncDir, waltest.Create, waltest.Cut, waltest.Remove} {
		l.disk.Fail(op, 1<<30, errFault)
	}
	l.revive()
	if l.settle(); l.over() {
		return
	}
	if l.rng.IntN(2) == 0 {
		l.bury()
		l.start()
	} else {
		l.restart()
	}
	if !l.over() {
		l.settle()
	}
	if !l.over() {
		l.everything()
	}
}

// settle waits until the store has nothing left to do, and checks that it is so.
func (l *life) settle() {
	s := l.running.store
	l.send(l.oracle.next(), 0) // so that manifests are pruned once more
	time.Sleep(3 * time.Minute)
	var err error
	for range 60 {
		if err = s.busy(); err == nil {
			err = l.ledger.strays()
		}
		if err == nil {
			break
		}
		time.Sleep(time.Minute)
	}
	l.note("settled: %+v", s.Stats())
	if err == nil {
		err = l.ledger.audit(s)
	}
	if err != nil {
		l.fail("after an hour without faults: %v", err)
		return
	}
	l.figures(s.Stats(), l.ledger.now())
	if n := l.running.log.Stats().Segments; n > 2 {
		l.fail("the log keeps %d segments", n)
	}
}

// busy says what there is left to do.
func (s *Store) busy() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m := s.current().manifest
	due := 0
	for _, list := range m.lists() {
		due += len(choose(*list, s.o.MergeWeight, time.Now(), s.isBad))
	}
	spans, logs := expired(m.Blocks, m.Logs, time.Now(), s.o.RetainAge, s.o.RetainBytes)
	switch {
	case s.flushing != nil || !s.head.empty():
		return fmt.Errorf("%d spans and %d log records are in the head", s.head.batch.Len(), s.head.logs.Len())
	case due > 0:
		return fmt.Errorf("%d blocks wait to be merged", due)
	case spans+logs > 0:
		return errors.New("blocks wait to expire")
	case len(s.doomed) > 0 || len(s.snapshots) > 1:
		return fmt.Errorf("%d blocks wait to be deleted, %d snapshots are held", len(s.doomed), len(s.snapshots))
	case s.working.Load() != 0:
		return fmt.Errorf("%d payloads and queries are worked on", s.working.Load())
	}
	return nil
}

// figures holds the store's statistics against the ledger: nothing is counted
// twice and nothing is lost.
func (l *life) figures(st Stats, page page) {
	spans := 0
	for _, b := range page.Blocks {
		spans += b.Spans
	}
	o := l.oracle
	all := spans + st.HeadSpans + page.duplicates + page.expired
	if all < o.accepted || all > o.accepted+o.unknown {
		l.fail("%d spans in blocks, %d in the head, %d left out, %d expired are %d of %d sent, and %d perhaps",
			spans, st.HeadSpans, page.duplicates, page.expired, all, o.accepted, o.unknown)
	}
	if st.BlockSpans != spans || st.Blocks != len(page.Blocks) || st.Pending != 0 {
		l.fail("%d spans in %d blocks are said to be %+v", spans, len(page.Blocks), st)
	}
	l.logFigures(st, page)
	if st.HeadBytes > 4096 || st.CacheBytes > l.o.Memory/8+64<<10 {
		l.fail("the head takes %d bytes and the cache %d", st.HeadBytes, st.CacheBytes)
	}
}

// everything reads all traces and some listings.
func (l *life) everything() {
	o := l.oracle
	every := 1 + l.rng.IntN(6) // one of so many is enough
	has := make(map[uint32]bool)
	asked := make(map[span.TraceID]bool)
	for row := range o.spans {
		id := o.spans[row].trace
		if asked[id] || int(id[15])%every > 0 {
			continue
		}
		asked[id] = true
		got := l.query(id, 0)
		for i := range got.Len() {
			has[uint32(o.byKey[got.Key(uint32(i))])] = true
		}
	}
	if every == 1 && l.expiredTo().IsZero() {
		if err := o.wholly(has); err != nil {
			l.fail("%v", err)
		}
	}
	for _, p := range l.logs.sent {
		l.checkLogs(p)
	}
	for _, q := range []Query{{}, {Service: "cart", Errors: true}, {Name: "GET /"}} {
		l.search(q)
	}
}

// tally says what happened in lives, to see whether all of it does.
type tally map[string]int

func (l *life) tally() tally {
	page := l.ledger.now()
	t := tally{
		"lives": 1, "crashes": int(l.cloud.crashes), "faults": l.cloud.injected, "manifests": int(page.Number), "merges": page.merges,
		"logs": l.logs.accepted, "unknown logs": l.logs.unknown, "log merges": page.logMerges, "expired logs": page.expiredLogs,
		"expired": page.expired, "duplicates": page.duplicates, "spans": l.oracle.accepted, "unknown": l.oracle.unknown,
	}
	for _, b := range page.Blocks {
		t[fmt.Sprint("level ", b.Level)]++
	}
	return t
}

func (t tally) add(o tally) {
	for k, n := range o {
		t[k] += n
	}
}
