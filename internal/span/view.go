package span

import "slices"

// View returns the spans that b has now, for readers that work while b goes on to
// grow: its entries do not change, whatever is appended to b or truncated from
// it that came later. It must not be written to, nor be read once b is Reset. It
// costs a few hundred microseconds for a large batch, not a copy of it.
func (b *Batch) View() *Batch {
	v := *b
	// What is appended to is shared; what is overwritten is copied.
	v.last = slices.Clone(b.last)
	v.Traces.table = slices.Clone(b.Traces.table)
	v.Names, v.Messages, v.States = b.Names.view(), b.Messages.view(), b.States.view()
	v.Attrs = b.Attrs.view()
	v.Resources, v.Scopes = b.Resources.view(), b.Scopes.view()
	v.Events.Names, v.Events.Attrs = b.Events.Names.view(), b.Events.Attrs.view()
	v.Links.States, v.Links.Attrs = b.Links.States.view(), b.Links.Attrs.view()
	return &v
}

func (s *Sets) view() Sets {
	v := *s
	v.Keys, v.Attrs = s.Keys.view(), s.Attrs.view()
	return v
}

func (a *Attrs) view() Attrs {
	v := Attrs{Columns: make([]*Column, len(a.Columns)), Rest: a.Rest, index: slices.Clone(a.index)}
	columns := make([]Column, len(a.Columns))
	for i, c := range a.Columns {
		columns[i] = *c
		columns[i].Dict = c.Dict.view()
		v.Columns[i] = &columns[i]
	}
	v.Rest.KeyDict, v.Rest.ValDict = a.Rest.KeyDict.view(), a.Rest.ValDict.view()
	return v
}

// view returns the values that there are, without what finds them.
func (d *Dict) view() Dict { return Dict{buf: d.buf, ends: d.ends, column: d.column, plain: d.plain} }
