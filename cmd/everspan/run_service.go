package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// takesValue has the flags of interpreters that have a value of their own behind them.
var takesValue = map[language][]string{
	node:   {"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions"},
	python: {"-W", "-X"},
	java:   {"-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules", "--add-opens", "--add-exports"},
}

// findCode returns the file that an interpreter is told to run, or the script that
// is run itself; empty when there is none.
func (l *launch) findCode() string {
	if byName(l.args[0]) == unknown {
		return realPath(l.path)
	}
	for i := 1; i < len(l.args); i++ {
		switch arg := l.args[i]; {
		case slices.Contains(takesValue[l.kind], arg):
			i++
		case !strings.HasPrefix(arg, "-"):
			return l.findFile(arg)
		}
	}
	return ""
}

// findFile returns the path of what an interpreter is given to run. Node.js takes
// folders, and files without their extension.
func (l *launch) findFile(name string) string {
	if !filepath.IsAbs(name) {
		name = filepath.Join(l.dir, name)
	}
	extensions := []string{""}
	if l.kind == node {
		extensions = []string{"", ".js", ".cjs", ".mjs"}
	}
	for _, ext := range extensions {
		if info, err := os.Stat(name + ext); err == nil && (l.kind == node || !info.IsDir()) {
			return realPath(name + ext)
		}
	}
	return ""
}

func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

var majorVersion = regexp.MustCompile(`/v\d+$`)

var jarVersion = regexp.MustCompile(`-\d[\w.\-]*$`)

// guessService names the service after what a person would call the program.
func (l *launch) guessService() string {
	switch l.kind {
	case node:
		if name := packageName(l.codeDir()); name != "" {
			return name
		}
	case python:
		for i, arg := range l.args[:len(l.args)-1] {
			if arg == "-m" {
				return afterFolder(strings.Split(l.args[i+1], ".")[0], l.dir)
			}
		}
		for _, arg := range l.args[1:] { // gunicorn shop.web:app
			if module, _, ok := strings.Cut(arg, ":"); ok && l.code == "" && !strings.ContainsAny(arg, "/-=") && module != "" && !isNumber(module) {
				return afterFolder(strings.Split(module, ".")[0], l.dir)
			}
		}
	case golang:
		if name := goModule(l.dir); name != "" && byName(l.args[0]) == golang {
			return name
		}
	case java:
		if strings.HasSuffix(l.code, ".jar") {
			return jarVersion.ReplaceAllString(baseName(l.code), "")
		}
	}
	switch {
	case l.code != "":
		return afterFolder(baseName(l.code), filepath.Dir(l.code))
	case byName(l.args[0]) != unknown: // the name of npm, python or java says nothing
		return afterFolder("", l.dir)
	}
	return baseName(l.args[0])
}

func isNumber(text string) bool { return strings.Trim(text, "0123456789.") == "" }

func baseName(path string) string {
	name := filepath.Base(path)
	if rest := strings.TrimSuffix(name, filepath.Ext(name)); rest != "" {
		return rest
	}
	return name
}

// afterFolder takes the folder's name for a name that every program has.
func afterFolder(name, dir string) string {
	switch strings.ToLower(name) {
	case "", "index", "main", "server", "app", "start", "run", "manage", "wsgi", "asgi", "__main__", "flask", "http":
		if folder := filepath.Base(dir); folder != "." && folder != string(filepath.Separator) {
			if folder == "src" || folder == "dist" || folder == "bin" || folder == "build" {
				return afterFolder("", filepath.Dir(dir))
			}
			return folder
		}
	}
	if name == "" {
		return "service"
	}
	return name
}

// codeDir is where the program's files are: packages are looked for from there.
func (l *launch) codeDir() string {
	if info, err := os.Stat(l.code); err == nil && info.IsDir() {
		return l.code
	}
	if l.code != "" && !strings.Contains(l.code, "node_modules") {
		return filepath.Dir(l.code)
	}
	return l.dir
}

// packageName returns the name in the package.json of a folder, or of the nearest one above.
func packageName(dir string) string {
	for {
		raw, err := os.ReadFile(filepath.Join(dir, "package.json"))
		if err == nil {
			var p struct{ Name string }
			if json.Unmarshal(raw, &p) == nil && p.Name != "" {
				return strings.TrimPrefix(p.Name, "@")
			}
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// goModule returns the last part of the module's name that a folder belongs to.
func goModule(dir string) string {
	for line := range strings.Lines(readUp(dir, "go.mod")) {
		if path, ok := strings.CutPrefix(line, "module "); ok {
			path = majorVersion.ReplaceAllString(strings.TrimSpace(path), "")
			return filepath.Base(path)
		}
	}
	return ""
}

// readUp reads a file of a folder, or of the nearest folder above that has it.
func readUp(dir, name string) string {
	for {
		if raw, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			return string(raw)
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}
