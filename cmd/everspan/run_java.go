package main

import (
	"os"
	"path/filepath"
	"strings"
)

const (
	agentJar = "opentelemetry-javaagent.jar"
	agentURL = "https://github.com/open-telemetry/opentelemetry-java-instrumentation/releases/latest/download/" + agentJar
)

// setUpJava has each Java virtual machine load the agent, where it is found.
func (l *launch) setUpJava() {
	if l.hasAgent() {
		l.with = "the agent that it is told to load"
		return
	}
	if !l.loadIntoJava() {
		l.note("Java is not traced: there is no " + agentJar + " in . or ~/.everspan. Get it, or say where it is with --javaagent:\n" +
			"  curl --create-dirs -L -o ~/.everspan/" + agentJar + " " + agentURL)
	}
}

func (l *launch) hasAgent() bool {
	told := l.env.get("JAVA_TOOL_OPTIONS") + l.env.get("JDK_JAVA_OPTIONS") + strings.Join(l.args, " ")
	return strings.Contains(told, "-javaagent:") && strings.Contains(told, "opentelemetry")
}

// loadIntoJava reports whether an agent was found.
func (l *launch) loadIntoJava() bool {
	jar := l.findAgent()
	if jar == "" || l.hasAgent() {
		return false
	}
	option := "-javaagent:" + jar
	if strings.ContainsAny(jar, " \t") {
		option = `"` + option + `"`
	}
	l.env.prepend("JAVA_TOOL_OPTIONS", option, " ")
	l.with = jar
	return true
}

// findAgent returns the agent's jar; empty when there is none.
func (l *launch) findAgent() string {
	if l.javaagent != "" {
		return l.javaagent
	}
	places := []string{l.dir}
	if home, err := os.UserHomeDir(); err == nil {
		places = append(places, filepath.Join(home, ".everspan"))
	}
	for _, dir := range append(places, "/opt", "/opt/opentelemetry", "/usr/share/java", "/usr/share/opentelemetry", "/usr/local/share/opentelemetry") {
		if info, err := os.Stat(filepath.Join(dir, agentJar)); err == nil && !info.IsDir() {
			return filepath.Join(dir, agentJar)
		}
	}
	return ""
}
