package span

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Batch is a set of spans as columns; entry i of each fixed column belongs to
// span i. The zero value is ready for use. A Batch only grows, by [Batch.Begin]
// and its companions or by [Batch.AppendRows], until Reset; it is not safe for
// use by several goroutines while one of them writes.
type Batch struct {
	Trace    []uint32 // code of Traces
	ID       []ID
	Parent   []ID    // zero for a root
	Start    []int64 // ns since the Unix epoch, as received
	Duration []int64 // ns, end minus start as received; negative when a sender says so
	Name     []uint32
	Kind     []Kind
	Status   []Status
	Message  []uint32 // status message, code of Messages
	State    []uint32 // W3C trace state, code of States
	Flags    []uint32 // W3C trace flags and OpenTelemetry's remote-parent bits
	Resource []uint32 // row of Resources
	Scope    []uint32 // row of Scopes

	// What the sender dropped, a sparse count a span.
	DroppedAttrs, DroppedEvents, DroppedLinks Column

	Traces                  TraceIDs
	Names, Messages, States Dict

	Attrs     Attrs // by span
	Resources Sets
	Scopes    Sets
	Events    Events
	Links     Links

	last []uint32 // by trace code: its newest span + 1
	prev []uint32 // by span: the span of the same trace before it + 1

	noName, noMessage, noState uint32 // codes of the empty text
}

// Sets interns resources or scopes: one row for each distinct one.
type Sets struct {
	// Keys tells sets apart: whatever bytes the decoder found to identify one.
	Keys  Dict
	Attrs Attrs
	// Of a scope: its name and version. Unused for resources.
	Name, Version []string
	Schema        []string // schema URL
	Dropped       []uint32 // attributes that the sender dropped
}

// Events is the flat table of span events, ascending by span.
type Events struct {
	Span    []uint32
	Time    []int64 // ns since the Unix epoch
	Name    []uint32
	Dropped Column
	Names   Dict
	Attrs   Attrs
}

// Links is the flat table of span links, ascending by span.
type Links struct {
	Span    []uint32
	TraceID []TraceID
	ID      []ID
	State   []uint32
	Flags   []uint32
	Dropped Column
	States  Dict
	Attrs   Attrs
}

// Len is the number of spans.
func (b *Batch) Len() int { return len(b.Trace) }

// TraceID returns the trace id of a span.
func (b *Batch) TraceID(row uint32) TraceID { return TraceID(b.Traces.Bytes(b.Trace[row])) }

// End is a span's end in ns since the Unix epoch.
func (b *Batch) End(row uint32) int64 { return b.Start[row] + b.Duration[row] }

// Begin appends a span whose columns are all zero and returns its row. The
// caller fills them in and then calls Commit, or takes the span back with
// Truncate.
func (b *Batch) Begin(resource, scope uint32) uint32 {
	row := uint32(len(b.Trace))
	if row == 0 {
		b.noName, b.noMessage, b.noState = b.Names.Code(nil), b.Messages.Code(nil), b.States.Code(nil)
	}
	b.Trace = append(b.Trace, 0)
	b.ID = append(b.ID, ID{})
	b.Parent = append(b.Parent, ID{})
	b.Start = append(b.Start, 0)
	b.Duration = append(b.Duration, 0)
	b.Name = append(b.Name, b.noName)
	b.Kind = append(b.Kind, 0)
	b.Status = append(b.Status, 0)
	b.Message = append(b.Message, b.noMessage)
	b.State = append(b.State, b.noState)
	b.Flags = append(b.Flags, 0)
	b.Resource = append(b.Resource, resource)
	b.Scope = append(b.Scope, scope)
	b.prev = append(b.prev, 0)
	b.Attrs.Begin(row)
	return row
}

// Commit gives the span that was begun last its trace.
func (b *Batch) Commit(row uint32, id TraceID) {
	code := b.Traces.Code(id)
	b.Trace[row] = code
	if int(code) == len(b.last) {
		b.last = append(b.last, 0)
	}
	b.prev[row] = b.last[code]
	b.last[code] = row + 1
}

