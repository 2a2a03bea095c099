package instrument

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/propagation"
)

// Inject writes the trace context of ctx into a message: traceparent and so
// on. Carriers: [Map], [Header], and one in each of the packages kafka, nats,
// amqp and sqs. Any other propagation.TextMapCarrier will do.
func Inject(ctx context.Context, c propagation.TextMapCarrier) { propagatorOf(ctx).Inject(ctx, c) }

// Extract returns ctx with the trace context of a message, if it has one:
// spans that are started with it continue the trace of the sender.
func Extract(ctx context.Context, c propagation.TextMapCarrier) context.Context {
	return propagatorOf(ctx).Extract(ctx, c)
}

// Map carries trace context in a map. Keys are found in any case.
type Map map[string]string

func (m Map) Get(key string) string {
	if v, ok := m[key]; ok {
		return v
	}
	for k, v := range m {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return ""
}

func (m Map) Set(key, value string) { m[key] = value }
func (m Map) Keys() []string        { return slices.Collect(maps.Keys(m)) }

// Header carries trace context in the header of HTTP.
func Header(h http.Header) propagation.TextMapCarrier { return propagation.HeaderCarrier(h) }
