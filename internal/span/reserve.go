package span

import "slices"

// Reserve makes room for the batch to become so many times what it is, if what
// follows is like what there is: growing step by step copies every column about
// four times over. Dictionaries whose values repeat have most of them by now and
// grow as they must.
func (b *Batch) Reserve(times int) {
	reserve(&b.Trace, times)
	reserve(&b.ID, times)
	reserve(&b.Parent, times)
	reserve(&b.Start, times)
	reserve(&b.Duration, times)
	reserve(&b.Name, times)
	reserve(&b.Kind, times)
	reserve(&b.Status, times)
	reserve(&b.Message, times)
	reserve(&b.State, times)
	reserve(&b.Flags, times)
	reserve(&b.Resource, times)
	reserve(&b.Scope, times)
	reserve(&b.prev, times)
	reserve(&b.last, times)
	reserve(&b.Traces.ids, times)
	b.Attrs.reserve(times)

	e := &b.Events
	reserve(&e.Span, times)
	reserve(&e.Time, times)
	reserve(&e.Name, times)
	e.Attrs.reserve(times)

	l := &b.Links
	reserve(&l.Span, times)
	reserve(&l.TraceID, times)
	reserve(&l.ID, times)
	reserve(&l.State, times)
	reserve(&l.Flags, times)
	l.Attrs.reserve(times)
}

func (a *Attrs) reserve(times int) {
	for _, c := range a.Columns {
		reserve(&c.Rows, times)
		reserve(&c.Nums, times)
		reserve(&c.Codes, times)
		if c.Dict.plain {
			reserve(&c.Dict.buf, times)
			reserve(&c.Dict.ends, times)
		}
	}
}

func reserve[T any](s *[]T, times int) { *s = slices.Grow(*s, len(*s)*(times-1)) }
