package logs

import (
	"math"

	"github.com/everspan/everspan/internal/span"
)

// head looks for records in a head: the same conditions as for a block, row by row.
func (s *search) head(i int, l *span.Logs) {
	q := &s.q
	rows := span.Seq(l.Len())
	if !q.Trace.IsZero() {
		rows = l.Rows(q.Trace)
	}
	to := q.To
	if to == 0 {
		to = math.MaxInt64
	}
	resource := make([]bool, l.Resources.Len())
	for r := range resource {
		v, ok := l.Resources.Attrs.Get(uint32(r), "service.name")
		resource[r] = q.Service == "" || ok && v.Display() == q.Service
	}
	m := matcher{q: q, l: l, has: contains(q.Text)}
	for _, row := range rows {
		switch {
		case l.Time[row] < q.From || l.Time[row] > to:
		case !resource[l.Resource[row]]:
		case q.Severity > 0 && l.Severity[row] < q.Severity:
		case !q.Span.IsZero() && l.ID[row] != q.Span:
		case !m.attributes(row):
		case q.Text != "" && !m.text(row):
		default:
			s.found = append(s.found, hit{l.Time[row], i, row})
		}
	}
	s.keep()
}

// matcher asks for what is costly in a row.
type matcher struct {
	q     *Query
	l     *span.Logs
	has   func([]byte) bool
	attrs *span.AttrRows
	known map[uint32]bool // by code of Bodies: whether it has the text
}

func (m *matcher) row(row uint32) func(func(string, span.Value) bool) {
	if m.attrs == nil {
		rows := m.l.Attrs.ByRow(m.l.Len())
		m.attrs = &rows
	}
	return m.attrs.Row(row)
}

func (m *matcher) attributes(row uint32) bool {
	for _, want := range m.q.Attributes {
		ok := false
		if v, has := m.l.Resources.Attrs.Get(m.l.Resource[row], want.Key); has {
			ok = v.Display() == want.Value
		}
		for k, v := range m.row(row) {
			ok = ok || k == want.Key && v.Display() == want.Value
		}
		if !ok {
			return false
		}
	}
	return true
}

func (m *matcher) text(row uint32) bool {
	if m.known == nil {
		m.known = make(map[uint32]bool)
	}
	code := m.l.Body[row]
	has, ok := m.known[code]
	if !ok {
		has = m.has(m.l.Bodies.Bytes(code))
		m.known[code] = has
	}
	if has {
		return true
	}
	for _, v := range m.row(row) {
		if searched(v) && m.has([]byte(v.Str)) {
			return true
		}
	}
	return false
}
