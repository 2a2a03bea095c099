package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/everspan/everspan/internal/api"
)

// version is set by the release build (-ldflags "-X main.version=…").
var version = "0.1.0-dev"

func build() api.Build {
	b := api.Build{Version: version}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Date = s.Value
		}
	}
	return b
}

type versionCmd struct {
	JSON bool `help:"As JSON."`
}

func (c *versionCmd) Run() error {
	b := build()
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(b)
	}
	fmt.Printf("everspan %s (%s)\n", b.Version, b.Go)
	return nil
}
