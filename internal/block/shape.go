package block

import (
	"github.com/everspan/everspan/internal/span"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// shape is what a column's values are, for us and for Parquet.
type shape uint8

const (
	shapeText   shape = iota // UTF-8
	shapeBinary              // any bytes
	shapeJSON                // UTF-8 JSON
	shapeInt32
	shapeInt64
	shapeTime // ns since the Unix epoch, UTC
	shapeDouble
	shapeBool
	shapeTraceID // 16 bytes
	shapeSpanID  // 8 bytes
)

// shapeOf is the shape of an attribute column.
func shapeOf(t span.Type) shape {
	return [...]shape{
		span.String: shapeText, span.Int: shapeInt64, span.Double: shapeDouble,
		span.Bool: shapeBool, span.Bytes: shapeBinary, span.JSON: shapeJSON,
	}[t]
}

// typeOf is the inverse of shapeOf.
func typeOf(s shape) span.Type {
	switch s {
	case shapeInt64, shapeInt32, shapeTime:
		return span.Int
	case shapeDouble:
		return span.Double
	case shapeBool:
		return span.Bool
	case shapeBinary:
		return span.Bytes
	case shapeJSON:
		return span.JSON
	}
	return span.String
}

// physical is Parquet's type for a shape.
func (s shape) physical() format.Type {
	switch s {
	case shapeInt32:
		return format.Int32
	case shapeInt64, shapeTime:
		return format.Int64
	case shapeDouble:
		return format.Double
	case shapeBool:
		return format.Boolean
	case shapeTraceID, shapeSpanID:
		return format.FixedLenByteArray
	}
	return format.ByteArray
}

// width is the size of a fixed-length value in bytes.
func (s shape) width() int {
	switch s {
	case shapeTraceID:
		return 16
	case shapeSpanID:
		return 8
	}
	return 0
}

// bytes is the size of a number in bytes.
func (s shape) bytes() int {
	if s == shapeInt32 {
		return 4
	}
	return 8
}

// isText reports whether values are codes of a dictionary in memory.
func (s shape) isText() bool { return s == shapeText || s == shapeBinary || s == shapeJSON }

// element is the column's entry in a Parquet schema.
func (s shape) element(name string, optional bool) format.SchemaElement {
	e := format.SchemaElement{Name: name, Type: some(s.physical())}
	e.RepetitionType = some(format.Required)
	if optional {
		e.RepetitionType = some(format.Optional)
	}
	switch s {
	case shapeText:
		e.ConvertedType = some(deprecated.UTF8)
		e.LogicalType.Value = &format.StringType{}
	case shapeJSON:
		e.ConvertedType = some(deprecated.Json)
		e.LogicalType.Value = &format.JsonType{}
	case shapeTime:
		unit := format.TimeUnit{Value: &format.NanoSeconds{}}
		e.LogicalType.Value = &format.TimestampType{IsAdjustedToUTC: true, Unit: unit}
	case shapeTraceID, shapeSpanID:
		e.TypeLength = some(int32(s.width()))
	}
	return e
}

func some[T any](v T) thrift.Null[T] { return thrift.Null[T]{V: v, Valid: true} }
