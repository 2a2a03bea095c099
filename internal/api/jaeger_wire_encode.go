package api

import (
	"github.com/VictoriaMetrics/easyproto"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
)

var jaegerMarshal easyproto.MarshalerPool

// encodeJaeger encodes a message.
func encodeJaeger(fill func(*easyproto.MessageMarshaler)) otlp.Message {
	m := jaegerMarshal.Get()
	defer jaegerMarshal.Put(m)
	fill(m.MessageMarshaler())
	return m.Marshal(nil)
}

// chunkBytes is the size of a message with spans; clients take 4 MiB.
const chunkBytes = 2 << 20

// sendTrace sends the spans of a trace as TracesData, in as many messages as it takes.
func sendTrace(b *span.Batch, send func(otlp.Message) error) error {
	const rows = 2000 // of a usual size they fit
	all := span.Seq(b.Len())
	for from := 0; from < len(all); from += rows {
		if err := sendRows(b, all[from:min(from+rows, len(all))], send); err != nil {
			return err
		}
	}
	return nil
}

func sendRows(b *span.Batch, rows []uint32, send func(otlp.Message) error) error {
	part := b
	if len(rows) < b.Len() {
		part = new(span.Batch)
		part.AppendRows(b, rows)
	}
	msg := otlp.AppendProto(nil, part)
	if len(msg) <= chunkBytes || len(rows) == 1 {
		return send(msg)
	}
	half := len(rows) / 2
	if err := sendRows(b, rows[:half], send); err != nil {
		return err
	}
	return sendRows(b, rows[half:], send)
}

// encodeStrings encodes a message that is a list of strings.
func encodeStrings(all []string) otlp.Message {
	return encodeJaeger(func(m *easyproto.MessageMarshaler) {
		for _, one := range all {
			m.AppendString(1, one)
		}
	})
}

// encodeOperations encodes a GetOperationsResponse.
func encodeOperations(all []jaegerOperation) otlp.Message {
	return encodeJaeger(func(m *easyproto.MessageMarshaler) {
		for _, op := range all {
			o := m.AppendMessage(1)
			o.AppendString(1, op.name)
			o.AppendString(2, op.kind)
		}
	})
}

// encodeSummaries encodes a FindTraceSummariesResponse. The id is text in api_v3 and bytes in storage.v2.
func encodeSummaries(all []jaegerSummary, next string, hex bool) otlp.Message {
	return encodeJaeger(func(m *easyproto.MessageMarshaler) {
		for _, s := range all {
			o := m.AppendMessage(1)
			if hex {
				o.AppendString(1, s.id.String())
			} else {
				o.AppendBytes(1, s.id[:])
			}
			o.AppendString(2, s.service)
			o.AppendString(3, s.operation)
			o.AppendFixed64(4, uint64(s.start))
			o.AppendFixed64(5, uint64(s.end))
			o.AppendInt32(6, int32(s.spans))
			o.AppendInt32(7, int32(s.errors))
			o.AppendInt32(8, int32(s.orphans))
			for _, c := range s.services {
				p := o.AppendMessage(9)
				p.AppendString(1, c.service)
				p.AppendInt32(2, int32(c.spans))
				p.AppendInt32(3, int32(c.errors))
			}
		}
		if next != "" {
			m.AppendString(2, next)
		}
	})
}
