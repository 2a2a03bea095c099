//go:build linux

package main

import (
	"bytes"
	"context"
	"time"
)

// How much of a long run is compressed for comparison, and unmarshalled as the
// yardstick, in spans.
const (
	compressSpans  = 2_100_000
	yardstickSpans = 500_000
)

// workloadFigures describe what is sent.
type workloadFigures struct {
	Spans       int     `json:"spans"`
	Traces      int     `json:"traces"`
	Giants      int     `json:"giantTraces"` // of 9,999 spans
	Payloads    int     `json:"payloads"`
	SpanSeconds float64 `json:"spanTimeSeconds"`
	RawPerSpan  float64 `json:"rawBytesPerSpan"`
	// zstd level 1, of the first two million spans.
	ZstdByPayload float64 `json:"zstdByPayloadBytesPerSpan"`
	ZstdOneStream float64 `json:"zstdOneStreamBytesPerSpan"`
	// PdataPerMillion is what OpenTelemetry's own library takes only to unmarshal
	// the payloads, on one core: the yardstick of everything else.
	PdataPerMillion float64 `json:"pdataUnmarshalCPUSecondsPerMillion"`
}

// prepare encodes the workload and measures what does not need a server.
func prepare(ctx context.Context, o *options, dir string) (*payloads, *sample, *workloadFigures, error) {
	began := time.Now()
	where := "memory"
	if o.spans > o.hold {
		where = "a temporary file"
	}
	say("making %d spans in %s", o.spans, where)
	all, err := newPayloads(o.spans > o.hold, dir)
	if err != nil {
		return nil, nil, nil, err
	}
	w := newWorkload(o.seed, o.spans)
	var f workloadFigures
	var rawBytes, compressed, spans int
	var streamed byteCount
	one, stream := fastest(nil), fastest(&streamed)
	compress := compressor(o.compression)
	var first []payload
	firstSpans, last := 0, time.Now()
	err = w.generate(func(p payload) (err error) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rawBytes += len(p.bytes)
		spans += p.spans
		if spans <= compressSpans {
			f.ZstdByPayload += float64(len(one.EncodeAll(p.bytes, nil)))
			if _, err := stream.Write(p.bytes); err != nil {
				return err
			}
			compressed = spans
		}
		if firstSpans < yardstickSpans {
			firstSpans += p.spans
			first = append(first, payload{bytes.Clone(p.bytes), p.spans})
			if firstSpans >= min(yardstickSpans, o.spans) {
				cost, err := unmarshalCost(first)
				if err != nil {
					return err
				}
				f.PdataPerMillion = perMillion(cost, firstSpans)
				first = nil
			}
		}
		if time.Since(last) > 10*time.Second {
			last = time.Now()
			say("  %d of %d spans", spans, o.spans)
		}
		if p.bytes, err = compress(p.bytes); err != nil {
			return err
		}
		return all.add(p)
	})
	if err == nil {
		err = stream.Close()
	}
	if err == nil {
		err = all.rewind()
	}
	f.Spans, f.Traces, f.Giants, f.Payloads = spans, w.sample.seen, len(w.sample.giants), all.count
	f.SpanSeconds = time.Duration(w.now - epoch).Seconds()
	f.RawPerSpan = float64(rawBytes) / float64(spans)
	f.ZstdByPayload /= float64(compressed)
	f.ZstdOneStream = float64(streamed) / float64(compressed)
	say("made %d traces in %v", w.sample.seen, time.Since(began).Round(100*time.Millisecond))
	return all, w.sample, &f, err
}

// byteCount counts what is written to it.
type byteCount int

func (c *byteCount) Write(p []byte) (int, error) { *c += byteCount(len(p)); return len(p), nil }

// perMillion is seconds for each million of spans.
func perMillion(d time.Duration, spans int) float64 { return d.Seconds() / float64(spans) * 1e6 }
