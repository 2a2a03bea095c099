//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
)

// generateCommand writes the payloads of a workload to a file, each one with its
// length before it as a varint.
func generateCommand(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("bench generate", flag.ContinueOnError)
	flags.SetOutput(new(strings.Builder)) // the error says it
	spans := flags.Int("spans", 2_014_465, "spans to write")
	seed := flags.Uint64("seed", 1, "seed of the workload")
	out := flags.String("out", "", "file to write")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("%w; usage: bench generate --spans N --seed S --out FILE", err)
	}
	if *out == "" {
		return errors.New("no file to write to: add --out FILE")
	}
	if *spans < minSize {
		return fmt.Errorf("--spans %d: the smallest trace has %d", *spans, minSize)
	}
	file, err := os.Create(*out)
	if err != nil {
		return err
	}
	defer func() {
		if err == nil {
			return
		}
		// Half a workload is none. A pipe or a device is not ours to remove.
		if info, e := file.Stat(); e == nil && info.Mode().IsRegular() {
			os.Remove(*out)
		}
		file.Close()
	}()
	to := bufio.NewWriterSize(file, 1<<20)
	w := newWorkload(*seed, *spans)
	payloads, size := 0, 0
	var framed []byte
	err = w.generate(func(p payload) error {
		payloads, size = payloads+1, size+len(p.bytes)
		framed = appendFramed(framed[:0], p.bytes)
		if _, err := to.Write(framed); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err == nil {
		err = to.Flush()
	}
	if err != nil {
		return err
	}
	fmt.Printf("%d spans of %d traces in %d payloads, %d bytes\n", *spans, w.sample.seen, payloads, size)
	return file.Close()
}
