package api

import (
	"cmp"
	"context"
	"slices"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/store"
)

// jaegerSummary is a trace in a list.
type jaegerSummary struct {
	id                 span.TraceID
	service, operation string // of the root, or of the earliest span
	start, end         int64  // ns since the Unix epoch
	spans, errors      int
	orphans            int // spans whose parent is not there
	services           []jaegerCount
}

// jaegerCount is how many spans of a trace a service has.
type jaegerCount struct {
	service       string
	spans, errors int
}

// summaries runs a query, and returns the token of the next page and why something may
// be missing as well.
func (s *Server) summaries(ctx context.Context, q *jaegerQuery) (all []jaegerSummary, next string, why []string, err error) {
	found, err := q.find(ctx, s)
	if err != nil {
		return nil, "", nil, err
	}
	why, err = s.wholeTraces(ctx, found, func(f engine.Trace, t store.Trace) error {
		all = append(all, summarize(f, t.Spans))
		return nil
	})
	return all, q.next(found), why, err
}

// summarize counts a trace that was found.
func summarize(found engine.Trace, b *span.Batch) jaegerSummary {
	s := jaegerSummary{
		id: found.TraceID, service: found.Service, operation: found.Name,
		start: b.Start[0], end: b.End(0), spans: b.Len(),
	}
	ids := make(map[span.ID]bool, b.Len())
	for _, id := range b.ID {
		ids[id] = true
	}
	services := b.Services()
	counts := make(map[string]*jaegerCount)
	for row := range uint32(b.Len()) {
		s.start, s.end = min(s.start, b.Start[row]), max(s.end, b.End(row))
		if p := b.Parent[row]; !p.IsZero() && !ids[p] {
			s.orphans++
		}
		name := services[b.Resource[row]]
		c := counts[name]
		if c == nil {
			c = &jaegerCount{service: name}
			counts[name] = c
		}
		c.spans++
		if b.Status[row] == span.StatusError {
			c.errors++
			s.errors++
		}
	}
	for _, c := range counts {
		s.services = append(s.services, *c)
	}
	slices.SortFunc(s.services, func(x, y jaegerCount) int { return cmp.Compare(x.service, y.service) })
	return s
}
