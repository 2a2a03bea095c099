package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestLaunch lays out folders as people have them, and looks at what is detected,
// which name the service gets and what the program finds in its environment.
func TestLaunch(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the files are scripts of Unix")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, ".cache"))
	const (
		otelNode = "node_modules/@opentelemetry/auto-instrumentations-node/build/src/register.js"
		nodeRun  = "#!/usr/bin/env node;"
	)
	for _, c := range []struct {
		name    string
		files   string // path=content, one a line; a path that ends with * can be run, ; ends a line
		env     string // NAME=value, separated by blanks
		args    string // $ is the folder
		service string // flag

		want    string // language, service
		has     string // variables, separated by blanks; the value may be a part
		hasNot  string // variables that are not set
		say, no string // in what is told
	}{
		{name: "script", files: "shop.js\n" + otelNode, args: "node --inspect shop.js", want: "Node.js shop",
			has: "OTEL_SERVICE_NAME=shop OTEL_EXPORTER_OTLP_ENDPOINT=http://e:4318 OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_TRACES_EXPORTER=otlp OTEL_LOGS_EXPORTER=otlp OTEL_METRICS_EXPORTER=none OTEL_PROPAGATORS=tracecontext,baggage OTEL_BSP_SCHEDULE_DELAY=200 NODE_OPTIONS=--require EVERSPAN_RUN_NODE=" + otelNode + " OTEL_NODE_RESOURCE_DETECTORS=env OTEL_NODE_DISABLED_INSTRUMENTATIONS=net,dns",
			no:  "not traced"},
		{name: "package", files: "src/server.js\npackage.json={\"name\":\"@acme/till\"}", args: "node src/server", want: "Node.js acme/till",
			hasNot: "NODE_OPTIONS EVERSPAN_RUN_NODE", say: "npm install --save-dev @opentelemetry/api @opentelemetry/auto-instrumentations-node"},
		{name: "npm", files: "package.json={\"name\":\"till\"}\nnode_modules/.bin/npm*=" + nodeRun + "\n" + otelNode, args: "$/node_modules/.bin/npm start", want: "Node.js till", has: "NODE_OPTIONS=--require"},
		{name: "of its own folder", files: "app/index.js\napp/" + otelNode, args: "node app/index.js", want: "Node.js app", has: "EVERSPAN_RUN_NODE=app/" + otelNode},
		{name: "its flags stay", files: "a.js\n" + otelNode, env: "NODE_OPTIONS=--enable-source-maps", args: "node a.js", want: "Node.js a", has: "NODE_OPTIONS=--require NODE_OPTIONS=--enable-source-maps"},
		{name: "loaded already", files: "a.js\n" + otelNode, args: "node --import @opentelemetry/auto-instrumentations-node/register a.js", want: "Node.js a", hasNot: "NODE_OPTIONS", no: "not traced"},
		{name: "shebang", files: "tool*=" + nodeRun + "\n" + otelNode, args: "$/tool", want: "Node.js tool", has: "NODE_OPTIONS=--require"},
		{name: "shebang with flags", files: "tool*=#!/usr/bin/env -S FOO=1 node --no-warnings;", args: "$/tool", want: "Node.js tool"},
		{name: "python version", files: "shop.py", args: "python3.11 -W ignore shop.py", want: "Python shop", say: "-m pip install opentelemetry-distro opentelemetry-exporter-otlp", hasNot: "PYTHONPATH"},
		{name: "python module", files: "web/__init__.py", args: "python -m shop.web", want: "Python shop", say: "opentelemetry-bootstrap -a install"},
		{name: "gunicorn", files: "venv/bin/gunicorn*=#!$/venv/bin/python;\nvenv/bin/python*=#!/bin/sh;echo $/otel\notel/sitecustomize.py", args: "$/venv/bin/gunicorn -b 127.0.0.1:80 shop.web:app",
			want: "Python shop", has: "PYTHONPATH=/otel OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED=true", no: "not traced"},
		{name: "python path stays", files: "venv/bin/python*=#!/bin/sh;echo $/otel\notel/sitecustomize.py\nx.py", env: "PYTHONPATH=/mine", args: "$/venv/bin/python x.py", want: "Python x", has: "PYTHONPATH=/otel:/mine"},
		{name: "other venv", files: "venv/bin/python*=#!/bin/sh;exit 1\nx.py", args: "$/venv/bin/python x.py", want: "Python x", say: "$/venv/bin/python has no opentelemetry-distro", hasNot: "PYTHONPATH"},
		{name: "jar", files: "shop-1.4.0-SNAPSHOT.jar\nopentelemetry-javaagent.jar", args: "java -Xmx1g -cp . -jar shop-1.4.0-SNAPSHOT.jar", want: "Java shop", has: "JAVA_TOOL_OPTIONS=-javaagent:", no: "not traced"},
		{name: "no agent", files: "shop.jar", args: "java -jar shop.jar", want: "Java shop", hasNot: "JAVA_TOOL_OPTIONS",
			say: "curl --create-dirs -L -o ~/.everspan/opentelemetry-javaagent.jar https://github.com/open-telemetry/opentelemetry-java-instrumentation/releases/latest/download/opentelemetry-javaagent.jar"},
		{name: "agent given", files: "shop.jar\nopentelemetry-javaagent.jar", args: "java -javaagent:/x/opentelemetry-javaagent.jar -jar shop.jar", want: "Java shop", hasNot: "JAVA_TOOL_OPTIONS", no: "not traced"},
		{name: "gradle", files: "gradlew*=#!/bin/sh;\nopentelemetry-javaagent.jar", env: "JAVA_TOOL_OPTIONS=-Xmx1g", args: "$/gradlew bootRun", want: "Java ", has: "JAVA_TOOL_OPTIONS=-javaagent: JAVA_TOOL_OPTIONS=-Xmx1g"},
		{name: "go run", files: "go.mod=module example.com/shop/v2", args: "go run .", want: "Go shop", say: "otelc go build"},
		{name: "go with SDK", files: "go.mod=module example.com/shop;require go.opentelemetry.io/otel/sdk v1.40.0;", args: "go run .", want: "Go shop", no: "otelc"},
		{name: "go binary", args: os.Args[0], want: "Go everspan", say: "docs/instrument.md"},
		{name: "shell", files: "start.sh*=#!/bin/sh;\n" + otelNode, args: "$/start.sh", want: "shell ", has: "NODE_OPTIONS=--require"},
		{name: "dotnet", args: "dotnet run", want: ".NET ", say: "zero-code/dotnet"},
		{name: "ruby", files: "puma*=#!/usr/bin/env ruby;", args: "$/puma", want: "Ruby ", say: "opentelemetry-instrumentation-all"},
		{name: "php", files: "shop.php", args: "php8.3 shop.php", want: "PHP shop", say: "OTEL_PHP_AUTOLOAD_ENABLED"},
		{name: "unknown", files: "tool*=\x7fELF", args: "$/tool", want: " tool"},

		{name: "name by flag", env: "OTEL_SERVICE_NAME=mine", args: "node a.js", service: "flag", want: "Node.js flag", has: "OTEL_SERVICE_NAME=flag"},
		{name: "name by variable", env: "OTEL_SERVICE_NAME=mine", args: "node a.js", want: "Node.js mine", has: "OTEL_SERVICE_NAME=mine"},
		{name: "name by attribute", env: "OTEL_RESOURCE_ATTRIBUTES=a=b,service.name=mine", args: "node a.js", want: "Node.js mine", hasNot: "OTEL_SERVICE_NAME"},
		{name: "all set", files: otelNode, args: "node a.js", env: "OTEL_BSP_SCHEDULE_DELAY=9 OTEL_METRICS_EXPORTER=otlp OTEL_PROPAGATORS=b3 OTEL_NODE_RESOURCE_DETECTORS=all", want: "Node.js ",
			has: "OTEL_BSP_SCHEDULE_DELAY=9 OTEL_METRICS_EXPORTER=otlp OTEL_PROPAGATORS=b3 OTEL_NODE_RESOURCE_DETECTORS=all"},
		{name: "other endpoint", args: "node a.js", env: "OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318", want: "Node.js ", has: "OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318", say: "http://c:4318, not to http://e:4318. --endpoint overrides it"},
		{name: "other endpoint of traces", args: "node a.js", env: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c:4318/v1/traces", want: "Node.js ", say: "http://c:4318/v1/traces, not to"},
		{name: "disabled", args: "node a.js", env: "OTEL_SDK_DISABLED=true", want: "Node.js ", say: "OTEL_SDK_DISABLED=true is set in the environment: nothing is traced"},
		{name: "no exporter", args: "node a.js", env: "OTEL_TRACES_EXPORTER=none", want: "Node.js ", say: "OTEL_TRACES_EXPORTER=none"},
		{name: "wrong protocol", args: "node a.js", env: "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", want: "Node.js ", say: "port 4317 does"},
		{name: "not sampled", args: "node a.js", env: "OTEL_TRACES_SAMPLER=parentbased_always_off", want: "Node.js ", say: "no trace is kept"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			inDir := func(text string) string { return strings.ReplaceAll(text, "$", dir) }
			layOut(t, dir, inDir(c.files))
			args := strings.Fields(inDir(c.args))
			path := args[0]
			if !filepath.IsAbs(path) {
				path = filepath.Join(dir, "no such file", path)
			}
			l := newLaunch(args, path, dir, append(strings.Fields(c.env), "PATH="+dir))
			t.Setenv("PATH", dir) // there is no npm and no Python but those of the test
			l.prepare(c.service, "http://e:4318", false)
			said := strings.Join(l.notes, "\n")
			if got := string(l.kind) + " " + l.service; got != c.want && (!strings.HasSuffix(c.want, " ") || !strings.HasPrefix(got, c.want)) {
				t.Errorf("it is %q, want %q", got, c.want)
			}
			for want := range strings.FieldsSeq(c.has) {
				name, part, _ := strings.Cut(want, "=")
				if !strings.Contains(l.env.get(name), part) {
					t.Errorf("%s=%s, want %s in it", name, l.env.get(name), part)
				}
			}
			for name := range strings.FieldsSeq(c.hasNot) {
				if l.env.find(name) >= 0 {
					t.Errorf("%s=%s is set", name, l.env.get(name))
				}
			}
			if !strings.Contains(said, inDir(c.say)) || c.no != "" && strings.Contains(said, c.no) {
				t.Errorf("it says %q, want %q and not %q", said, c.say, c.no)
			}
		})
	}
}

