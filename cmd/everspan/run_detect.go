package main

import (
	"bufio"
	"debug/buildinfo"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// language is what a program is written in, as far as it matters for tracing it.
type language string

const (
	unknown language = ""
	node    language = "Node.js"
	python  language = "Python"
	java    language = "Java"
	golang  language = "Go"
	dotnet  language = ".NET"
	ruby    language = "Ruby"
	php     language = "PHP"
	deno    language = "Deno"
	bun     language = "Bun"
	shell   language = "shell" // starts programs of any language
)

// names has the commands whose name says the language. Those that are scripts say
// it in their first line as well, unless a version manager stands before them.
var names = map[language]string{
	node:   "node nodejs npm npx yarn yarnpkg pnpm pnpx corepack tsx ts-node nodemon pm2 next nest nuxt vite",
	python: "python python2 python3 py pypy pypy3 gunicorn uvicorn hypercorn daphne flask fastapi django-admin celery uv uvx poetry pipenv pdm hatch streamlit pytest ipython",
	java:   "java javaw mvn mvnw gradle gradlew sbt scala kotlin clojure clj lein jbang groovy",
	golang: "go",
	dotnet: "dotnet",
	ruby:   "ruby bundle bundler rails rake rackup puma unicorn sidekiq jruby",
	php:    "php php-fpm artisan composer symfony frankenphp rr",
	deno:   "deno",
	bun:    "bun bunx",
	shell:  "sh bash zsh dash ksh fish ash make env time nice nohup just task foreman overmind hivemind honcho cmd powershell pwsh watchexec entr",
}

// extensions has what files are named that the system runs by their extension.
var extensions = map[string]language{
	".js": node, ".mjs": node, ".cjs": node, ".ts": node, ".py": python, ".pyw": python, ".jar": java, ".rb": ruby, ".php": php,
	".sh": shell, ".bat": shell, ".cmd": shell, ".ps1": shell, ".dll": dotnet,
}

var versioned = regexp.MustCompile(`^(python|pypy|node|php|ruby|java)[-.\d]*$`)

// detect tells the language of a command by its name, its first line or what is in
// the file, and what runs it: its own path, or the interpreter of its first line.
func detect(command, path string) (kind language, runtime string) {
	if kind := byName(command); kind != unknown {
		if interpreter := shebang(path); byName(interpreter) == kind {
			return kind, interpreter
		}
		return kind, path
	}
	if interpreter := shebang(path); interpreter != "" {
		return byName(interpreter), interpreter
	}
	if _, err := buildinfo.ReadFile(path); err == nil {
		return golang, path
	}
	return extensions[strings.ToLower(filepath.Ext(path))], path
}

func byName(command string) language {
	name := strings.ToLower(filepath.Base(command))
	switch ext := filepath.Ext(name); ext {
	case ".exe", ".cmd", ".bat", ".ps1", ".com":
		name = strings.TrimSuffix(name, ext)
	}
	if m := versioned.FindStringSubmatch(name); m != nil {
		name = m[1]
	}
	for kind, list := range names {
		if name != "" && strings.Contains(" "+list+" ", " "+name+" ") {
			return kind
		}
	}
	return unknown
}

// shebang returns the interpreter that a script's first line names.
func shebang(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	line, _ := bufio.NewReader(io.LimitReader(f, 512)).ReadString('\n')
	rest, ok := strings.CutPrefix(line, "#!")
	if !ok {
		return ""
	}
	words := strings.Fields(rest)
	if len(words) > 0 && filepath.Base(words[0]) == "env" {
		words = words[1:]
		for len(words) > 0 && (strings.HasPrefix(words[0], "-") || strings.Contains(words[0], "=")) {
			words = words[1:]
		}
	}
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// howTo is a line for each language that everspan does not set up.
var howTo = map[language]string{
	dotnet: "everspan does not set up .NET: install OpenTelemetry's automatic instrumentation (https://opentelemetry.io/docs/zero-code/dotnet/) and run its instrument.sh before this.",
	ruby:   "everspan does not set up Ruby: add the gems opentelemetry-sdk, opentelemetry-exporter-otlp and opentelemetry-instrumentation-all, and OpenTelemetry::SDK.configure(&:use_all) (https://opentelemetry.io/docs/languages/ruby/).",
	php:    "everspan does not set up PHP: install the extension opentelemetry and open-telemetry/opentelemetry-auto-* with composer, and set OTEL_PHP_AUTOLOAD_ENABLED=true (https://opentelemetry.io/docs/zero-code/php/).",
	deno:   "everspan does not set up Deno: it traces itself with OTEL_DENO=true (https://docs.deno.com/runtime/fundamentals/open_telemetry/).",
	bun:    "everspan does not set up Bun, which has no automatic instrumentation: start OpenTelemetry's SDK in the program (https://opentelemetry.io/docs/languages/js/).",
}
