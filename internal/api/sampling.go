package api

import (
	"fmt"
	"net/http"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/everspan/everspan/internal/otlp"
	"google.golang.org/grpc"
)

// Remote sampling tells SDKs which part of their traces to keep: one rate for all
// services. https://www.jaegertracing.io/docs/latest/architecture/sampling/

// samplingStrategy is a SamplingStrategyResponse in JSON.
type samplingStrategy struct {
	Type          string `json:"strategyType"`
	Probabilistic struct {
		Rate float64 `json:"samplingRate"`
	} `json:"probabilisticSampling"`
}

// SamplingHandler answers every path: SDKs disagree on which one it is.
func SamplingHandler(rate float64) http.Handler {
	return harden(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "ask with GET", http.StatusMethodNotAllowed)
			return
		}
		if services := r.URL.Query()["service"]; len(services) != 1 || services[0] == "" {
			http.Error(w, "'service' parameter must be provided once", http.StatusBadRequest)
			return
		}
		a := samplingStrategy{Type: "PROBABILISTIC"}
		a.Probabilistic.Rate = rate
		answer(w, http.StatusOK, a)
	}))
}

// SamplingServer serves jaeger.api_v2.SamplingManager.
// https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/sampling.proto
func (s *Server) SamplingServer(rate float64) *grpc.Server {
	to := otlp.NewGRPCServer(maxGRPCQuery)
	grpcMethods{"GetSamplingStrategy": func(c *grpcCall) error {
		service := ""
		if err := eachField(c.req, func(f *easyproto.FieldContext) (ok bool, err error) {
			if f.FieldNum == 1 {
				service, ok = f.String()
				return ok, nil
			}
			return true, nil
		}); err != nil {
			return err
		}
		if service == "" {
			return badRequest{fmt.Errorf("serviceName is required")}
		}
		return c.send(encodeJaeger(func(m *easyproto.MessageMarshaler) {
			m.AppendInt32(1, 0) // PROBABILISTIC
			m.AppendMessage(2).AppendDouble(1, rate)
		}))
	}}.register(s, to, newHealth(to), "jaeger.api_v2.SamplingManager")
	return to
}