// layOut writes files: path=content, one a line. ; ends a line of the content.
func layOut(t *testing.T, dir, files string) {
	t.Helper()
	for line := range strings.FieldsFuncSeq(files, func(r rune) bool { return r == '\n' }) {
		name, content, _ := strings.Cut(line, "=")
		name, run := strings.CutSuffix(name, "*")
		mode := os.FileMode(0o644)
		if run {
			mode = 0o755
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(content, ";", "\n")), mode); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoLoad(t *testing.T) {
	dir := t.TempDir()
	layOut(t, dir, "a.js\nnode_modules/@opentelemetry/auto-instrumentations-node/build/src/register.js")
	l := newLaunch([]string{"node", "a.js"}, "/bin/node", dir, nil)
	l.bare = true
	l.prepare("", "http://e:4318", false)
	if l.env.find("NODE_OPTIONS") >= 0 || l.env.get("OTEL_SERVICE_NAME") != "a" || len(l.notes) > 0 {
		t.Errorf("--no-load: %v %v", l.env.vars, l.notes)
	}
}

func TestForcedEndpoint(t *testing.T) {
	l := newLaunch([]string{"node", "a.js"}, "/bin/node", "/", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://d"})
	l.sendTo("http://e:4318", true)
	if l.to != "http://e:4318" || l.env.get("OTEL_EXPORTER_OTLP_ENDPOINT") != "http://e:4318" || l.env.find("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") >= 0 || len(l.notes) > 0 {
		t.Errorf("--endpoint does not win: %s %v %v", l.to, l.env.vars, l.notes)
	}
}
