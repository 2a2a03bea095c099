// Package otlptest makes OTLP payloads for tests with OpenTelemetry's own library.
package otlptest

import (
	"math"

	"github.com/everspan/everspan/internal/span"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Logs encodes some records, or all without rows, as an ExportLogsServiceRequest in
// protobuf. Each has a group of its own.
func Logs(l *span.Logs, rows ...uint32) []byte {
	payload, err := new(plog.ProtoMarshaler).MarshalLogs(Records(l, rows...))
	if err != nil {
		panic(err) // pdata's own types
	}
	return payload
}

// Records is Logs before it is encoded.
func Records(l *span.Logs, rows ...uint32) plog.Logs {
	if rows == nil {
		rows = span.Seq(l.Len())
	}
	out := plog.NewLogs()
	for _, row := range rows {
		group := out.ResourceLogs().AppendEmpty()
		resource := l.Resource[row]
		fill(group.Resource().Attributes(), l.Resources.Attrs.Row(resource))
		group.Resource().SetDroppedAttributesCount(l.Resources.Dropped[resource])
		group.SetSchemaUrl(l.Resources.Schema[resource])
		in := group.ScopeLogs().AppendEmpty()
		scope := l.Scope[row]
		in.Scope().SetName(l.Scopes.Name[scope])
		in.Scope().SetVersion(l.Scopes.Version[scope])
		in.Scope().SetDroppedAttributesCount(l.Scopes.Dropped[scope])
		in.SetSchemaUrl(l.Scopes.Schema[scope])
		fill(in.Scope().Attributes(), l.Scopes.Attrs.Row(scope))
		r := in.LogRecords().AppendEmpty()
		r.SetTimestamp(pcommon.Timestamp(l.Time[row]))
		r.SetObservedTimestamp(pcommon.Timestamp(l.Observed[row]))
		r.SetTraceID(pcommon.TraceID(l.TraceID(row)))
		r.SetSpanID(pcommon.SpanID(l.ID[row]))
		r.SetSeverityNumber(plog.SeverityNumber(l.Severity[row]))
		r.SetSeverityText(l.Levels.String(l.Level[row]))
		r.SetEventName(l.Events.String(l.Event[row]))
		r.SetFlags(plog.LogRecordFlags(l.Flags[row]))
		r.SetDroppedAttributesCount(l.DroppedAttrs.Count(row))
		fill(r.Attributes(), l.Attrs.Row(row))
		set(r.Body(), l.BodyValue(row))
	}
	return out
}

func fill(to pcommon.Map, row func(func(string, span.Value) bool)) {
	for k, v := range row {
		set(to.PutEmpty(k), v)
	}
}

// set sets a value. Lists and maps are carried by what their JSON is made of.
func set(to pcommon.Value, v span.Value) {
	switch v.Type {
	case span.String:
		to.SetStr(v.Str)
	case span.Int:
		to.SetInt(int64(v.Num))
	case span.Double:
		to.SetDouble(math.Float64frombits(v.Num))
	case span.Bool:
		to.SetBool(v.Num != 0)
	case span.Bytes:
		to.SetEmptyBytes().FromRaw([]byte(v.Str))
	case span.JSON:
		setJSON(to, v.Str)
	}
}
