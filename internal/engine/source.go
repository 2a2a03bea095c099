package engine

import (
	"sync"

	"github.com/everspan/everspan/internal/rowset"
	"github.com/everspan/everspan/internal/traceql"
)

// source is spans as columns: those of a block or of a batch. Columns are resolved
// once for a query; reading them is safe for concurrent use.
type source interface {
	// attribute returns the columns of an attribute of one scope.
	attribute(scope traceql.Scope, name string) (layer, error)
	// intrinsic returns the column of a field of the span itself, of its trace, its
	// events, its links or its instrumentation scope.
	intrinsic(f traceql.Field) (column, error)
	// forest finds the parents of all spans of a window of whole traces.
	forest(w *window) (*forest, error)
}

// column is the values of spans. in and out have the window's rows.
type column interface {
	// match adds to out the rows of in whose value the predicate accepts.
	match(w *window, p *Predicate, in, out *rowset.Set) error
	// present adds to out the rows of in that have a value.
	present(w *window, in, out *rowset.Set) error
	// read returns the values of the rows of in, in order.
	read(w *window, in *rowset.Set) (vector, error)
	// never reports whether it is known that no row matches.
	never(p *Predicate) bool
	// cost is about how many bytes have to be read for all rows.
	cost() int64
	// label says which column it is, for the plan of a query.
	label() string
}

// layer is the columns that an attribute of one scope may stand in: one for each type,
// and what has no column. The first that has something for a row decides.
type layer []column

// scan is a source as one query reads it: columns are resolved once.
type scan struct {
	source
	mu     sync.Mutex
	fields map[string]column
}

func newScan(s source) *scan { return &scan{source: s, fields: make(map[string]column)} }

// field returns the values of an attribute or intrinsic.
func (s *scan) field(e traceql.FieldExpr) (column, error) {
	key := e.String()
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.fields[key]; ok {
		return c, nil
	}
	c, err := fieldOf(s.source, e)
	if err != nil {
		return nil, err
	}
	s.fields[key] = c
	return c, nil
}

// window is the rows that are looked at together: whole traces, but for heads.
type window struct {
	src      *scan
	from, to uint32
	traces   *traces // nil where traces are not whole
	trees    *forest // lazily
}

func (w *window) none() *rowset.Set { return rowset.New(w.from, w.to) }

func (w *window) all() *rowset.Set { return rowset.Full(w.from, w.to) }

// some returns the rows of the traces that are wanted, by their number in the source, and
// how many they are.
func (w *window) some(wanted func(trace uint32) bool) (*rowset.Set, int) {
	in, n := w.none(), 0
	first := w.traces.first
	from := w.from // of the run of traces under way
	for i := range w.traces.len() {
		if wanted(uint32(w.traces.base + i)) {
			n++
			continue
		}
		in.AddRange(from, first[i])
		from = first[i+1]
	}
	in.AddRange(from, w.to)
	return in, n
}

// tree returns the parents of the window's spans.
func (w *window) tree() (*forest, error) {
	if w.trees == nil {
		f, err := w.src.forest(w)
		if err != nil {
			return nil, err
		}
		w.trees = f
	}
	return w.trees, nil
}

// odd returns the traces of the window whose tree has to be drawn to be understood. Without
// ask, only those that are known because the tree was looked at.
func (w *window) odd(ask bool) (map[int]bool, error) {
	if w.trees == nil && !ask {
		return nil, nil
	}
	t, err := w.tree()
	if err != nil {
		return nil, err
	}
	return t.odd, nil
}

// traces is where the traces of a window stand: trace i has the rows
// [first[i], first[i+1]).
type traces struct {
	first []uint32
	base  int // the number of the first of them in the source
}

func (t *traces) len() int { return len(t.first) - 1 }

// vector is the values of a column for some rows, entry by entry.
type vector interface {
	at(i int) values
	// number returns an entry that is one number, as a float.
	number(i int) (float64, bool)
}

// free gives the memory of a vector back, as soon as nothing that was taken from it is
// used any more. Only what is large and read often needs that.
func free(all ...vector) {
	for _, v := range all {
		switch v := v.(type) {
		case *blockVector:
			v.v.Free()
		case *keys:
			if v.free != nil {
				v.free()
			}
		}
	}
}

// list is a vector of what was computed.
type list []values

func (l list) at(i int) values { return l[i] }

func (l list) number(i int) (float64, bool) { return l[i].number() }

func (v values) number() (float64, bool) {
	if len(v.list) != 1 || !isNumber(v.list[0].Type) {
		return 0, false
	}
	return toFloat(&v.list[0]), true
}
