package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
)

const command = "github.com/everspan/everspan/cmd/everspan"

// binary is the everspan program: $EVERSPAN_BIN, or built from the checkout
// that the demo is run from, or found in PATH. It is looked for once, when
// first needed.
type binary struct {
	once sync.Once
	path string
	dir  string // temporary, holds a built one
	err  error
}

func (b *binary) find(ctx context.Context) (string, error) {
	b.once.Do(func() { b.path, b.err = b.locate(ctx) })
	return b.path, b.err
}

func (b *binary) locate(ctx context.Context) (string, error) {
	if path := os.Getenv("EVERSPAN_BIN"); path != "" {
		return path, nil
	}
	if exec.CommandContext(ctx, "go", "list", command).Run() == nil {
		return b.build(ctx)
	}
	if path, err := exec.LookPath("everspan"); err == nil {
		return path, nil
	}
	return "", errors.New("no everspan found: run the demo from a checkout, put everspan in PATH, or set EVERSPAN_BIN")
}

func (b *binary) build(ctx context.Context) (string, error) {
	dir, err := os.MkdirTemp("", "everspan-bin-")
	if err != nil {
		return "", err
	}
	b.dir = dir
	path := filepath.Join(dir, "everspan")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", path, command).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build everspan: %w\n%s", err, out)
	}
	return path, nil
}

func (b *binary) remove() {
	if b.dir != "" {
		_ = os.RemoveAll(b.dir)
	}
}
