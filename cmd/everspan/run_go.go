package main

import (
	"debug/buildinfo"
	"strings"
)

// setUpGo tells whether a Go program traces itself, and how it is made to: it is
// instrumented when it is built.
func (l *launch) setUpGo() {
	const sdk = "go.opentelemetry.io/otel/sdk"
	if byName(l.args[0]) == golang {
		if strings.Contains(readUp(l.dir, "go.mod"), sdk) {
			l.with = "OpenTelemetry's SDK of its module"
			return
		}
	} else if info, err := buildinfo.ReadFile(l.path); err == nil {
		for _, dep := range info.Deps {
			if dep.Path == sdk {
				l.with = "OpenTelemetry's SDK " + dep.Version + " in it"
				return
			}
		}
	}
	l.note(`Go programs are instrumented when they are built, and this one has no OpenTelemetry SDK. Either way helps:
  go install go.opentelemetry.io/otelc/tool/cmd/otelc@latest, and build with: otelc go build
  a few lines in the program: docs/instrument.md`)
}

// setUpShell makes ready for what a script or another starter may start.
func (l *launch) setUpShell() {
	var found []string
	if l.loadIntoNode(false) {
		found = append(found, l.with)
	}
	if l.loadIntoJava() {
		found = append(found, l.with)
	}
	l.with = strings.Join(found, " and ")
	if l.with == "" {
		l.note("What it starts gets the settings. For more, put everspan run before the program itself: everspan run -- node server.js")
	}
}
