package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// setUpPython does what opentelemetry-instrument does: it puts a folder of
// OpenTelemetry's before PYTHONPATH, from which Python starts the SDK.
func (l *launch) setUpPython() {
	if strings.Contains(filepath.Base(l.path), "opentelemetry-instrument") {
		l.with = "opentelemetry-instrument, as it is told to"
	} else {
		interpreter := l.interpreter()
		dir := l.askPython(interpreter)
		if dir == "" {
			l.note(fmt.Sprintf(`Python is not traced: %s has no opentelemetry-distro. Install it there:
  %[1]s -m pip install opentelemetry-distro opentelemetry-exporter-otlp
  %s -a install`, interpreter, filepath.Join(filepath.Dir(interpreter), "opentelemetry-bootstrap")))
			return
		}
		l.env.prepend("PYTHONPATH", dir, string(os.PathListSeparator))
		l.with = "opentelemetry-distro of " + interpreter
	}
	l.env.setDefault("OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED", "true")
}

// interpreter returns the Python that runs the program: the one that is called, that
// of its first line, the one beside it, or the first on PATH.
func (l *launch) interpreter() string {
	isPython := func(path string) bool {
		name := strings.ToLower(filepath.Base(path))
		return strings.HasPrefix(name, "python") || strings.HasPrefix(name, "pypy")
	}
	if isPython(l.path) {
		return l.path
	}
	if isPython(l.runtime) {
		if path, err := exec.LookPath(l.runtime); err == nil {
			return path
		}
	}
	for _, name := range []string{"python", "python3", "python.exe"} {
		path := filepath.Join(filepath.Dir(l.path), name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	for _, name := range []string{"python3", "python"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return "python3"
}

// askPython returns the folder with OpenTelemetry's sitecustomize.py; empty when the
// interpreter does not have it.
func (l *launch) askPython(interpreter string) string {
	const question = `import importlib.util as u; print(u.find_spec("opentelemetry.instrumentation.auto_instrumentation").submodule_search_locations[0])`
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ask := exec.CommandContext(ctx, interpreter, "-c", question)
	ask.Dir, ask.Env = l.dir, l.env.vars
	out, err := ask.Output()
	dir := strings.TrimSpace(string(out))
	if _, missing := os.Stat(filepath.Join(dir, "sitecustomize.py")); err != nil || missing != nil {
		return ""
	}
	return dir
}