// Truncate takes back all spans from row rows on, with their events and links.
// Dictionaries, resources and scopes keep what was added.
func (b *Batch) Truncate(rows int) {
	for row := len(b.Trace) - 1; row >= rows; row-- {
		if code := b.Trace[row]; int(code) < len(b.last) && b.last[code] == uint32(row)+1 {
			b.last[code] = b.prev[row]
		}
	}
	b.Trace, b.ID, b.Parent = b.Trace[:rows], b.ID[:rows], b.Parent[:rows]
	b.Start, b.Duration = b.Start[:rows], b.Duration[:rows]
	b.Name, b.Kind, b.Status = b.Name[:rows], b.Kind[:rows], b.Status[:rows]
	b.Message, b.State, b.Flags = b.Message[:rows], b.State[:rows], b.Flags[:rows]
	b.Resource, b.Scope, b.prev = b.Resource[:rows], b.Scope[:rows], b.prev[:rows]
	b.DroppedAttrs.truncate(rows)
	b.DroppedEvents.truncate(rows)
	b.DroppedLinks.truncate(rows)
	b.Attrs.truncate(rows)

	e := &b.Events
	n, _ := slices.BinarySearch(e.Span, uint32(rows))
	e.Span, e.Time, e.Name = e.Span[:n], e.Time[:n], e.Name[:n]
	e.Dropped.truncate(n)
	e.Attrs.truncate(n)

	l := &b.Links
	n, _ = slices.BinarySearch(l.Span, uint32(rows))
	l.Span, l.TraceID, l.ID, l.State, l.Flags = l.Span[:n], l.TraceID[:n], l.ID[:n], l.State[:n], l.Flags[:n]
	l.Dropped.truncate(n)
	l.Attrs.truncate(n)
}

// Reset empties the batch and keeps its memory for reuse.
func (b *Batch) Reset() {
	b.Truncate(0)
	b.Attrs.reset()
	b.Traces.Reset()
	for _, d := range []*Dict{&b.Names, &b.Messages, &b.States, &b.Events.Names, &b.Links.States} {
		d.Reset()
	}
	b.Events.Attrs.reset()
	b.Links.Attrs.reset()
	b.Resources.reset()
	b.Scopes.reset()
	b.last = b.last[:0]
}

// Size is the memory in use, in bytes, without what slices hold in reserve: a
// batch that was reset is empty, whatever it has kept for reuse.
func (b *Batch) Size() int {
	const fixed = 4 + 8 + 8 + 8 + 8 + 4 + 1 + 1 + 4 + 4 + 4 + 4 + 4 + 4
	n := len(b.Trace)*fixed + 4*len(b.last)
	n += 12 * (len(b.DroppedAttrs.Rows) + len(b.DroppedEvents.Rows) + len(b.DroppedLinks.Rows))
	n += b.Traces.Size() + b.Names.Size() + b.Messages.Size() + b.States.Size()
	n += b.Attrs.Size() + b.Resources.size() + b.Scopes.size()
	n += len(b.Events.Span)*16 + b.Events.Names.Size() + b.Events.Attrs.Size()
	n += len(b.Links.Span)*36 + b.Links.States.Size() + b.Links.Attrs.Size()
	return n
}

// Rows returns the spans of a trace, ascending; none when the batch has none.
func (b *Batch) Rows(id TraceID) []uint32 {
	code, ok := b.Traces.Find(id)
	if !ok || int(code) >= len(b.last) {
		return nil
	}
	var rows []uint32
	for at := b.last[code]; at != 0; at = b.prev[at-1] {
		rows = append(rows, at-1)
	}
	slices.Reverse(rows)
	return rows
}

// AddEvent appends an event of a span and returns its row; attributes follow
// through Events.Attrs.
func (b *Batch) AddEvent(row uint32, time int64, name []byte, dropped uint32) {
	e := &b.Events
	at := uint32(len(e.Span))
	e.Span = append(e.Span, row)
	e.Time = append(e.Time, time)
	e.Name = append(e.Name, e.Names.Text(name))
	e.Dropped.count(at, dropped)
	e.Attrs.Begin(at)
}

