package block

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/everspan/everspan/internal/span"
	"github.com/parquet-go/parquet-go/format"
)

// number writes a required column of numbers: row p takes values[order[p]], or
// values[p] where there is no order.
func number[T ~int64 | ~uint32 | ~uint8](f *fileWriter, name string, s shape, order []uint32, values []T) {
	f.column(column{name: name, shape: s}, func(v *vector, from, to int) (int, error) {
		v.nums = gather(v.nums, order, values, from, to)
		return to - from, nil
	})
}

// coded writes a required column with a dictionary: row p takes the value of
// code codes[order[p]], or of codes[p] where there is no order.
func coded[T ~uint32 | ~uint8](f *fileWriter, name string, s shape, order []uint32, codes []T, d valueSet) {
	f.column(column{name: name, shape: s, dict: d}, func(v *vector, from, to int) (int, error) {
		v.codes = gather(v.codes, order, codes, from, to)
		return to - from, nil
	})
}

// gather appends the values of the rows [from, to): values[order[p]] is that of row
// p, or values[p] where there is no order.
func gather[A ~int64 | ~uint32, B ~int64 | ~uint32 | ~uint8](dst []A, order []uint32, values []B, from, to int) []A {
	if order == nil {
		for _, v := range values[from:to] {
			dst = append(dst, A(v))
		}
		return dst
	}
	for _, e := range order[from:to] {
		dst = append(dst, A(values[e]))
	}
	return dst
}

// fixed writes a column of ids; where null says so, a row has none.
func fixed(f *fileWriter, name string, s shape, order []uint32, value func(e uint32) []byte, null func(e uint32) bool) {
	f.column(column{name: name, shape: s, optional: null != nil}, func(v *vector, from, to int) (int, error) {
		for _, e := range order[from:to] {
			if null != nil {
				v.present = append(v.present, present(!null(e)))
			}
			if null == nil || !null(e) {
				v.fixed = append(v.fixed, value(e)...)
			}
		}
		return to - from, nil
	})
}

func present(yes bool) uint8 {
	if yes {
		return 1
	}
	return 0
}

// text writes a required column of texts of any cardinality.
func text(f *fileWriter, name string, order, codes []uint32, d *span.Dict) {
	if codable(d, len(order)) {
		coded(f, name, shapeText, order, codes, texts{d})
		return
	}
	f.column(column{name: name, shape: shapeText}, func(v *vector, from, to int) (int, error) {
		for p, e := range order[from:to] {
			if v.appendText(d.Bytes(codes[e])) {
				return p + 1, nil
			}
		}
		return to - from, nil
	})
}

// appendText appends a row's text and reports whether the page is full.
func (v *vector) appendText(s []byte) bool {
	v.text = append(v.text, s...)
	v.ends = append(v.ends, uint32(len(v.text)))
	return len(v.text) >= textBytes
}

// codable reports whether a dictionary pays for a column with so many values.
func codable(d *span.Dict, values int) bool {
	return 2*d.Len() <= values+16 && d.Bytesize()+4*d.Len() <= maxDictionary
}

// plainText is text for a few values that have no codes yet.
func plainText(f *fileWriter, name string, order []uint32, values []string) {
	var d span.Dict
	codes := make([]uint32, len(values))
	for i, s := range values {
		codes[i] = d.Text([]byte(s))
	}
	text(f, name, order, codes, &d)
}

// identity is the dictionary of the numbers below n.
func identity(n int) *numbers {
	d := newNumbers(4)
	for i := range n {
		d.code(int64(i))
	}
	return d
}

// reference writes a column that holds numbers of rows of a small table; without
// an order, as coded.
func reference(f *fileWriter, name string, order, values []uint32, n int) {
	if 4*n <= maxDictionary && 2*n <= f.rows+16 {
		coded(f, name, shapeInt32, order, values, identity(n))
		return
	}
	number(f, name, shapeInt32, order, values)
}

// kindNames and statusNames are the dictionaries of the two enumerations, in the
// order of their numbers.
func kindNames() texts   { return enumeration[span.Kind](span.KindConsumer) }
func statusNames() texts { return enumeration[span.Status](span.StatusError) }

func enumeration[T interface {
	~uint8
	String() string
}](last T) texts {
	d := new(span.Dict)
	for i := T(0); i <= last; i++ {
		d.Code([]byte(i.String()))
	}
	return texts{d}
}

