package span

import "slices"

// Logs is a set of log records as columns; entry i of each fixed column belongs to
// record i. The zero value is ready for use. As a [Batch] it only grows, by [Logs.Begin]
// or by [Logs.AppendRows], until Reset, and is not safe for use by several goroutines
// while one of them writes. https://opentelemetry.io/docs/specs/otel/logs/data-model/
type Logs struct {
	Time     []int64  // ns since the Unix epoch: when it happened, or else when it was observed; 0 if neither is known
	Observed []int64  // ns since the Unix epoch, 0 if not known
	Trace    []uint32 // code of Traces; the zero id where there is none
	ID       []ID     // of the span, zero where there is none
	Severity []Severity
	Level    []uint32 // severity text as the source writes it, code of Levels
	Body     []uint32 // code of Bodies
	BodyType []Type   // of what the body was: Bodies has the text of it, see [Value.Text]; a String's is the string itself
	Event    []uint32 // event name, code of Events
	Flags    []uint32 // W3C trace flags
	Resource []uint32 // row of Resources
	Scope    []uint32 // row of Scopes

	DroppedAttrs Column // what the sender dropped, a sparse count a record

	Traces                 TraceIDs
	Levels, Bodies, Events Dict

	Attrs     Attrs // by record
	Resources Sets
	Scopes    Sets

	last []uint32 // by trace code: its newest record + 1
	prev []uint32 // by record: the record of the same trace before it + 1
}

// Len is the number of records.
func (l *Logs) Len() int { return len(l.Time) }

// TraceID returns the trace id of a record, zero if it has none.
func (l *Logs) TraceID(row uint32) TraceID { return TraceID(l.Traces.Bytes(l.Trace[row])) }

// Begin appends a record whose columns are all zero and returns its row. The caller
// fills them in and then calls Commit, or takes the record back with Truncate.
func (l *Logs) Begin(resource, scope uint32) uint32 {
	row := uint32(len(l.Time))
	// Lines are written by a few formats, or are all different: then there is no point
	// in looking each of them up.
	l.Bodies.column = true
	l.Time = append(l.Time, 0)
	l.Observed = append(l.Observed, 0)
	l.Trace = append(l.Trace, 0)
	l.ID = append(l.ID, ID{})
	l.Severity = append(l.Severity, 0)
	l.Level = append(l.Level, l.Levels.Code(nil))
	l.Body = append(l.Body, 0)
	l.BodyType = append(l.BodyType, String)
	l.Event = append(l.Event, l.Events.Code(nil))
	l.Flags = append(l.Flags, 0)
	l.Resource = append(l.Resource, resource)
	l.Scope = append(l.Scope, scope)
	l.prev = append(l.prev, 0)
	l.Attrs.Begin(row)
	return row
}

// Commit gives the record that was begun last its trace and its body.
func (l *Logs) Commit(row uint32, id TraceID, body []byte, typ Type) {
	l.Body[row], l.BodyType[row] = l.Bodies.add(body, true), typ
	code := l.Traces.Code(id)
	l.Trace[row] = code
	if int(code) == len(l.last) {
		l.last = append(l.last, 0)
	}
	l.prev[row] = l.last[code]
	l.last[code] = row + 1
}

// Truncate takes back all records from row rows on. Dictionaries, resources and scopes
// keep what was added.
func (l *Logs) Truncate(rows int) {
	for row := len(l.Time) - 1; row >= rows; row-- {
		if code := l.Trace[row]; int(code) < len(l.last) && l.last[code] == uint32(row)+1 {
			l.last[code] = l.prev[row]
		}
	}
	l.Time, l.Observed = l.Time[:rows], l.Observed[:rows]
	l.Trace, l.ID = l.Trace[:rows], l.ID[:rows]
	l.Severity, l.Level = l.Severity[:rows], l.Level[:rows]
	l.Body, l.BodyType, l.Event = l.Body[:rows], l.BodyType[:rows], l.Event[:rows]
	l.Flags, l.Resource, l.Scope, l.prev = l.Flags[:rows], l.Resource[:rows], l.Scope[:rows], l.prev[:rows]
	l.Bodies.trim(l.Body)
	l.DroppedAttrs.truncate(rows)
	l.Attrs.truncate(rows)
}