// AddLink appends a link of a span; attributes follow through Links.Attrs.
func (b *Batch) AddLink(row uint32, trace TraceID, id ID, state []byte, flags, dropped uint32) {
	l := &b.Links
	at := uint32(len(l.Span))
	l.Span = append(l.Span, row)
	l.TraceID = append(l.TraceID, trace)
	l.ID = append(l.ID, id)
	l.State = append(l.State, l.States.Text(state))
	l.Flags = append(l.Flags, flags)
	l.Dropped.count(at, dropped)
	l.Attrs.Begin(at)
}

// SetDropped records how much of a span its sender dropped.
func (b *Batch) SetDropped(row, attrs, events, links uint32) {
	b.DroppedAttrs.count(row, attrs)
	b.DroppedEvents.count(row, events)
	b.DroppedLinks.count(row, links)
}

// count adds a number to a sparse column of counts; zero is what is left out.
func (c *Column) count(row, n uint32) {
	if n != 0 {
		c.Type = Int
		c.Rows = append(c.Rows, row)
		c.Nums = append(c.Nums, uint64(n))
	}
}

// Count returns a row's number in a sparse column of counts.
func (c *Column) Count(row uint32) uint32 {
	if i, ok := c.Find(row); ok {
		return uint32(c.Nums[i])
	}
	return 0
}

// Intern returns the row of the set that key identifies, and whether it is new:
// then the caller adds its attributes.
func (s *Sets) Intern(key []byte) (row uint32, isNew bool) {
	row = s.Keys.Code(key)
	if int(row) < len(s.Name) {
		return row, false
	}
	s.Name = append(s.Name, "")
	s.Version = append(s.Version, "")
	s.Schema = append(s.Schema, "")
	s.Dropped = append(s.Dropped, 0)
	s.Attrs.Begin(row)
	return row, true
}

// InternNamed returns the row of the instrumentation scope that a protocol knows by its name
// and version alone; scopes of different protocols are kept apart.
func (s *Sets) InternNamed(protocol string, name, version []byte) uint32 {
	key := binary.AppendUvarint([]byte(protocol+"\x00"), uint64(len(name)))
	row, isNew := s.Intern(append(append(key, name...), version...))
	if isNew {
		s.Name[row] = string(bytes.ToValidUTF8(name, []byte("\uFFFD")))
		s.Version[row] = string(bytes.ToValidUTF8(version, []byte("\uFFFD")))
	}
	return row
}

// Len is the number of sets.
func (s *Sets) Len() int { return len(s.Name) }

func (s *Sets) reset() {
	s.Attrs.truncate(0)
	s.Attrs.reset()
	s.Keys.Reset()
	s.Name, s.Version, s.Schema, s.Dropped = s.Name[:0], s.Version[:0], s.Schema[:0], s.Dropped[:0]
}

func (s *Sets) size() int { return 56*len(s.Name) + s.Keys.Size() + s.Attrs.Size() }

// Service returns a resource's service.name, "" if it has none.
func (b *Batch) Service(resource uint32) string {
	v, _ := b.Resources.Attrs.Get(resource, "service.name")
	return v.Str
}

// Services returns the service name of each resource.
func (b *Batch) Services() []string {
	names := make([]string, b.Resources.Len())
	for i := range names {
		names[i] = b.Service(uint32(i))
	}
	return names
}

// EventsOf returns the half-open range of a span's events.
func (b *Batch) EventsOf(row uint32) (from, to int) { return rangeOf(b.Events.Span, row) }

// LinksOf returns the half-open range of a span's links.
func (b *Batch) LinksOf(row uint32) (from, to int) { return rangeOf(b.Links.Span, row) }

func rangeOf(sorted []uint32, row uint32) (from, to int) {
	from, ok := slices.BinarySearch(sorted, row)
	if !ok {
		return from, from
	}
	n, _ := slices.BinarySearch(sorted[from:], row+1)
	return from, from + n
}

// Forget takes back the set that was interned last: its key no longer finds it.
func (s *Sets) Forget(row uint32) {
	s.Attrs.truncate(int(row))
	s.Keys.forget(row)
	s.Name, s.Version = s.Name[:row], s.Version[:row]
	s.Schema, s.Dropped = s.Schema[:row], s.Dropped[:row]
}
