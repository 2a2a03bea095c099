//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// payloads are the encoded requests of a run, in memory or in a file, each one
// to be sent once.
type payloads struct {
	spans, count int
	bytes        int64 // as sent

	mu    sync.Mutex
	held  []payload
	sizes []int // spans of each payload in the file
	file  *os.File
	from  *bufio.Reader
	to    *bufio.Writer
	at    int // next payload
	past  int // spans of those before it
	frame []byte
}

// newPayloads holds payloads in memory, or in a file in dir.
func newPayloads(inFile bool, dir string) (*payloads, error) {
	p := new(payloads)
	if !inFile {
		return p, nil
	}
	var err error
	p.file, err = os.Create(filepath.Join(dir, "payloads"))
	p.to = bufio.NewWriterSize(p.file, 1<<20)
	return p, err
}

// add appends a payload, whose bytes are copied.
func (p *payloads) add(one payload) error {
	p.count++
	p.spans += one.spans
	p.bytes += int64(len(one.bytes))
	if p.file == nil {
		p.held = append(p.held, payload{bytes.Clone(one.bytes), one.spans})
		return nil
	}
	p.sizes = append(p.sizes, one.spans)
	p.frame = appendFramed(p.frame[:0], one.bytes)
	if _, err := p.to.Write(p.frame); err != nil {
		return fmt.Errorf("%w; set TMPDIR to a folder with more room, or hold all spans in memory with --hold", err)
	}
	return nil
}

// rewind ends the adding.
func (p *payloads) rewind() error {
	if p.file == nil {
		return nil
	}
	err := p.to.Flush()
	if err == nil {
		_, err = p.file.Seek(0, io.SeekStart)
	}
	p.from = bufio.NewReaderSize(p.file, 1<<20)
	return err
}

// next returns a payload that nobody has had, and how many spans are in those
// before it; io.EOF at the end. A payload from a file is read into buffer.
func (p *payloads) next(buffer []byte) (one payload, past int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == p.count {
		return one, p.past, io.EOF
	}
	if past = p.past; p.file == nil {
		one = p.held[p.at]
	} else {
		size, err := binary.ReadUvarint(p.from)
		if err != nil {
			return one, past, err
		}
		if uint64(cap(buffer)) < size {
			buffer = make([]byte, size)
		}
		one = payload{buffer[:size], p.sizes[p.at]}
		if _, err := io.ReadFull(p.from, one.bytes); err != nil {
			return one, past, err
		}
	}
	p.at++
	p.past += one.spans
	return one, past, nil
}

// close frees what the payloads take.
func (p *payloads) close() error {
	p.held = nil
	if p.file == nil {
		return nil
	}
	return errors.Join(p.file.Close(), os.Remove(p.file.Name()))
}

// compressor returns a function that compresses a body.
func compressor(kind string) func(body []byte) ([]byte, error) {
	switch kind {
	case "gzip":
		return func(body []byte) ([]byte, error) {
			var out bytes.Buffer
			w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
			if err != nil {
				return nil, err
			}
			_, err = w.Write(body)
			err = errors.Join(err, w.Close())
			return out.Bytes(), err
		}
	case "zstd":
		e := fastest(nil)
		return func(body []byte) ([]byte, error) { return e.EncodeAll(body, nil), nil }
	default:
		return func(body []byte) ([]byte, error) { return body, nil }
	}
}

// fastest is zstd's level 1 on one core.
func fastest(to io.Writer) *zstd.Encoder {
	e, err := zstd.NewWriter(to, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // the options are constant
	}
	return e
}
