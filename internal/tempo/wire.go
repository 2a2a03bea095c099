package tempo

import (
	"math"

	"github.com/VictoriaMetrics/easyproto"
)

// Messages as protobuf, for the streaming API. The numbers of fields are those that
// Tempo's documentation and the clients in its users' hands have; what neither tells is
// left out: the counts by service, and the metrics of tags and values.

var marshalers easyproto.MarshalerPool

// Message is a message that can be written as protobuf.
type Message interface {
	append(m *easyproto.MessageMarshaler)
}

// Encode writes a message as protobuf.
func Encode(v Message) []byte {
	m := marshalers.Get()
	defer marshalers.Put(m)
	v.append(m.MessageMarshaler())
	return m.Marshal(nil)
}

func (r *SearchResponse) append(m *easyproto.MessageMarshaler) {
	for i := range r.Traces {
		r.Traces[i].append(m.AppendMessage(1))
	}
	r.Metrics.append(m.AppendMessage(2))
}

func (t *Trace) append(m *easyproto.MessageMarshaler) {
	m.AppendString(1, t.TraceID)
	m.AppendString(2, t.RootService)
	m.AppendString(3, t.RootName)
	m.AppendUint64(4, t.Start)
	m.AppendUint32(5, t.DurationMs)
	for i := range t.SpanSets {
		t.SpanSets[i].append(m.AppendMessage(7))
	}
}

func (s *SpanSet) append(m *easyproto.MessageMarshaler) {
	for i := range s.Spans {
		s.Spans[i].append(m.AppendMessage(1))
	}
	m.AppendUint32(2, s.Matched)
	appendAttributes(m, 3, s.Attributes)
}

func (s *Span) append(m *easyproto.MessageMarshaler) {
	m.AppendString(1, s.SpanID)
	m.AppendString(2, s.Name)
	m.AppendUint64(3, s.Start)
	m.AppendUint64(4, s.Duration)
	appendAttributes(m, 5, s.Attributes)
}

func (s *Metrics) append(m *easyproto.MessageMarshaler) {
	m.AppendUint32(1, s.InspectedTraces)
	m.AppendUint64(2, s.InspectedBytes)
	m.AppendUint32(3, s.TotalBlocks)
	m.AppendUint32(4, s.CompletedJobs)
	m.AppendUint32(5, s.TotalJobs)
	m.AppendUint64(7, s.InspectedSpans)
}

func (r *TagsResponse) append(m *easyproto.MessageMarshaler) { appendTexts(m, 1, r.Names) }

func (r *TagsV2Response) append(m *easyproto.MessageMarshaler) {
	for i := range r.Scopes {
		scope := m.AppendMessage(1)
		scope.AppendString(1, r.Scopes[i].Name)
		appendTexts(scope, 2, r.Scopes[i].Tags)
	}
}

func (r *ValuesResponse) append(m *easyproto.MessageMarshaler) { appendTexts(m, 1, r.Values) }

func (r *ValuesV2Response) append(m *easyproto.MessageMarshaler) {
	for _, v := range r.Values {
		value := m.AppendMessage(1)
		value.AppendString(1, v.Type)
		value.AppendString(2, v.Value)
	}
}

func appendTexts(m *easyproto.MessageMarshaler, field uint32, texts []string) {
	for _, text := range texts {
		m.AppendString(field, text)
	}
}

// appendAttributes writes OTLP's KeyValue.
func appendAttributes(m *easyproto.MessageMarshaler, field uint32, all []KeyValue) {
	for i := range all {
		one := m.AppendMessage(field)
		one.AppendString(1, all[i].Key)
		all[i].Value.append(one.AppendMessage(2))
	}
}

// append writes OTLP's AnyValue.
func (v *Value) append(m *easyproto.MessageMarshaler) {
	switch v.kind {
	case textValue:
		m.AppendString(1, v.text)
	case boolValue:
		m.AppendBool(2, v.num != 0)
	case intValue:
		m.AppendInt64(3, v.num)
	case doubleValue:
		m.AppendDouble(4, v.flt)
	case listValue:
		list := m.AppendMessage(5)
		for i := range v.list {
			v.list[i].append(list.AppendMessage(1))
		}
	}
}

// size is about how many bytes a trace has as protobuf, rather more than less.
func (t *Trace) size() int {
	n := 64 + len(t.TraceID) + len(t.RootService) + len(t.RootName)
	for i := range t.SpanSets {
		set := &t.SpanSets[i]
		n += 16 + attributesSize(set.Attributes)
		for k := range set.Spans {
			n += 48 + len(set.Spans[k].SpanID) + len(set.Spans[k].Name) + attributesSize(set.Spans[k].Attributes)
		}
	}
	return n
}

func attributesSize(all []KeyValue) (n int) {
	for i := range all {
		n += 16 + len(all[i].Key) + all[i].Value.size()
	}
	return n
}

func (v *Value) size() int {
	n := 16 + len(v.text)
	for i := range v.list {
		n += v.list[i].size()
	}
	return min(n, math.MaxInt32)
}
