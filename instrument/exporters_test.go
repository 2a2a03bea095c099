package instrument_test

import (
	"testing"

	"github.com/everspan/everspan/instrument"
)

// Where data goes. Without any setting the exporters would speak TLS.
func TestDestination(t *testing.T) {
	for _, c := range []struct {
		name             string
		env              map[string]string
		o                instrument.Options
		traces, logs     string
		exporterIsToldSo bool
	}{
		{"nothing", nil, instrument.Options{}, "http://localhost:4318/v1/traces", "http://localhost:4318/v1/logs", true},
		{"grpc", map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, instrument.Options{}, "http://localhost:4317", "http://localhost:4317", true},
		{"variable", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://x:1"}, instrument.Options{}, "https://x:1", "https://x:1", false},
		{"option", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://x:1"}, instrument.Options{Endpoint: "http://y:2/"}, "http://y:2/v1/traces", "http://y:2/v1/logs", true},
		{"option over gRPC", nil, instrument.Options{Endpoint: "grpc://y:3"}, "http://y:3", "http://y:3", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			for signal, want := range map[string]string{"TRACES": c.traces, "LOGS": c.logs} {
				got, told, err := instrument.Destination(signal, c.o)
				if err != nil || got != want || told != c.exporterIsToldSo {
					t.Errorf("%s go to %q, told %v, %v; want %q, %v", signal, got, told, err, want, c.exporterIsToldSo)
				}
			}
		})
	}
}