// Reset empties the batch and keeps its memory for reuse.
func (l *Logs) Reset() {
	l.Truncate(0)
	l.Attrs.reset()
	l.Traces.Reset()
	for _, d := range []*Dict{&l.Levels, &l.Bodies, &l.Events} {
		d.Reset()
	}
	l.Resources.reset()
	l.Scopes.reset()
	l.last = l.last[:0]
}

// Size is the memory in use, in bytes, without what slices hold in reserve.
func (l *Logs) Size() int {
	const fixed = 8 + 8 + 4 + 8 + 1 + 4 + 4 + 1 + 4 + 4 + 4 + 4 + 4
	n := len(l.Time)*fixed + 4*len(l.last) + 12*len(l.DroppedAttrs.Rows)
	n += l.Traces.Size() + l.Levels.Size() + l.Bodies.Size() + l.Events.Size()
	return n + l.Attrs.Size() + l.Resources.size() + l.Scopes.size()
}

// Rows returns the records of a trace, ascending; none when the batch has none. Those of
// the zero id have no trace.
func (l *Logs) Rows(id TraceID) []uint32 {
	code, ok := l.Traces.Find(id)
	if !ok || int(code) >= len(l.last) {
		return nil
	}
	var rows []uint32
	for at := l.last[code]; at != 0; at = l.prev[at-1] {
		rows = append(rows, at-1)
	}
	slices.Reverse(rows)
	return rows
}

// SetDropped records how many attributes of a record its sender dropped.
func (l *Logs) SetDropped(row, attrs uint32) { l.DroppedAttrs.count(row, attrs) }

// BodyText returns what a person reads of a record's body: a string as it is, and
// everything else as JSON.
func (l *Logs) BodyText(row uint32) string { return l.Bodies.String(l.Body[row]) }

// BodyValue returns a record's body.
func (l *Logs) BodyValue(row uint32) Value {
	if l.BodyType[row] == String {
		return Value{Type: String, Str: l.BodyText(row)}
	}
	return ParseText(l.BodyText(row))
}

// Service returns the service.name of a record's resource, "" if it has none.
func (l *Logs) Service(row uint32) string {
	v, _ := l.Resources.Attrs.Get(l.Resource[row], "service.name")
	return v.Str
}

// AppendRows copies the records given (rows of src, ascending) with all that belongs to
// them. Equal resources and scopes become one.
func (l *Logs) AppendRows(src *Logs, rows []uint32) {
	base := uint32(l.Len())
	resources := newMapping(&l.Resources, &src.Resources)
	scopes := newMapping(&l.Scopes, &src.Scopes)
	for _, from := range rows {
		row := l.Begin(resources.row(src.Resource[from]), scopes.row(src.Scope[from]))
		l.Time[row], l.Observed[row] = src.Time[from], src.Observed[from]
		l.ID[row], l.Severity[row], l.Flags[row] = src.ID[from], src.Severity[from], src.Flags[from]
		l.Level[row] = l.Levels.Code(src.Levels.Bytes(src.Level[from]))
		l.Event[row] = l.Events.Code(src.Events.Bytes(src.Event[from]))
		l.Commit(row, src.TraceID(from), src.Bodies.Bytes(src.Body[from]), src.BodyType[from])
	}
	l.DroppedAttrs.appendRows(&src.DroppedAttrs, rows, base)
	l.Attrs.appendRows(&src.Attrs, rows, base)
}

// View returns the records that l has now, as [Batch.View] does the spans.
func (l *Logs) View() *Logs {
	v := *l
	v.last = slices.Clone(l.last)
	v.Traces.table = slices.Clone(l.Traces.table)
	v.Levels, v.Bodies, v.Events = l.Levels.view(), l.Bodies.view(), l.Events.view()
	v.Attrs = l.Attrs.view()
	v.Resources, v.Scopes = l.Resources.view(), l.Scopes.view()
	return &v
}
