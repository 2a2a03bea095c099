package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
)

// oracle is the plain truth: every span that was made, and what its sender was
// told.
type oracle struct {
	life *life
	rng  *rand.Rand

	mu       sync.Mutex
	all      span.Batch // every span once; spans has the same rows
	spans    []oneSpan
	byKey    map[span.Key]int
	unsent   []*payload
	sent     []*payload
	accepted int // rows that were acknowledged, each time
	unknown  int // rows whose fate is not known
}

type oneSpan struct {
	text  string
	p     *payload
	trace span.TraceID
}

// payload is what is sent at once, once or several times.
type payload struct {
	otlp.Payload
	rows             []uint32 // of all
	sending          int
	acked, unknown   int
	ackedAt, firstAt time.Time // when the last acknowledged sending, and the first one at all, began
}

func newOracle(l *life) *oracle {
	return &oracle{life: l, rng: rand.New(rand.NewPCG(l.seed, 11)), byKey: make(map[span.Key]int)}
}

// next returns a payload that was not sent yet. Spans are made some traces at a
// time, shuffled, and cut into payloads that wait for their turn: so traces are
// spread, and spans come late.
func (o *oracle) next() *payload {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.unsent) < 3 {
		o.make()
	}
	i := o.rng.IntN(len(o.unsent))
	p := o.unsent[i]
	o.unsent = slices.Delete(o.unsent, i, i+1)
	o.sent = append(o.sent, p)
	return p
}

func (o *oracle) make() {
	var b span.Batch
	n := 1 + o.rng.IntN(40)
	if o.rng.IntN(12) == 0 {
		n = 150
	}
	if o.rng.IntN(20) == 0 {
		spantest.Random(&b, o.rng, n)
	} else {
		spantest.Small(&b, o.rng, n)
	}
	texts := spantest.Texts(&b)
	base := uint32(o.all.Len())
	o.all.AppendRows(&b, span.Seq(n))
	order := make([]uint32, n)
	for i, j := range o.rng.Perm(n) {
		order[i] = uint32(j)
	}
	first := len(o.unsent)
	for len(order) > 0 {
		cut := min(1+o.rng.IntN(60), len(order))
		rows := slices.Clone(order[:cut])
		order = order[cut:]
		p := &payload{Payload: otlp.Payload{Raw: otlp.AppendProto(nil, &b, rows...)}}
		if o.rng.IntN(4) == 0 {
			p.Packed, p.Encoding = pack(o.life.t, packedGzip, p.Raw)[2:], otlp.Gzip
		}
		for _, row := range rows {
			p.rows = append(p.rows, base+row)
		}
		slices.Sort(p.rows)
		o.unsent = append(o.unsent, p)
	}
	for row := range uint32(n) {
		s := oneSpan{text: texts[row], trace: b.TraceID(row)}
		for _, p := range o.unsent[first:] {
			if _, mine := slices.BinarySearch(p.rows, base+row); mine {
				s.p = p
			}
		}
		o.byKey[b.Key(row)] = len(o.spans)
		o.spans = append(o.spans, s)
	}
}

func (o *oracle) again() *payload {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.sent) == 0 {
		return nil
	}
	return o.sent[len(o.sent)-1-o.rng.IntN(min(len(o.sent), 10))]
}

func (o *oracle) sends(p *payload) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p.sending++
	if p.firstAt.IsZero() {
		p.firstAt = time.Now()
	}
}

// answered notes what a sender was told. An answer is final (acknowledged or
// refused), or the payload's fate is unknown.
func (o *oracle) answered(p *payload, began time.Time, acked, refused bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p.sending--
	switch {
	case acked:
		p.acked++
		o.accepted += len(p.rows)
		if began.After(p.ackedAt) {
			p.ackedAt = began
		}
	case !refused:
		p.unknown++
		o.unknown += len(p.rows)
	}
}

