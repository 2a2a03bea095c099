package jaeger

import (
	"fmt"
	"math"
	"time"

	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/wire"
	"google.golang.org/protobuf/encoding/protowire"
)

// AppendProto decodes a jaeger.api_v2 PostSpansRequest and appends its spans to b,
// with the contract of [AppendThrift].
func AppendProto(b *span.Batch, body []byte) (Result, error) {
	rows := b.Len()
	var res Result
	err := wire.Fields(body, func(f wire.Field) error {
		if f.Number != 1 {
			return nil
		}
		if err := f.Want(protowire.BytesType); err != nil {
			return err
		}
		return appendBatch(b, f.Data, &res)
	})
	if err != nil {
		b.Truncate(rows)
		return Result{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return res, nil
}

// appendBatch appends the spans of a Batch, whose process comes behind them.
func appendBatch(b *span.Batch, msg []byte, res *Result) error {
	var shared []byte
	if err := wire.Fields(msg, func(f wire.Field) error {
		if f.Number == 2 {
			shared = f.Data
			return f.Want(protowire.BytesType)
		}
		return nil
	}); err != nil {
		return err
	}
	n := 0
	return wire.Fields(msg, func(f wire.Field) error {
		if f.Number != 1 {
			return nil
		}
		n++
		var r record
		own, err := r.read(f)
		if err != nil {
			return fmt.Errorf("span %d: %w", n-1, err)
		}
		if own == nil {
			own = shared
		}
		row, err := resource(b, "proto", own, func() (p process, err error) { return p, p.read(own) })
		if err != nil {
			return err
		}
		r.put(b, row, res)
		return nil
	})
}

// read fills the record from a Span, and returns its process if it has its own.
func (r *record) read(msg wire.Field) (own []byte, err error) {
	if err := msg.Want(protowire.BytesType); err != nil {
		return nil, err
	}
	var duration time.Duration
	startOK, durationOK := true, true
	err = wire.Fields(msg.Data, func(f wire.Field) (err error) {
		if f.Number == 5 || f.Number > 10 {
			return nil // flags, process_id and warnings say nothing new
		}
		if err := f.Want(protowire.BytesType); err != nil {
			return err
		}
		switch f.Number {
		case 1:
			copyID(r.trace[:], f.Data)
		case 2:
			copyID(r.id[:], f.Data)
		case 3:
			r.name = f.Data
		case 4:
			if err = another(&r.items); err == nil {
				var one ref
				err = one.read(f.Data)
				r.refs = append(r.refs, one)
			}
		case 6:
			r.start, startOK, err = nanos(f.Data)
		case 7:
			var ns int64
			ns, durationOK, err = nanos(f.Data)
			duration = time.Duration(ns)
		case 8:
			r.tags, err = appendTag(r.tags, f.Data, &r.items)
		case 9:
			err = r.readLog(f.Data)
		case 10:
			own = f.Data
		}
		return err
	})
	if !startOK || !durationOK || r.start < 0 || int64(duration) > math.MaxInt64-r.start {
		r.bad = "start_time and duration end after the year 2262, or begin before 1970"
	}
	r.end = r.start + int64(duration)
	return own, err
}

// copyID takes an id; a shorter one is padded with zeroes on the left.
func copyID(id, data []byte) {
	if len(data) <= len(id) {
		copy(id[len(id)-len(data):], data)
	}
}

// nanos reads a Timestamp or a Duration; false if ns can't reach it.
func nanos(msg []byte) (ns int64, ok bool, err error) {
	var seconds, rest int64
	err = wire.Fields(msg, func(f wire.Field) error {
		switch f.Number {
		case 1:
			seconds = int64(f.Num)
		case 2:
			rest = int64(int32(f.Num))
		default:
			return nil
		}
		return f.Want(protowire.VarintType)
	})
	const most = math.MaxInt64/1_000_000_000 - 2
	if seconds > most || seconds < -most {
		return 0, false, err
	}
	return seconds*1e9 + rest, true, err
}

func (r *ref) read(msg []byte) error {
	return wire.Fields(msg, func(f wire.Field) error {
		switch f.Number {
		case 1:
			copyID(r.trace[:], f.Data)
		case 2:
			copyID(r.id[:], f.Data)
		case 3:
			r.follows = f.Num == 1
			return f.Want(protowire.VarintType)
		default:
			return nil
		}
		return f.Want(protowire.BytesType)
	})
}

func (r *record) readLog(msg []byte) error {
	if err := another(&r.items); err != nil {
		return err
	}
	var l log
	ok := true
	err := wire.Fields(msg, func(f wire.Field) (err error) {
		switch f.Number {
		case 1:
			l.time, ok, err = nanos(f.Data)
		case 2:
			l.fields, err = appendTag(l.fields, f.Data, &r.items)
		default:
			return nil
		}
		if err != nil {
			return err
		}
		return f.Want(protowire.BytesType)
	})
	if !ok || l.time < 0 {
		r.bad = "a log's timestamp is after the year 2262, or before 1970"
	}
	r.logs = append(r.logs, l)
	return err
}

func (p *process) read(msg []byte) error {
	return wire.Fields(msg, func(f wire.Field) (err error) {
		switch f.Number {
		case 1:
			p.service = f.Data
		case 2:
			p.tags, err = appendTag(p.tags, f.Data, &p.items)
		default:
			return nil
		}
		if err != nil {
			return err
		}
		return f.Want(protowire.BytesType)
	})
}

// protoTags are the types of a KeyValue's v_type; each has its value in a field of its
// own, from 3 on, of one of protoKinds.
var (
	protoTags  = [...]span.Type{span.String, span.Bool, span.Int, span.Double, span.Bytes}
	protoKinds = [...]protowire.Type{protowire.BytesType, protowire.VarintType, protowire.VarintType, protowire.Fixed64Type, protowire.BytesType}
)

// appendTag appends the tag that a KeyValue is.
func appendTag(tags []tag, msg []byte, items *int) ([]tag, error) {
	if err := another(items); err != nil {
		return tags, err
	}
	var t tag
	var kind uint64
	var values [len(protoTags)]wire.Field
	err := wire.Fields(msg, func(f wire.Field) error {
		switch {
		case f.Number == 1:
			t.key = f.Data
			return f.Want(protowire.BytesType)
		case f.Number == 2:
			kind = f.Num
			return f.Want(protowire.VarintType)
		case f.Number-3 < protowire.Number(len(values)):
			values[f.Number-3] = f
			return f.Want(protoKinds[f.Number-3])
		}
		return nil
	})
	if err == nil && kind >= uint64(len(protoTags)) {
		err = fmt.Errorf("tag %.40q has the type %d", t.key, kind)
	}
	if err != nil {
		return tags, err
	}
	t.typ, t.num, t.text = protoTags[kind], values[kind].Num, values[kind].Data
	if t.typ == span.Bool && t.num != 0 {
		t.num = 1
	}
	return append(tags, t), nil
}
