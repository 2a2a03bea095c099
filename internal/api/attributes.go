package api

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/everspan/everspan/internal/span"
)

// AttributesAnswer is the answer of GET /api/v1/traces/{id}/attributes: the names of all
// attributes of a trace's spans, by scope and name.
type AttributesAnswer struct {
	Attributes []NamedAttr `json:"attributes"`
	Partial    []string    `json:"partial,omitempty"`
}

// NamedAttr is an attribute of a trace. Count is how many spans, resources, events, links
// or scopes of it have one; Example is the value of the first.
type NamedAttr struct {
	Name    string `json:"name"` // with its scope: span.http.route
	Count   int    `json:"count"`
	Example string `json:"example"`
}

func (s *Server) attributes(w http.ResponseWriter, r *http.Request) {
	t, ok := s.known(w, r)
	if !ok {
		return
	}
	a := AttributesAnswer{Attributes: []NamedAttr{}, Partial: t.Partial}
	for scope, table := range attrTables(t.Spans) {
		a.Attributes = append(a.Attributes, names(scope, table)...)
	}
	slices.SortFunc(a.Attributes, func(x, y NamedAttr) int { return cmp.Compare(x.Name, y.Name) })
	answer(w, http.StatusOK, a)
}

// attrTables are the tables of attributes of spans, by the scope that TraceQL gives them.
func attrTables(b *span.Batch) map[string]*span.Attrs {
	return map[string]*span.Attrs{"span": &b.Attrs, "resource": &b.Resources.Attrs, "event": &b.Events.Attrs, "link": &b.Links.Attrs, "instrumentation": &b.Scopes.Attrs}
}

func names(scope string, a *span.Attrs) []NamedAttr {
	at := make(map[string]int)
	var all []NamedAttr
	add := func(key string, count int, v span.Value) {
		i, ok := at[key]
		if !ok {
			i = len(all)
			at[key] = i
			all = append(all, NamedAttr{Name: scope + "." + key, Example: v.Display()})
		}
		all[i].Count += count
	}
	for _, c := range a.Columns {
		if len(c.Rows) > 0 {
			add(c.Key, len(c.Rows), c.Value(0))
		}
	}
	for i := range a.Rest.Rows {
		add(a.Rest.KeyDict.String(a.Rest.Keys[i]), 1, span.ParseText(a.Rest.ValDict.String(a.Rest.Vals[i])))
	}
	return all
}
