package advise

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/everspan/everspan/internal/span"
)

// Columns is the document of one trace for those who draw very large ones: what
// [Waterfall] has, but one array for each property of the nodes, so that nothing has to
// be parsed for each span. It is:
//
//	offset  size  field
//	     0     4  "EVTC"
//	     4     4  version, 1
//	     8     4  length n of the header
//	    12     4  zero
//	    16     n  header, JSON: see [ColumnsHeader]
//	              zeroes up to a multiple of eight
//	              the columns, each at a multiple of eight from here on, little-endian
//
// Offsets in time and durations are ns as doubles: exact up to 2^53, which is 104 days.
type Columns struct {
	header ColumnsHeader
	data   []byte
}

const (
	columnsMagic   = "EVTC"
	columnsVersion = 1
)

// ColumnsHeader is what is said once of a trace. Numbers of nodes are positions in
// drawing order.
type ColumnsHeader struct {
	TraceID      string     `json:"traceId"`
	Start        string     `json:"startUnixNano"` // decimal: offsets count from here
	Duration     int64      `json:"durationNano"`
	SpanCount    int        `json:"spanCount"`
	ServiceCount int        `json:"serviceCount"`
	ErrorCount   int        `json:"errorCount"`
	Root         Root       `json:"root"`
	Verdict      *Verdict   `json:"verdict,omitempty"`
	FirstError   *Failure   `json:"firstError,omitempty"`
	Flags        FlagCounts `json:"flags"`
	Partial      []string   `json:"partial,omitempty"`

	Nodes int `json:"nodes"`
	// What the columns of the same names have numbers of. Flags are bits, the first name is
	// that of the lowest.
	Names     []string `json:"names"`
	Services  []string `json:"services"`
	Errors    []string `json:"errors"` // the first one is none
	Kinds     []string `json:"kinds"`
	FlagNames []string `json:"flagNames"`

	Columns []ColumnPlace `json:"columns"`
}

// ColumnPlace is where a column stands: Length values of a type at a byte offset behind the
// header.
type ColumnPlace struct {
	Name   string `json:"name"`
	Type   string `json:"type"` // i32, u32, u16, u8, f64
	Offset int    `json:"offset"`
	Length int    `json:"length"`
}

// Header returns what is said once of the trace.
func (c *Columns) Header() *ColumnsHeader { return &c.header }

// NewColumns builds the document of the trace whose spans b holds. It takes some 80 bytes
// a span.
func NewColumns(b *span.Batch, partial []string) *Columns {
	a := Analyze(span.NewTree(b))
	t := a.Tree
	start, duration := extent(t.Nodes)
	c := &Columns{header: ColumnsHeader{
		Start: strconv.FormatInt(start, 10), Duration: duration, SpanCount: b.Len(), ServiceCount: a.countServices(),
		Root: Root{Node: t.Main}, Verdict: a.Verdict, FirstError: a.Failure, Flags: countFlags(t), Partial: partial,
		Nodes: len(t.Nodes), FlagNames: span.FlagNames(),
	}}
	h := &c.header
	for k := span.Kind(0); k <= span.KindConsumer; k++ {
		h.Kinds = append(h.Kinds, k.String())
	}
	for _, status := range b.Status {
		if status == span.StatusError {
			h.ErrorCount++
		}
	}
	if t.Main >= 0 {
		h.TraceID = b.TraceID(0).String()
		h.Root = Root{t.Main, a.service(t.Main), a.name(t.Main), t.Nodes[t.Main].Duration}
	}
	c.nodes(a, start)
	c.stretches("path", stretches(a.Path, start))
	c.stretches("gap", stretches(a.Gaps, start))
	c.events(t, start)
	return c
}

// events lists the moments of all events, in drawing order of their spans.
func (c *Columns) events(t *span.Tree, start int64) {
	var node []int32
	var time []float64
	var exception []uint8
	events := &t.Spans.Events
	for i := range t.Nodes {
		if t.Nodes[i].Row < 0 {
			continue
		}
		for e, to := t.Spans.EventsOf(uint32(t.Nodes[i].Row)); e < to; e++ {
			node = append(node, int32(i))
			time = append(time, float64(events.Time[e]-start))
			is := uint8(0)
			if string(events.Names.Bytes(events.Name[e])) == "exception" {
				is = 1
			}
			exception = append(exception, is)
		}
	}
	put(c, "eventNode", "i32", node)
	put(c, "eventTime", "f64", time)
	put(c, "eventException", "u8", exception)
}

