package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/wal"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// A record of the log is a payload as it came, behind two bytes: what it is and
// how it is compressed.
const (
	recordTraces = 1 // an ExportTraceServiceRequest
	recordLogs   = 2 // an ExportLogsServiceRequest

	packedNot  = 0
	packedGzip = 1
	packedZstd = 2
	packedS2   = 3 // one S2 block: what we compress ourselves, at half of zstd's price
)

// maxPayload bounds what a record may decompress to, and so what is taken.
// Receivers cap at 64 MiB.
const maxPayload = 256 << 20

var packBuffers = sync.Pool{New: func() any { return new([]byte) }}

// AppendTraces adds the spans of a payload and returns when they are durable.
// It implements otlp.Sink.
func (s *Store) AppendTraces(ctx context.Context, p otlp.Payload) (otlp.Result, error) {
	result, err := s.append(ctx, recordTraces, p)
	s.counts.spans.Add(uint64(result.Accepted))
	return result, err
}

// AppendLogs adds the log records of a payload and returns when they are durable.
func (s *Store) AppendLogs(ctx context.Context, p otlp.Payload) (otlp.Result, error) {
	result, err := s.append(ctx, recordLogs, p)
	s.counts.logs.Add(uint64(result.Accepted))
	return result, err
}

func (s *Store) append(ctx context.Context, kind byte, p otlp.Payload) (otlp.Result, error) {
	s.counts.payloads.Add(1)
	s.working.Add(1)
	defer s.working.Add(-1)
	if len(p.Raw) > maxPayload {
		return otlp.Result{}, fmt.Errorf("%w: %d bytes, at most %d can be stored", otlp.ErrMalformed, len(p.Raw), maxPayload)
	}
	// Compressing outside the lock costs nothing when the payload turns out to
	// be malformed, which is rare.
	header := []byte{kind, byte(p.Encoding)}
	body := p.Packed
	if body == nil {
		buf := packBuffers.Get().(*[]byte)
		defer packBuffers.Put(buf)
		*buf = s2.Encode((*buf)[:cap(*buf)], p.Raw)
		header[1], body = packedS2, *buf
	}
	result, ticket, err := s.insert(header, body, p.Raw)
	if err != nil {
		if !errors.Is(err, otlp.ErrMalformed) {
			s.counts.refused.Add(1)
		}
		return otlp.Result{}, err
	}
	if result.Accepted == 0 {
		return result, nil
	}
	if err := ticket.Wait(ctx); err != nil {
		return otlp.Result{}, fmt.Errorf("make a payload durable: %w", err)
	}
	return result, nil
}

// insert decodes a payload into the head and appends it to the log. Both happen
// under one lock, so that a flush finds a payload in both or in neither.
func (s *Store) insert(header, body, raw []byte) (otlp.Result, wal.Ticket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return otlp.Result{}, wal.Ticket{}, ErrClosed
	}
	held := s.head.size
	if s.flushing != nil {
		held += s.flushing.size
	}
	if held > s.o.Memory/4*3 {
		return otlp.Result{}, wal.Ticket{}, fmt.Errorf("%w: %d MiB wait to be written to disk", otlp.ErrOverloaded, held>>20)
	}
	defer s.askFlush()
	spans, records := s.head.batch.Len(), s.head.logs.Len()
	result, err := s.head.append(header[0], raw)
	if err != nil || result.Accepted == 0 {
		return result, wal.Ticket{}, err
	}
	ticket, err := s.log.Append(header, body)
	if err != nil {
		s.head.batch.Truncate(spans)
		s.head.logs.Truncate(records)
		if errors.Is(err, wal.ErrFull) {
			err = fmt.Errorf("%w: %w", otlp.ErrOverloaded, err)
		}
		return otlp.Result{}, wal.Ticket{}, err
	}
	return result, ticket, nil
}

// append decodes a payload of a kind of record.
func (h *head) append(kind byte, raw []byte) (otlp.Result, error) {
	if kind == recordLogs {
		return otlp.AppendLogs(&h.logs, raw)
	}
	return otlp.AppendTraces(&h.batch, raw)
}

// askFlush notes the head's size and has it written when it is too large.
func (s *Store) askFlush() {
	s.grown(time.Now())
	if s.head.size > s.o.FlushBytes {
		select {
		case s.flush <- request{}:
		default: // one is under way
		}
	}
}

var zstdReader, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPayload))

var errNewer = errors.New("log record that a newer everspan wrote: start that one")

var errUnpacked = fmt.Errorf("log record: more than %d bytes when decompressed", maxPayload)

// unpackRecord returns what kind of record it is, and its payload.
func unpackRecord(rec []byte) (kind byte, payload []byte, err error) {
	if len(rec) < 2 || rec[0] != recordTraces && rec[0] != recordLogs {
		return 0, nil, fmt.Errorf("%w: %d bytes of an unknown kind", errNewer, len(rec))
	}
	payload, err = unpack(rec)
	return rec[0], payload, err
}

func unpack(rec []byte) ([]byte, error) {
	body := rec[2:]
	switch rec[1] {
	case packedNot:
		return body, nil
	case packedGzip:
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("log record: %w", err)
		}
		raw, err := io.ReadAll(io.LimitReader(r, maxPayload+1))
		if err != nil {
			return nil, fmt.Errorf("log record: %w", err)
		}
		if len(raw) > maxPayload {
			return nil, errUnpacked
		}
		return raw, nil
	case packedZstd:
		raw, err := zstdReader.DecodeAll(body, nil)
		if err != nil {
			return nil, fmt.Errorf("log record: %w", err)
		}
		return raw, nil
	case packedS2:
		if n, err := s2.DecodedLen(body); err == nil && n > maxPayload {
			return nil, errUnpacked
		}
		raw, err := s2.Decode(nil, body)
		if err != nil {
			return nil, fmt.Errorf("log record: %w", err)
		}
		return raw, nil
	}
	return nil, fmt.Errorf("%w: compression %d", errNewer, rec[1])
}
