package main

import (
	"runtime"
	"slices"
	"strings"
)

// environment is the variables of a program.
type environment struct{ vars []string } // NAME=value

func newEnvironment(vars []string) environment { return environment{slices.Clone(vars)} }

// find returns where a variable is, or -1. Of several, the last counts.
func (e *environment) find(name string) int {
	for i := len(e.vars) - 1; i >= 0; i-- {
		n, _, _ := strings.Cut(e.vars[i], "=")
		if n == name || runtime.GOOS == "windows" && strings.EqualFold(n, name) {
			return i
		}
	}
	return -1
}

// get returns a value; OpenTelemetry takes an empty variable for one that is not set.
func (e *environment) get(name string) string {
	i := e.find(name)
	if i < 0 {
		return ""
	}
	_, value, _ := strings.Cut(e.vars[i], "=")
	return value
}

func (e *environment) set(name, value string) {
	e.unset(name)
	e.vars = append(e.vars, name+"="+value)
}

func (e *environment) unset(name string) {
	for i := e.find(name); i >= 0; i = e.find(name) {
		e.vars = slices.Delete(e.vars, i, i+1)
	}
}

// setDefault sets what the user has not set.
func (e *environment) setDefault(name, value string) {
	if e.get(name) == "" {
		e.set(name, value)
	}
}

// prepend puts text before what a variable has.
func (e *environment) prepend(name, text, separator string) {
	if old := e.get(name); old != "" {
		text += separator + old
	}
	e.set(name, text)
}

// service returns the name that the user has given to the service.
func (e *environment) service() string {
	if name := e.get("OTEL_SERVICE_NAME"); name != "" {
		return name
	}
	for attr := range strings.SplitSeq(e.get("OTEL_RESOURCE_ATTRIBUTES"), ",") {
		if name, value, _ := strings.Cut(attr, "="); strings.TrimSpace(name) == "service.name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
