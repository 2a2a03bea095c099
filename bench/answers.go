//go:build linux

package main

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// messages are the length-delimited fields of that number in a message.
func messages(m []byte, field protowire.Number) (all [][]byte) {
	for len(m) > 0 {
		got, kind, n := protowire.ConsumeTag(m)
		if n < 0 {
			return all
		}
		m = m[n:]
		if n = protowire.ConsumeFieldValue(got, kind, m); n < 0 {
			return all
		}
		if got == field && kind == protowire.BytesType {
			v, _ := protowire.ConsumeBytes(m[:n])
			all = append(all, v)
		}
		m = m[n:]
	}
	return all
}

// countOTLP is the number of spans in TracesData, which is also what Tempo calls
// a Trace.
func countOTLP(body []byte) (spans int, err error) {
	for _, resource := range messages(body, 1) {
		for _, scope := range messages(resource, 2) {
			spans += len(messages(scope, 2))
		}
	}
	return spans, nil
}

// countWaterfall is the number of spans that a waterfall says it has.
func countWaterfall(body []byte) (int, error) {
	var doc struct {
		SpanCount int             `json:"spanCount"`
		Partial   json.RawMessage `json:"partial"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return 0, err
	}
	if doc.Partial != nil {
		return 0, fmt.Errorf("the answer is partial: %s", doc.Partial)
	}
	return doc.SpanCount, nil
}

// countList is the number of traces in a list, Everspan's or Tempo's.
func countList(body []byte) (int, error) {
	var doc struct {
		Traces  []json.RawMessage `json:"traces"`
		Partial json.RawMessage   `json:"partial"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return 0, err
	}
	if doc.Partial != nil {
		return 0, fmt.Errorf("the answer is partial: %s", doc.Partial)
	}
	return len(doc.Traces), nil
}
