package instrument

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// samplerFor returns what Options and OTEL_TRACES_SAMPLER ask for; nil leaves
// it to the SDK, which knows the other values of the variable. The function
// ends the asking.
func samplerFor(o *Options, res *resource.Resource, r *reporter) (sdktrace.Sampler, func(), error) {
	none := func() {}
	if o.Sampler != nil {
		return o.Sampler, none, nil
	}
	settings := remoteSettings{endpoint: o.RemoteSampling, interval: time.Minute, initial: 1}
	kind := strings.ToLower(env("OTEL_TRACES_SAMPLER"))
	if o.RemoteSampling == "" {
		if kind != "jaeger_remote" && kind != "parentbased_jaeger_remote" {
			return nil, none, nil
		}
		if err := settings.parse(env("OTEL_TRACES_SAMPLER_ARG")); err != nil {
			return nil, none, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG: %w", err)
		}
	}
	u, err := url.Parse(settings.endpoint)
	if err != nil || u.Host == "" {
		return nil, none, fmt.Errorf("remote sampling: endpoint %q: want a URL as http://localhost:5778/sampling", settings.endpoint)
	}
	service, _ := res.Set().Value(semconv.ServiceNameKey)
	q := u.Query()
	q.Set("service", service.AsString())
	u.RawQuery = q.Encode()
	s := NewSampler(settings.initial)
	s.independent = o.RemoteSampling == "" && kind == "jaeger_remote"
	ctx, cancel := context.WithCancel(context.Background())
	go poll(ctx, s, u.String(), settings.interval, r)
	return s, cancel, nil
}

// remoteSettings are those of the variable, "endpoint=http://localhost:5778/sampling,
// pollingIntervalMs=5000,initialSamplingRate=0.25".
// Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration
type remoteSettings struct {
	endpoint string
	interval time.Duration
	initial  float64
}

func (s *remoteSettings) parse(arg string) error {
	s.endpoint = "http://localhost:5778/sampling"
	for part := range strings.SplitSeq(arg, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "":
		case "endpoint":
			s.endpoint = value
		case "pollingIntervalMs":
			n, err := strconv.Atoi(value)
			if err != nil || n <= 0 {
				return fmt.Errorf("pollingIntervalMs=%q is no positive number", value)
			}
			s.interval = time.Duration(n) * time.Millisecond
		case "initialSamplingRate":
			f, err := strconv.ParseFloat(value, 64)
			if err != nil || f < 0 || f > 1 {
				return fmt.Errorf("initialSamplingRate=%q is not between 0 and 1", value)
			}
			s.initial = f
		default:
			return fmt.Errorf("unknown setting %q", key)
		}
	}
	return nil
}

// poll asks at once and then every interval, until ctx ends. While nobody
// answers, the last ratio holds; that is said once.
func poll(ctx context.Context, s *Sampler, address string, interval time.Duration, r *reporter) {
	client := &http.Client{Timeout: 10 * time.Second}
	away := false
	for {
		ratio, err := askRatio(ctx, client, address)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !away {
				away = true
				r.out.Warn("the sampling ratio can't be asked for; the last one holds", "endpoint", address, "ratio", s.Ratio(), "error", err)
			}
		default:
			away = false
			if ratio != s.Ratio() {
				s.SetRatio(ratio)
			}
		}
		select {
		case <-time.After(interval):
		case <-ctx.Done():
			return
		}
	}
}

// askRatio asks as Jaeger's clients do.
// Source: https://www.jaegertracing.io/docs/latest/architecture/apis/#remote-sampling-configuration-stable
func askRatio(ctx context.Context, client *http.Client, address string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return 0, err
	}
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("answer: %s", res.Status)
	}
	var answer struct {
		ProbabilisticSampling *struct {
			SamplingRate float64 `json:"samplingRate"`
		} `json:"probabilisticSampling"`
		OperationSampling *struct {
			Default float64 `json:"defaultSamplingProbability"`
		} `json:"operationSampling"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return 0, fmt.Errorf("answer: %w", err)
	}
	switch {
	case answer.OperationSampling != nil: // rates of single operations are not followed
		return answer.OperationSampling.Default, nil
	case answer.ProbabilisticSampling != nil:
		return answer.ProbabilisticSampling.SamplingRate, nil
	}
	return 0, errors.New("answer: no probability in it; limits of traces a second are not followed")
}
