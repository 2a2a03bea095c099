package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// errLocked says that another process holds the lock.
var errLocked = errors.New("locked")

// lockFolder makes the data folder and keeps other processes out of it until
// the returned function is called, or the process dies.
func lockFolder(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := lockFile(f); err != nil {
		defer f.Close()
		if !errors.Is(err, errLocked) {
			return nil, fmt.Errorf("lock the data folder: %w", err)
		}
		who := "another process"
		if pid, err := os.ReadFile(path); err == nil && len(pid) > 0 {
			who += " (pid " + strings.TrimSpace(string(pid)) + ")"
		}
		return nil, &hinted{fmt.Errorf("%s uses the data folder %s", who, dir), "Stop it, or choose another folder with --data."}
	}
	if err := f.Truncate(0); err == nil {
		fmt.Fprintln(f, os.Getpid())
	}
	return func() { f.Close() }, nil
}
