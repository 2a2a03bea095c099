package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const nodePackage = "@opentelemetry/auto-instrumentations-node"

// nodeStart is loaded into each Node.js process before its own code.
//
//go:embed run_node.cjs
var nodeStart []byte

// setUpNode has the package loaded that traces Node.js, where it is installed.
func (l *launch) setUpNode() {
	if strings.Contains(l.env.get("NODE_OPTIONS")+" "+strings.Join(l.args, " "), nodePackage) {
		l.with = nodePackage + ", as it is told to"
	} else if !l.loadIntoNode(true) {
		l.note(fmt.Sprintf(`Node.js is not traced: %s is not in node_modules of %s. Install it there:
  npm install --save-dev @opentelemetry/api %[1]s`, nodePackage, l.codeDir()))
	}
}

// loadIntoNode reports whether the package was found. Looking for the global one
// takes a moment, and is left out unless asked for.
func (l *launch) loadIntoNode(globally bool) bool {
	pkg := l.findNodePackage(globally)
	if pkg == "" {
		return false
	}
	start, err := keepFile("node.cjs", nodeStart)
	if err != nil {
		l.note("Node.js is not traced: " + err.Error())
		return true
	}
	// What everspan adds comes first: what is traced must be loaded later.
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(start)
	l.env.prepend("NODE_OPTIONS", `--require "`+quoted+`"`, " ")
	l.env.set("EVERSPAN_RUN_NODE", filepath.Join(pkg, register))
	// The other detectors ask the metadata servers of clouds, which takes seconds where
	// there are none.
	l.env.setDefault("OTEL_NODE_RESOURCE_DETECTORS", "env,host,os,process,serviceinstance")
	// Connections to a database or a queue at the start would be traces of their own.
	if l.env.get("OTEL_NODE_ENABLED_INSTRUMENTATIONS") == "" {
		l.env.setDefault("OTEL_NODE_DISABLED_INSTRUMENTATIONS", "net,dns")
	}
	l.with = nodePackage
	if version := packageVersion(pkg); version != "" {
		l.with += " " + version
	}
	return true
}

var register = filepath.FromSlash("build/src/register.js")

// findNodePackage returns the folder of the package that the program would be given
// by require, or else of the one that is installed globally.
func (l *launch) findNodePackage(globally bool) string {
	in := func(modules string) string {
		pkg := filepath.Join(modules, filepath.FromSlash(nodePackage))
		if _, err := os.Stat(filepath.Join(pkg, register)); err != nil {
			return ""
		}
		return pkg
	}
	for _, dir := range []string{l.codeDir(), l.dir} {
		for {
			if pkg := in(filepath.Join(dir, "node_modules")); pkg != "" {
				return pkg
			}
			up := filepath.Dir(dir)
			if up == dir {
				break
			}
			dir = up
		}
	}
	for _, modules := range filepath.SplitList(l.env.get("NODE_PATH")) {
		if pkg := in(modules); pkg != "" {
			return pkg
		}
	}
	if !globally {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "root", "--global")
	npm.Dir, npm.Env = l.dir, l.env.vars
	modules, err := npm.Output()
	if err != nil {
		return ""
	}
	return in(strings.TrimSpace(string(modules)))
}

func packageVersion(pkg string) string {
	var p struct{ Version string }
	raw, err := os.ReadFile(filepath.Join(pkg, "package.json"))
	if err != nil || json.Unmarshal(raw, &p) != nil {
		return ""
	}
	return p.Version
}

// keepFile writes a file of everspan's where only the user can write, and returns
// its path. It stays, since processes may start after everspan has ended.
func keepFile(name string, content []byte) (string, error) {
	cache, err := os.UserCacheDir()
	if err == nil {
		cache = filepath.Join(cache, "everspan")
		err = os.MkdirAll(cache, 0o700)
	}
	if err != nil {
		if cache, err = os.MkdirTemp("", "everspan"); err != nil {
			return "", fmt.Errorf("no folder for %s: %w", name, err)
		}
	}
	path := filepath.Join(cache, name)
	if old, err := os.ReadFile(path); err == nil && string(old) == string(content) {
		return path, nil
	}
	// Under another name first: a process may be reading it.
	f, err := os.CreateTemp(cache, name)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(content)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return path, nil
}
