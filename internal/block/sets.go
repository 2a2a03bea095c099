package block

import (
	"github.com/everspan/everspan/internal/span"
)

// setReader rebuilds resources and scopes, whose attributes a file repeats in
// every row, from the first row that refers to each.
type setReader struct {
	b                 *span.Batch
	attrs             *attributeReader
	resources, scopes *values
	resourceRow       map[uint64]uint32
	scopeRow          map[uint64]uint32

	resourceSchema, resourceDropped                    *values
	scopeName, scopeVersion, scopeSchema, scopeDropped *values
}

func newSetReader(in *rowReader, attrs *attributeReader, b *span.Batch) *setReader {
	return &setReader{
		b: b, attrs: attrs,
		resources: in.column("resource", shapeInt32), scopes: in.column("scope", shapeInt32),
		resourceRow: make(map[uint64]uint32), scopeRow: make(map[uint64]uint32),
		resourceSchema: in.column("resource_schema_url", shapeText), resourceDropped: in.column("resource_dropped_attributes", shapeInt32),
		scopeName: in.column("instrumentation_name", shapeText), scopeVersion: in.column("instrumentation_version", shapeText),
		scopeSchema: in.column("instrumentation_schema_url", shapeText), scopeDropped: in.column("instrumentation_dropped_attributes", shapeInt32),
	}
}

func (s *setReader) resource(i int) uint32 {
	ref := s.resources.num(i)
	row, ok := s.resourceRow[ref]
	if !ok {
		row = s.b.Resources.InternSet(span.Set{
			Schema: string(s.resourceSchema.text(i)), Dropped: uint32(s.resourceDropped.num(i)),
		}, func(to *span.Attrs) { s.attrs.row("resource", i, to) })
		s.resourceRow[ref] = row
	}
	return row
}

func (s *setReader) scope(i int) uint32 {
	ref := s.scopes.num(i)
	row, ok := s.scopeRow[ref]
	if !ok {
		row = s.b.Scopes.InternSet(span.Set{
			Name: string(s.scopeName.text(i)), Version: string(s.scopeVersion.text(i)),
			Schema: string(s.scopeSchema.text(i)), Dropped: uint32(s.scopeDropped.num(i)),
		}, func(to *span.Attrs) { s.attrs.row("instrumentation", i, to) })
		s.scopeRow[ref] = row
	}
	return row
}
