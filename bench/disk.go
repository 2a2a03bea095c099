//go:build linux

package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// diskFigures are the bytes in the server's folder.
type diskFigures struct {
	Bytes   int64   `json:"bytes"`
	PerSpan float64 `json:"bytesPerSpan"`
	Blocks  int     `json:"blocks,omitempty"`
	// Kinds has the bytes a span of each kind of file, of a folder that is ours.
	Kinds map[string]float64 `json:"bytesPerSpanByKind,omitempty"`
}

// diskKinds is the order in which kinds of files are shown.
var diskKinds = []string{"log", "spans", "events", "links", "traces", "filter", "other"}

// kindOf is the kind of a file by its path in Everspan's folder.
func kindOf(path string) string {
	base := filepath.Base(path)
	name, _, _ := strings.Cut(base, ".")
	switch {
	case strings.HasPrefix(path, "log/"):
		return "log"
	case strings.HasSuffix(base, ".filter"):
		return "filter"
	case !strings.HasSuffix(base, ".json") && (name == "spans" || name == "events" || name == "links" || name == "traces"):
		return name
	}
	return "other"
}

// measureDisk adds up the files of a folder.
func measureDisk(dir string, spans int, ours bool) (*diskFigures, error) {
	d := &diskFigures{}
	kinds, blocks := make(map[string]float64), make(map[string]bool)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was removed meanwhile
		}
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		below, err := filepath.Rel(dir, path)
		d.Bytes += info.Size()
		kinds[kindOf(below)] += float64(info.Size()) / float64(spans)
		if parent := filepath.Dir(below); filepath.Base(filepath.Dir(parent)) == "blocks" {
			blocks[parent] = true
		}
		return err
	})
	d.PerSpan = float64(d.Bytes) / float64(spans)
	if ours {
		d.Kinds, d.Blocks = kinds, len(blocks)
	}
	return d, err
}