func (t *table) writeSpans(out io.Writer) (File, error) {
	b := t.b
	f := newFileWriter(out, len(t.order), format.Snappy)
	f.filters = &t.filters
	fixed(f, "trace_id", shapeTraceID, t.order, func(e uint32) []byte { return b.Traces.Bytes(b.Trace[e]) }, nil)
	fixed(f, "span_id", shapeSpanID, t.order, func(e uint32) []byte { return b.ID[e][:] }, nil)
	writeParents(f, t.parents, t.foreign)
	number(f, "start", shapeTime, t.order, b.Start)
	number(f, "duration", shapeInt64, t.order, b.Duration)
	text(f, "name", t.order, b.Name, &b.Names)
	coded(f, "kind", shapeText, t.order, clamp(b.Kind, span.KindConsumer), kindNames())
	coded(f, "status", shapeText, t.order, clamp(b.Status, span.StatusError), statusNames())
	text(f, "status_message", t.order, b.Message, &b.Messages)
	text(f, "trace_state", t.order, b.State, &b.States)
	smallNumber(f, "flags", shapeInt64, t.order, b.Flags)
	reference(f, "resource", t.order, b.Resource, b.Resources.Len())
	reference(f, "scope", t.order, b.Scope, b.Scopes.Len())
	counts(f, "dropped_attributes", t.order, &b.DroppedAttrs)
	counts(f, "dropped_events", t.order, &b.DroppedEvents)
	counts(f, "dropped_links", t.order, &b.DroppedLinks)
	plainText(f, "instrumentation_name", indirect(t.order, b.Scope), b.Scopes.Name)
	plainText(f, "instrumentation_version", indirect(t.order, b.Scope), b.Scopes.Version)
	return attributes(f, []attributeSource{
		{scope: "span", attrs: &b.Attrs, order: t.order, place: t.place},
		{scope: "resource", attrs: &b.Resources.Attrs, order: t.order, via: b.Resource},
		{scope: "instrumentation", attrs: &b.Scopes.Attrs, order: t.order, via: b.Scope},
	})
}

// clamp maps values that the enumeration does not have to its zero.
func clamp[T ~uint8](values []T, last T) []T {
	if !slices.ContainsFunc(values, func(v T) bool { return v > last }) {
		return values
	}
	out := slices.Clone(values)
	for i, v := range out {
		if v > last {
			out[i] = 0
		}
	}
	return out
}

// smallNumber is number with a dictionary, if that pays.
func smallNumber(f *fileWriter, name string, s shape, order []uint32, values []uint32) {
	d := newNumbers(s.bytes())
	codes := make([]uint32, len(values))
	for _, e := range order {
		if codes[e] = d.code(int64(values[e])); d.Len() > 256 {
			number(f, name, s, order, values)
			return
		}
	}
	coded(f, name, s, order, codes, d)
}

// counts writes a sparse column of counts; null means zero.
func counts(f *fileWriter, name string, order []uint32, c *span.Column) {
	f.column(column{name: name, shape: shapeInt32, optional: true}, func(v *vector, from, to int) (int, error) {
		for _, e := range order[from:to] {
			n := uint32(0)
			if len(c.Rows) > 0 {
				n = c.Count(e)
			}
			v.present = append(v.present, present(n != 0))
			if n != 0 {
				v.nums = append(v.nums, int64(n))
			}
		}
		return to - from, nil
	})
}

func (t *table) writeEvents(out io.Writer) (File, error) {
	e := &t.b.Events
	f := newFileWriter(out, len(t.events), format.Snappy)
	t.owner(f, t.events, e.Span)
	number(f, "time", shapeTime, t.events, e.Time)
	text(f, "name", t.events, e.Name, &e.Names)
	counts(f, "dropped_attributes", t.events, &e.Dropped)
	return attributes(f, []attributeSource{{scope: "event", attrs: &e.Attrs, order: t.events}})
}

func (t *table) writeLinks(out io.Writer) (File, error) {
	l := &t.b.Links
	f := newFileWriter(out, len(t.links), format.Snappy)
	t.owner(f, t.links, l.Span)
	fixed(f, "linked_trace_id", shapeTraceID, t.links, func(i uint32) []byte { return l.TraceID[i][:] }, nil)
	fixed(f, "linked_span_id", shapeSpanID, t.links, func(i uint32) []byte { return l.ID[i][:] }, nil)
	text(f, "trace_state", t.links, l.State, &l.States)
	smallNumber(f, "flags", shapeInt64, t.links, l.Flags)
	counts(f, "dropped_attributes", t.links, &l.Dropped)
	return attributes(f, []attributeSource{{scope: "link", attrs: &l.Attrs, order: t.links}})
}

