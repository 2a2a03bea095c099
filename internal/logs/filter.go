package logs

import (
	"bytes"
	"context"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/span"
)

// filter narrows rows of a block down, condition by condition, cheap ones first.
type filter struct {
	q   *Query
	r   *block.Reader
	t   *block.Table
	ctx context.Context
}

func (f *filter) apply(rows *rowset.Set) (*rowset.Set, error) {
	for _, condition := range []func(in *rowset.Set) (*rowset.Set, error){f.time, f.service, f.severity, f.span, f.attributes, f.text} {
		if rows.Empty() {
			break
		}
		var err error
		if rows, err = condition(rows); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// match returns the rows of in whose value passes; a column that is not there has none.
func (f *filter) match(name string, in *rowset.Set, test block.Test) (*rowset.Set, error) {
	out := in.Like()
	c, err := f.t.Column(name)
	if err != nil || c == nil {
		return out, err
	}
	return out, c.Matcher(test).Match(in, out)
}

func (f *filter) time(in *rowset.Set) (*rowset.Set, error) {
	to := f.q.To
	if to == 0 {
		to = math.MaxInt64
	}
	if f.q.From > to {
		return in.Like(), nil
	}
	if m := &f.r.Meta; m.MinStart >= f.q.From && m.MaxEnd <= to {
		return in, nil
	}
	return f.match("time", in, block.Test{
		Ranged: true, Lo: f.q.From, Hi: to,
		Num: func(v int64) bool { return v >= f.q.From && v <= to },
	})
}

func (f *filter) service(in *rowset.Set) (*rowset.Set, error) {
	if f.q.Service == "" {
		return in, nil
	}
	return f.resources(in, func(a *span.Attrs, row uint32) bool {
		v, ok := a.Get(row, "service.name")
		return ok && v.Display() == f.q.Service
	})
}

// resources returns the rows of in whose resource passes.
func (f *filter) resources(in *rowset.Set, test func(a *span.Attrs, row uint32) bool) (*rowset.Set, error) {
	sets, err := f.r.Resources(f.ctx)
	if err != nil {
		return nil, err
	}
	pass, n := make([]bool, sets.Len()), 0
	for i := range pass {
		if pass[i] = test(&sets.Attrs, uint32(i)); pass[i] {
			n++
		}
	}
	switch n {
	case 0:
		return in.Like(), nil
	case len(pass):
		return in, nil
	}
	return f.match("resource", in, block.Test{Num: func(v int64) bool { return v >= 0 && v < int64(len(pass)) && pass[v] }})
}

func (f *filter) severity(in *rowset.Set) (*rowset.Set, error) {
	least := int64(f.q.Severity)
	if least == 0 {
		return in, nil
	}
	return f.match("severity_number", in, block.Test{Ranged: true, Lo: least, Hi: math.MaxInt64, Num: func(v int64) bool { return v >= least }})
}

func (f *filter) span(in *rowset.Set) (*rowset.Set, error) {
	if f.q.Span.IsZero() {
		return in, nil
	}
	return f.match("span_id", in, block.Test{Text: func(v []byte) bool { return bytes.Equal(v, f.q.Span[:]) }})
}

func (f *filter) attributes(in *rowset.Set) (*rowset.Set, error) {
	for _, want := range f.q.Attributes {
		out, err := f.resources(in, func(a *span.Attrs, row uint32) bool {
			v, ok := a.Get(row, want.Key)
			return ok && v.Display() == want.Value
		})
		if err != nil {
			return nil, err
		}
		if out == in {
			continue // of every resource
		}
		columns, err := f.t.Attribute("log", want.Key)
		if err != nil {
			return nil, err
		}
		for _, c := range columns {
			if err := c.Matcher(displayed(c.Type, func(v []byte) bool { return string(v) == want.Value })).Match(in, out); err != nil {
				return nil, err
			}
		}
		err = f.t.Rest(in, "log", want.Key, func(row uint32, _ string, v span.Value) {
			if v.Display() == want.Value {
				out.Add(row)
			}
		})
		if err != nil {
			return nil, err
		}
		in = out
	}
	return in, nil
}

// displayed asks how values of a type look to a person.
func displayed(typ span.Type, test func(v []byte) bool) block.Test {
	return block.Test{
		Text: func(v []byte) bool {
			if typ == span.Bytes {
				return test([]byte(span.Value{Type: typ, Str: string(v)}.Display()))
			}
			return test(v)
		},
		Num: func(bits int64) bool { return test([]byte(span.Value{Type: typ, Num: uint64(bits)}.Display())) },
	}
}

func (f *filter) text(in *rowset.Set) (*rowset.Set, error) {
	if f.q.Text == "" {
		return in, nil
	}
	has := contains(f.q.Text)
	out, err := f.match("body", in, block.Test{Text: has})
	if err != nil {
		return nil, err
	}
	var columns []*block.Column
	f.t.Attributes(func(scope, key string, typ span.Type) {
		if err != nil || scope != "log" || typ != span.String && typ != span.JSON {
			return
		}
		var of []*block.Column
		if of, err = f.t.Attribute(scope, key); err == nil {
			for _, c := range of {
				if c.Type == typ {
					columns = append(columns, c)
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		if err := c.Matcher(block.Test{Text: has}).Match(in, out); err != nil {
			return nil, err
		}
	}
	err = f.t.Rest(in, "log", "", func(row uint32, _ string, v span.Value) {
		if searched(v) && has([]byte(v.Str)) {
			out.Add(row)
		}
	})
	return out, err
}

// searched reports whether a value has a text to be found in.
func searched(v span.Value) bool { return v.Type == span.String || v.Type == span.JSON }

// contains returns what asks whether a text has another within it, in whatever case.
func contains(text string) func(v []byte) bool {
	lower := strings.ToLower(text)
	if lower == "" {
		return func([]byte) bool { return true }
	}
	for i := range len(lower) {
		if lower[i] >= utf8.RuneSelf {
			return func(v []byte) bool { return strings.Contains(strings.ToLower(string(v)), lower) }
		}
	}
	first := lower[0]
	upper := first
	if 'a' <= first && first <= 'z' {
		upper -= 'a' - 'A'
	}
	return func(v []byte) bool {
		for i := 0; i+len(lower) <= len(v); i++ {
			if v[i] == first || v[i] == upper {
				if equalFold(v[i:i+len(lower)], lower) {
					return true
				}
			}
		}
		return false
	}
}

// equalFold compares with a text that is lower case and ASCII.
func equalFold(v []byte, lower string) bool {
	for i, b := range v {
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		if b != lower[i] {
			return false
		}
	}
	return true
}
