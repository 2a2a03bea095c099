package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/store"
)

type blockExportCmd struct {
	dataFlag
	Trace  string `placeholder:"ID" help:"This trace."`
	From   string `placeholder:"TIME" help:"All traces that start at this time or later: 2026-11-23T08:15:00Z, or -1h, or -7d."`
	To     string `default:"now" placeholder:"TIME" help:"With --from: and at this time at the latest (${default})."`
	Format string `default:"otlp-json" enum:"otlp-json,parquet" help:"otlp-json: a trace a line, as the collector's file exporter writes it; parquet: the files of a block, in parts of 200,000 spans (${default})."`
	Out    string `placeholder:"PATH" help:"File to write; for parquet, the folder. It must not be there yet. The standard output, if not given."`
}

// Help is printed below the flags.
func (c *blockExportCmd) Help() string {
	return `Exports whole traces, each span once, from all blocks. What came in the last minutes is in the server's memory and log only, until it is written to a block: after --flush-after, and when the server stops. That is not exported.

Examples:
  everspan block export --trace 4bf92f3577b34da6a3ce929d0e0e4736 > trace.jsonl
  everspan block export --from -24h --to -1h --out traces.jsonl
  everspan block export --from 2026-11-23T08:00:00Z --to 2026-11-23T09:00:00Z --format parquet --out hour
  duckdb -c "SELECT name, count(*) FROM read_parquet('hour/*/spans.parquet', union_by_name = true) GROUP BY name"`
}

// Run exports traces.
func (c *blockExportCmd) Run(ctx context.Context) error {
	if (c.Trace == "") == (c.From == "") {
		return &hinted{errors.New("say what to export"), "Either --trace ID, or --from TIME and, if you like, --to TIME."}
	}
	to := exporter(&lines{path: c.Out})
	if c.Format == "parquet" {
		if err := checkFolder(c.Out); err != nil {
			return err
		}
		to = &folders{ctx, store.Parts{Dir: c.Out}, c.Trace != ""}
	}
	var traces, spans int
	each := func(b *span.Batch) error {
		spans += b.Len()
		for row := range b.Len() {
			if row == 0 || b.Trace[row] != b.Trace[row-1] {
				traces++
			}
		}
		return to.add(b)
	}
	o, closeAll, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer closeAll()
	what, err := c.export(ctx, o, each)
	err = errors.Join(err, to.end())
	if errors.Is(err, fs.ErrExist) {
		return &hinted{err, "Nothing is overwritten: choose another --out, or remove what is there."}
	}
	if errors.Is(err, store.ErrGone) {
		return &hinted{err, "The server merges faster than this reads. Try again, or export less at a time."}
	}
	if err != nil {
		return err
	}
	for _, why := range o.LeftOut() {
		fmt.Fprintf(os.Stderr, "partial: %s\n", why)
	}
	switch {
	case len(o.LeftOut()) > 0:
		return &hinted{fmt.Errorf("%d traces with %d spans exported, not all", traces, spans), "`everspan block verify` names the damage."}
	case spans == 0:
		return &hinted{fmt.Errorf("%s in the blocks", what), noBlocks + "\n`everspan block ls` lists what is there."}
	case c.Out != "":
		fmt.Fprintf(os.Stderr, "%d traces with %d spans are in %s\n", traces, spans, c.Out)
	}
	return nil
}

// export hands on what is asked for; what says in words what is missing when
// nothing is found.
func (c *blockExportCmd) export(ctx context.Context, o *store.Offline, each func(*span.Batch) error) (what string, err error) {
	if c.Trace != "" {
		text, ok := findTraceID(c.Trace)
		id, err := span.ParseTraceID(text)
		if !ok || err != nil {
			return "", &hinted{fmt.Errorf("no trace id in %.80q", c.Trace), "A trace id has 1 to 32 hexadecimal digits."}
		}
		b, err := o.Trace(ctx, id)
		if err == nil && b.Len() > 0 {
			err = each(b)
		}
		return fmt.Sprintf("trace %s is not", id), err
	}
	now := time.Now()
	from, err := parseTime(c.From, now)
	if err != nil {
		return "", &hinted{fmt.Errorf("--from %s: %w", c.From, err), timeHint}
	}
	to, err := parseTime(c.To, now)
	if err != nil {
		return "", &hinted{fmt.Errorf("--to %s: %w", c.To, err), timeHint}
	}
	if to.Before(from) {
		return "", fmt.Errorf("--to %s is before --from %s", c.To, c.From)
	}
	what = fmt.Sprintf("no trace that starts between %s and %s is", from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
	return what, o.Traces(ctx, from.UnixNano(), to.UnixNano(), each)
}

// exporter takes batches of whole traces.
type exporter interface {
	add(*span.Batch) error
	end() error
}

// lines writes OTLP/JSON. The file is made when there is something to write.
type lines struct {
	path string // "" is the standard output
	file *os.File
	out  *bufio.Writer
	buf  []byte
}

func (l *lines) add(b *span.Batch) error {
	if l.out == nil {
		l.file = os.Stdout
		if l.path != "" && l.path != "-" {
			var err error
			if l.file, err = os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644); err != nil {
				return err
			}
		}
		l.out = bufio.NewWriterSize(l.file, 256<<10)
	}
	l.buf = otlp.AppendLines(l.buf[:0], b)
	_, err := l.out.Write(l.buf)
	return err
}

func (l *lines) end() error {
	if l.out == nil {
		return nil
	}
	err := l.out.Flush()
	if l.file != os.Stdout {
		err = errors.Join(err, l.file.Close())
	}
	return err
}

// folders writes Parquet.
type folders struct {
	ctx   context.Context
	parts store.Parts
	one   bool // trace, right in the folder
}

func (f *folders) add(b *span.Batch) error {
	if f.one {
		_, err := store.WriteFolder(f.ctx, f.parts.Dir, b)
		return err
	}
	return f.parts.Add(f.ctx, b)
}

func (f *folders) end() error { return f.parts.Flush(f.ctx) }

// checkFolder refuses a folder in which there is something.
func checkFolder(dir string) error {
	if dir == "" || dir == "-" {
		return &hinted{errors.New("--format parquet writes several files"), "Say where with --out DIR."}
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("--out %s: %w", dir, err)
	case len(entries) > 0:
		return &hinted{fmt.Errorf("--out %s is not empty", dir), "Nothing is overwritten: choose another folder."}
	}
	return nil
}