// owner writes the span that an event or link belongs to: its ids and its row of
// spans.parquet.
func (t *table) owner(f *fileWriter, order, spans []uint32) {
	b := t.b
	fixed(f, "trace_id", shapeTraceID, order, func(i uint32) []byte { return b.Traces.Bytes(b.Trace[spans[i]]) }, nil)
	fixed(f, "span_id", shapeSpanID, order, func(i uint32) []byte { return b.ID[spans[i]][:] }, nil)
	f.column(column{name: "span_row", shape: shapeInt64}, func(v *vector, from, to int) (int, error) {
		for _, i := range order[from:to] {
			v.nums = append(v.nums, int64(t.place[spans[i]])-1)
		}
		return to - from, nil
	})
}

// writeSets writes resources.parquet or scopes.parquet: row i is set i.
func writeSets(out io.Writer, s *span.Sets, scope string) (File, error) {
	order := span.Seq(s.Len())
	f := newFileWriter(out, len(order), format.Zstd)
	if scope == "instrumentation" {
		plainText(f, "name", order, s.Name)
		plainText(f, "version", order, s.Version)
	}
	plainText(f, "schema_url", order, s.Schema)
	smallNumber(f, "dropped_attributes", shapeInt32, order, s.Dropped)
	return attributes(f, []attributeSource{{scope: scope, attrs: &s.Attrs, order: order}})
}

// writeTraces writes the table of traces, by id.
func writeTraces(out io.Writer, traces []trace, names, services *span.Dict) (File, error) {
	order := byID(traces)
	f := newFileWriter(out, len(order), format.Zstd)
	num := numbersOf(f, traces, order)
	rows := func(name string, at func(*trace) [2]int) {
		f.column(column{name: "first_" + name, shape: shapeInt64, optional: true}, func(v *vector, from, to int) (int, error) {
			for _, e := range order[from:to] {
				r := at(&traces[e])
				v.present = append(v.present, present(r[0] < r[1]))
				if r[0] < r[1] {
					v.nums = append(v.nums, int64(r[0]))
				}
			}
			return to - from, nil
		})
		num(name+"s", shapeInt64, func(t *trace) int64 { r := at(t); return int64(r[1] - r[0]) })
	}
	fixed(f, "trace_id", shapeTraceID, order, func(e uint32) []byte { return traces[e].id[:] }, nil)
	rows("span", func(t *trace) [2]int { return t.spans })
	rows("event", func(t *trace) [2]int { return t.events })
	rows("link", func(t *trace) [2]int { return t.links })
	num("start", shapeTime, func(t *trace) int64 { return t.start })
	num("duration", shapeInt64, func(t *trace) int64 { return t.end - t.start })
	num("errors", shapeInt64, func(t *trace) int64 { return int64(t.errors) })
	num("services", shapeInt64, func(t *trace) int64 { return int64(t.services) })
	num("repeated_ids", shapeBool, func(t *trace) int64 { return int64(present(t.repeated)) })
	num("root_offset", shapeInt64, func(t *trace) int64 { return t.rootStart - t.start })
	codes := make([]uint32, len(traces))
	for i := range traces {
		codes[i] = traces[i].rootName
	}
	text(f, "root_name", order, codes, names)
	for i := range traces {
		codes[i] = traces[i].rootOf
	}
	text(f, "root_service", order, codes, services)
	fixed(f, "root_parent_span_id", shapeSpanID, order, func(e uint32) []byte { return traces[e].rootParent[:] }, func(e uint32) bool { return traces[e].rootParent.IsZero() })
	return f.finish(nil)
}

// byID is the order in which tables of traces stand.
func byID(traces []trace) []uint32 {
	order := span.Seq(len(traces))
	slices.SortFunc(order, func(x, y uint32) int { return slices.Compare(traces[x].id[:], traces[y].id[:]) })
	return order
}

// numbersOf returns what writes a required column with a number of each trace.
func numbersOf(f *fileWriter, traces []trace, order []uint32) func(name string, s shape, value func(*trace) int64) {
	return func(name string, s shape, value func(*trace) int64) {
		f.column(column{name: name, shape: s}, func(v *vector, from, to int) (int, error) {
			for _, e := range order[from:to] {
				v.nums = append(v.nums, value(&traces[e]))
			}
			return to - from, nil
		})
	}
}

func indirect(order, ref []uint32) []uint32 {
	to := make([]uint32, len(order))
	for p, row := range order {
		to[p] = ref[row]
	}
	return to
}

func columnsJSON(columns []attributeColumn) string {
	b, err := json.Marshal(columns)
	if err != nil {
		panic(err) // strings only
	}
	return string(b)
}
