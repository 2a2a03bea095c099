package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// launch is a program to run, and what is made ready for it.
type launch struct {
	args      []string // the program and its arguments
	path      string   // of its file
	dir       string   // working directory
	env       environment
	javaagent string
	bare      bool // only the environment is set up

	kind    language
	runtime string // what runs a script: the path of the interpreter, or its name
	code    string // the script, module file or archive; empty when there is none
	service string
	with    string   // what traces it
	to      string   // where telemetry goes
	notes   []string // what the user should know or do
}

func newLaunch(args []string, path, dir string, env []string) *launch {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	l := &launch{args: args, path: path, dir: dir, env: newEnvironment(env)}
	l.kind, l.runtime = detect(args[0], path)
	l.code = l.findCode()
	return l
}

// prepare sets up the environment. What the user has set stays, except for what is
// said on the command line: a service, and an endpoint when it is forced.
func (l *launch) prepare(service, endpoint string, forced bool) {
	l.nameService(service)
	l.sendTo(endpoint, forced)
	for _, v := range [][2]string{
		{"OTEL_TRACES_EXPORTER", "otlp"},
		{"OTEL_LOGS_EXPORTER", "otlp"},
		{"OTEL_METRICS_EXPORTER", "none"}, // everspan keeps none
		{"OTEL_PROPAGATORS", "tracecontext,baggage"},
		// A fifth of a second instead of 5: who runs a program by hand wants to see
		// what it did. What is not sent when the program is killed is lost.
		{"OTEL_BSP_SCHEDULE_DELAY", "200"},
		{"OTEL_BLRP_SCHEDULE_DELAY", "200"},
	} {
		l.env.setDefault(v[0], v[1])
	}
	if l.bare {
		l.with = "an SDK of its own"
	} else {
		l.load()
	}
	l.noteObstacles()
}

// load has the program load what traces it, or notes how that is installed.
func (l *launch) load() {
	switch l.kind {
	case node:
		l.setUpNode()
	case python:
		l.setUpPython()
	case java:
		l.setUpJava()
	case golang:
		l.setUpGo()
	case shell:
		l.setUpShell()
	default:
		l.note(howTo[l.kind])
	}
}

// nameService takes the name from the command line, the environment, or the program.
func (l *launch) nameService(service string) {
	set := l.env.service()
	switch {
	case service != "":
		l.service = service
		l.env.set("OTEL_SERVICE_NAME", service)
	case set != "":
		l.service = set
	default:
		l.service = l.guessService()
		l.env.set("OTEL_SERVICE_NAME", l.service)
	}
}

func (l *launch) sendTo(endpoint string, forced bool) {
	const name, traces = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	l.to = endpoint
	if forced {
		for _, signal := range []string{"", "_TRACES", "_LOGS"} {
			l.env.unset("OTEL_EXPORTER_OTLP" + signal + "_ENDPOINT")
		}
	}
	l.env.setDefault(name, endpoint)
	l.env.setDefault("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
	l.to = l.env.get(name)
	if to := l.env.get(traces); to != "" {
		l.to = to
	}
	if strings.TrimRight(strings.TrimSuffix(l.to, "/v1/traces"), "/") != endpoint {
		l.note("The environment says where telemetry goes: " + l.to + ", not to " + endpoint + ". --endpoint overrides it.")
	}
}

// noteObstacles tells which settings of the user's keep traces away.
func (l *launch) noteObstacles() {
	for _, o := range []struct {
		names string
		bad   func(string) bool
		why   string
	}{
		{"OTEL_SDK_DISABLED", func(v string) bool { return strings.EqualFold(v, "true") }, "nothing is traced"},
		{"OTEL_TRACES_EXPORTER", func(v string) bool { return !strings.Contains(v, "otlp") }, "traces are not sent"},
		{"OTEL_TRACES_SAMPLER", func(v string) bool { return strings.HasSuffix(v, "always_off") }, "no trace is kept"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
			func(v string) bool { return v == "grpc" && strings.HasSuffix(l.to, ":4318") }, "but " + l.to + " does not speak it; port 4317 does"},
	} {
		for _, name := range strings.Fields(o.names) {
			if v := l.env.get(name); v != "" && o.bad(v) {
				l.note(fmt.Sprintf("%s=%s is set in the environment: %s.", name, v, o.why))
			}
		}
	}
}

func (l *launch) note(text string) {
	if text != "" {
		l.notes = append(l.notes, text)
	}
}

// tell says in a line or two what is set up.
func (l *launch) tell() {
	with := ""
	if l.with != "" {
		with = ", traced by " + l.with
	}
	say("%s as service %q sends to %s%s", filepath.Base(l.args[0]), l.service, l.to, with)
	for _, n := range l.notes {
		say("%s", n)
	}
}

// patience is how long a trace is waited for once the program has ended.
func (l *launch) patience() time.Duration {
	if l.with == "" {
		return time.Second // it may still trace itself
	}
	return 3 * time.Second
}

// checks tells why a program may have sent no trace.
func (l *launch) checks() string {
	switch {
	case len(l.notes) > 0:
		return "See above for what is missing."
	case l.kind == golang || l.kind == unknown || l.kind == shell:
		return "Is it instrumented, and does it export over OTLP? OTEL_LOG_LEVEL=debug makes some SDKs tell."
	}
	return "Did it handle a request, and end without being killed? OTEL_LOG_LEVEL=debug makes the SDK tell what it does."
}
