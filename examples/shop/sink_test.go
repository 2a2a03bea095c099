package main

import (
	"context"
	"encoding/hex"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	logscollector "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	metricscollector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// sink takes spans and log records over OTLP/gRPC and keeps them in memory.
type sink struct {
	collector.UnimplementedTraceServiceServer
	mu      sync.Mutex
	spans   []sinkSpan
	records []sinkRecord
}

type sinkRecord struct {
	*logspb.LogRecord
	service string
}

func (r sinkRecord) trace() string { return hex.EncodeToString(r.TraceId) }

type sinkSpan struct {
	*tracepb.Span
	service  string
	resource map[string]string
}

func (s sinkSpan) trace() string { return hex.EncodeToString(s.TraceId) }
func (s sinkSpan) took() time.Duration {
	return time.Duration(s.EndTimeUnixNano - s.StartTimeUnixNano)
}

func (s *sink) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rs := range req.ResourceSpans {
		resource := attributes(rs.Resource.Attributes)
		for _, ss := range rs.ScopeSpans {
			for _, span := range ss.Spans {
				s.spans = append(s.spans, sinkSpan{span, resource["service.name"], resource})
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

type logSink struct {
	logscollector.UnimplementedLogsServiceServer
	*sink
}

func (s logSink) Export(_ context.Context, req *logscollector.ExportLogsServiceRequest) (*logscollector.ExportLogsServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rl := range req.ResourceLogs {
		service := attributes(rl.Resource.Attributes)["service.name"]
		for _, sl := range rl.ScopeLogs {
			for _, r := range sl.LogRecords {
				s.records = append(s.records, sinkRecord{r, service})
			}
		}
	}
	return &logscollector.ExportLogsServiceResponse{}, nil
}

// logs returns the records of one trace; of all with an empty id.
func (s *sink) logs(trace string) []sinkRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.records), func(r sinkRecord) bool { return trace != "" && r.trace() != trace })
}

// metricSink takes metrics and keeps none.
type metricSink struct {
	metricscollector.UnimplementedMetricsServiceServer
}

func (metricSink) Export(context.Context, *metricscollector.ExportMetricsServiceRequest) (*metricscollector.ExportMetricsServiceResponse, error) {
	return &metricscollector.ExportMetricsServiceResponse{}, nil
}

// serve answers on a listener until the returned function is called.
func (s *sink) serve(ln net.Listener) (stop func()) {
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, s)
	logscollector.RegisterLogsServiceServer(server, logSink{sink: s})
	metricscollector.RegisterMetricsServiceServer(server, metricSink{})
	go func() { _ = server.Serve(ln) }()
	return server.Stop
}

// trace returns the spans of one trace by start time.
func (s *sink) trace(id string) []sinkSpan {
	return s.where(func(span sinkSpan) bool { return span.trace() == id })
}

func (s *sink) where(match func(sinkSpan) bool) []sinkSpan {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []sinkSpan
	for _, span := range s.spans {
		if match(span) {
			out = append(out, span)
		}
	}
	slices.SortFunc(out, func(a, b sinkSpan) int { return int(a.StartTimeUnixNano) - int(b.StartTimeUnixNano) })
	return out
}

func attributes(kvs []*common.KeyValue) map[string]string {
	out := map[string]string{}
	for _, kv := range kvs {
		out[kv.Key] = kv.Value.GetStringValue()
	}
	return out
}

// newSink starts a sink for one test and returns its address.
func newSink(t *testing.T) (*sink, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{}
	t.Cleanup(s.serve(ln))
	return s, ln.Addr().String()
}
