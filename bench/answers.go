//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"math"

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

// searched is an answer of Tempo's API: a list of traces or series, or values. Whoever says
// that it is partial says so in a message.
type searched struct {
	Traces []json.RawMessage `json:"traces"`
	Values []json.RawMessage `json:"tagValues"`
	Series []struct {
		Samples []struct {
			Value float64 `json:"value"`
		} `json:"samples"`
	} `json:"series"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

func readSearched(body []byte) (doc searched, err error) {
	if err := json.Unmarshal(body, &doc); err != nil {
		return doc, err
	}
	if doc.Status == "PARTIAL" {
		return doc, fmt.Errorf("the answer is partial: %s", doc.Message)
	}
	return doc, nil
}

// countList is the number of traces in a list.
func countList(body []byte) (int, error) {
	doc, err := readSearched(body)
	return len(doc.Traces), err
}

// countValues is the number of values of a tag.
func countValues(body []byte) (int, error) {
	doc, err := readSearched(body)
	return len(doc.Values), err
}

// countSeries is the number of series.
func countSeries(body []byte) (int, error) {
	doc, err := readSearched(body)
	return len(doc.Series), err
}

// countRate is how many spans the samples of rate() are of.
func countRate(body []byte) (int, error) {
	doc, err := readSearched(body)
	sum := 0.0
	for _, s := range doc.Series {
		for _, sample := range s.Samples {
			sum += sample.Value * step.Seconds()
		}
	}
	return int(math.Round(sum)), err
}