// must lists the spans of a trace that an answer has to have.
func (o *oracle) must(id span.TraceID) (rows []uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, row := range o.all.Rows(id) {
		if o.spans[row].p.acked > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

// check holds an answer against the truth. must is what was acknowledged before
// the question was asked; spans received until expired may be gone.
func (o *oracle) check(id span.TraceID, must []uint32, got Trace, expired time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	texts := spantest.Texts(got.Spans)
	seen := make(map[int]bool)
	for i := range got.Spans.Len() {
		key := got.Spans.Key(uint32(i))
		row, known := o.byKey[key]
		switch {
		case !known:
			return fmt.Errorf("trace %s: span %s was never made", id, key.ID)
		case key.Trace != id:
			return fmt.Errorf("trace %s: span %s is of trace %s", id, key.ID, key.Trace)
		case seen[row]:
			return fmt.Errorf("trace %s: span %s comes twice", id, key.ID)
		case texts[i] != o.spans[row].text:
			return fmt.Errorf("trace %s: span %s is\n%swant\n%s", id, key.ID, texts[i], o.spans[row].text)
		}
		if p := o.spans[row].p; p.acked+p.unknown+p.sending == 0 {
			return fmt.Errorf("trace %s: span %s was refused or never sent", id, key.ID)
		}
		seen[row] = true
	}
	if len(got.Partial) > 0 {
		return nil
	}
	for _, row := range must {
		if p := o.spans[row].p; !seen[int(row)] && p.ackedAt.After(expired) {
			return fmt.Errorf("trace %s: span %s, acknowledged at %v, is missing", id, o.all.ID[row], p.ackedAt)
		}
	}
	return nil
}

// wholly checks that payloads whose fate is unknown are there wholly or not at
// all. has tells what is there.
func (o *oracle) wholly(has map[uint32]bool) error {
	for _, p := range o.sent {
		n := 0
		for _, row := range p.rows {
			if has[row] {
				n++
			}
		}
		if p.acked == 0 && n > 0 && n < len(p.rows) {
			return fmt.Errorf("of a payload of %d spans, sent %d times with an unknown end, %d are there", len(p.rows), p.unknown, n)
		}
	}
	return nil
}

// listing holds the answer of a search that is complete against the truth, trace
// by trace. Traces of which some spans may be there or not are left out.
func (o *oracle) listing(q Query, got []block.Summary, expired time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	sure := make(map[span.TraceID]int) // how often its spans were sent
	var rows []uint32
	for row := range o.spans {
		s := &o.spans[row]
		n, ok := sure[s.trace]
		if ok && n == 0 {
			continue
		}
		switch {
		case s.p.unknown > 0 || s.p.sending > 0 || s.p.acked > 0 && !s.p.firstAt.After(expired):
			sure[s.trace] = 0
		case s.p.acked > 0:
			sure[s.trace] = n + s.p.acked
			rows = append(rows, uint32(row))
		}
	}
	rows = slices.DeleteFunc(rows, func(row uint32) bool { return sure[o.spans[row].trace] == 0 })
	var b span.Batch
	b.AppendRows(&o.all, rows)
	q.Limit = 1 << 30
	want := make(map[span.TraceID]block.Summary)
	for _, s := range naiveSearch(&b, q) {
		want[s.TraceID] = s
	}
	for _, s := range got {
		n, known := sure[s.TraceID]
		if !known {
			return fmt.Errorf("search %+v: trace %s was never sent", q, s.TraceID)
		}
		if n == 0 {
			continue
		}
		w, ok := want[s.TraceID]
		if !ok {
			return fmt.Errorf("search %+v: trace %s does not match: %+v", q, s.TraceID, s)
		}
		if s.Spans < w.Spans || s.Spans > n || s.Errors < w.Errors {
			return fmt.Errorf("search %+v: trace %s has %d spans and %d errors, want %d and %d, at most %d", q, s.TraceID, s.Spans, s.Errors, w.Spans, w.Errors, n)
		}
		s.Spans, s.Errors = w.Spans, w.Errors
		if s != w {
			return fmt.Errorf("search %+v: trace %s is %+v, want %+v", q, s.TraceID, s, w)
		}
		delete(want, s.TraceID)
	}
	for id := range want {
		return fmt.Errorf("search %+v: trace %s is missing", q, id)
	}
	return nil
}