// numbered numbers texts in the order in which they are met.
type numbered struct {
	all    []string
	number map[string]uint32
}

func (t *numbered) of(s string) uint32 {
	n, ok := t.number[s]
	if !ok {
		if t.number == nil {
			t.number = make(map[string]uint32)
		}
		n = uint32(len(t.all))
		t.number[s] = n
		t.all = append(t.all, s)
	}
	return n
}

func (c *Columns) nodes(a *Analysis, start int64) {
	t, b := a.Tree, a.Tree.Spans
	n := len(t.Nodes)
	var names, services, errors numbered
	errors.of("")
	parent, depth, children := make([]int32, n), make([]int32, n), make([]int32, n)
	begin, length, self, critical := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	name, service, failure := make([]uint32, n), make([]uint32, n), make([]uint32, n)
	kind, status, ids := make([]uint8, n), make([]uint8, n), make([]uint8, 0, 8*n)
	flags, events, links := make([]uint16, n), make([]uint16, n), make([]uint16, n)
	for i := range t.Nodes {
		node := &t.Nodes[i]
		parent[i], depth[i], children[i] = node.Parent, node.Depth, node.Children
		begin[i], length[i] = float64(since(node.Start, start)), float64(node.Duration)
		self[i], critical[i] = float64(a.Self[i]), float64(a.Critical[i])
		flags[i] = uint16(node.Flags)
		ids = append(ids, node.ID[:]...)
		name[i], service[i] = names.of(a.name(int32(i))), services.of(a.service(int32(i)))
		if node.Row < 0 {
			continue
		}
		row := uint32(node.Row)
		kind[i], status[i] = min(uint8(b.Kind[row]), uint8(span.KindConsumer)), uint8(b.Status[row])
		if b.Status[row] == span.StatusError {
			failure[i] = errors.of(a.reason(row))
		}
		from, to := b.EventsOf(row)
		events[i] = uint16(min(to-from, math.MaxUint16))
		from, to = b.LinksOf(row)
		links[i] = uint16(min(to-from, math.MaxUint16))
	}
	c.header.Names, c.header.Services, c.header.Errors = names.all, services.all, errors.all
	put(c, "parent", "i32", parent)
	put(c, "depth", "i32", depth)
	put(c, "children", "i32", children)
	put(c, "begin", "f64", begin)
	put(c, "length", "f64", length)
	put(c, "self", "f64", self)
	put(c, "critical", "f64", critical)
	put(c, "name", "u32", name)
	put(c, "service", "u32", service)
	put(c, "kind", "u8", kind)
	put(c, "status", "u8", status)
	put(c, "flags", "u16", flags)
	put(c, "error", "u32", failure)
	put(c, "events", "u16", events)
	put(c, "links", "u16", links)
	put(c, "ids", "u8", ids)
}

func (c *Columns) stretches(name string, all []Stretch) {
	node, start, duration := make([]int32, len(all)), make([]float64, len(all)), make([]float64, len(all))
	for i, s := range all {
		node[i], start[i], duration[i] = s.Node, float64(s.Start), float64(s.Duration)
	}
	put(c, name+"Node", "i32", node)
	put(c, name+"Start", "f64", start)
	put(c, name+"Duration", "f64", duration)
}

// put adds a column.
func put[T int32 | uint32 | uint16 | uint8 | float64](c *Columns, name, typ string, values []T) {
	for len(c.data)%8 != 0 {
		c.data = append(c.data, 0)
	}
	c.header.Columns = append(c.header.Columns, ColumnPlace{name, typ, len(c.data), len(values)})
	var err error
	if c.data, err = binary.Append(c.data, binary.LittleEndian, values); err != nil {
		panic(err) // numbers of a fixed size
	}
}

// Append appends the document to dst.
func (c *Columns) Append(dst []byte) []byte {
	header, err := json.Marshal(&c.header)
	if err != nil {
		panic(fmt.Sprintf("advise: encode columns: %v", err)) // our own types only
	}
	at := len(dst)
	dst = append(dst, columnsMagic...)
	for _, v := range []uint32{columnsVersion, uint32(len(header)), 0} {
		dst = binary.LittleEndian.AppendUint32(dst, v)
	}
	dst = append(dst, header...)
	for (len(dst)-at)%8 != 0 {
		dst = append(dst, 0)
	}
	return append(dst, c.data...)
}
