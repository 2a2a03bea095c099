//go:build linux

package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
)

// generateCommand writes the payloads of a workload to a file, each one with its
// length before it as a varint.
func generateCommand(args []string) error {
	flags := flag.NewFlagSet("bench generate", flag.ExitOnError)
	spans := flags.Int("spans", 2_000_000, "spans to write")
	seed := flags.Uint64("seed", 1, "seed of the workload")
	out := flags.String("out", "", "file to write")
	flags.Parse(args)
	if *out == "" {
		return fmt.Errorf("no file to write to: add --out FILE")
	}
	file, err := os.Create(*out)
	if err != nil {
		return err
	}
	defer file.Close()
	to := bufio.NewWriterSize(file, 1<<20)
	w := newWorkload(*seed, *spans)
	payloads, size := 0, 0
	var framed []byte
	err = w.generate(func(p payload) error {
		payloads, size = payloads+1, size+len(p.bytes)
		framed = appendFramed(framed[:0], p.bytes)
		_, err := to.Write(framed)
		return err
	})
	if err != nil {
		return err
	}
	if err := to.Flush(); err != nil {
		return err
	}
	fmt.Printf("%d spans of %d traces in %d payloads, %d bytes\n", *spans, w.sample.seen, payloads, size)
	return file.Close()
}
