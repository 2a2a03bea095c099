package block

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/everspan/everspan/internal/bucket"
	"github.com/everspan/everspan/internal/span"
)

// The files of a block.
const (
	spansFile     = "spans.parquet"
	logsFile      = "logs.parquet" // of a block of logs, instead of spans, events and links
	eventsFile    = "events.parquet"
	linksFile     = "links.parquet"
	tracesFile    = "traces.parquet"
	resourcesFile = "resources.parquet"
	scopesFile    = "scopes.parquet"
	filterFile    = "traces.filter"
	valuesFile    = "values.filter"
	// MetaFile is written last: a block that has it is complete.
	MetaFile = "block.json"
)

// Keys of a file's metadata.
const (
	metaFormat  = "everspan.format"
	metaColumns = "everspan.columns"
)

// MaxAttributeColumns is how many attribute keys of a file have a column of
// their own, the most frequent ones. The others go to the map column: a column
// costs some hundred bytes of footer in every read, whatever it holds.
const MaxAttributeColumns = 512

// Meta describes a block; the manifest holds one for each.
type Meta struct {
	ID string `json:"id"`
	// Kind is what the block holds: spans if it is empty, or [Logs].
	Kind    string    `json:"kind,omitempty"`
	Format  int       `json:"format"`
	Created time.Time `json:"created"`
	Spans   int       `json:"spans"`
	Traces  int       `json:"traces"`
	Events  int       `json:"events"`
	Links   int       `json:"links"`
	// Logs is how many records a block of logs has.
	Logs int `json:"logs,omitempty"`
	// Resources and Scopes are how many different ones the spans refer to.
	Resources int `json:"resources"`
	Scopes    int `json:"scopes"`
	// Level is 0 for a block that was written from memory, and otherwise one
	// more than the highest among those that it was merged from.
	Level int `json:"level"`
	// ReceivedFrom and ReceivedTo are when the first and the last of its spans came.
	ReceivedFrom time.Time `json:"receivedFrom"`
	ReceivedTo   time.Time `json:"receivedTo"`
	// Duplicates is how many spans were left out because the block holds the
	// same span already.
	Duplicates int   `json:"duplicates"`
	MinStart   int64 `json:"minStart"` // ns since the Unix epoch
	MaxEnd     int64 `json:"maxEnd"`
	// Files holds what is needed to open each file, by name.
	Files map[string]File `json:"files"`
}

// File is how to open one file of a block and know that it is whole.
type File struct {
	Bytes int64 `json:"bytes"`
	// Index is the offset of what every read of the file needs: in a Parquet
	// file page indexes and footer, which Parquet itself does not checksum.
	Index int64 `json:"index"`
	// Sum is the xxhash64 of the bytes from Index to the end.
	Sum uint64 `json:"sum,string"`
}

// Bytes is the size of all files together.
func (m Meta) Bytes() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Bytes
	}
	return n
}

// Logs is the [Meta.Kind] of blocks of log records.
const Logs = "logs"

// Prefixes are what the keys of blocks begin with, by kind.
var Prefixes = map[string]string{"": "blocks/", Logs: "logs/"}

// Key is the bucket key of one of the block's files.
func (m Meta) Key(file string) string { return Prefixes[m.Kind] + m.ID + "/" + file }

// FileNames lists the names of the block's files.
func (m Meta) FileNames() []string {
	if m.Kind == Logs {
		return []string{logsFile, tracesFile, resourcesFile, scopesFile, filterFile, MetaFile}
	}
	return []string{spansFile, eventsFile, linksFile, tracesFile, resourcesFile, scopesFile, filterFile, valuesFile, MetaFile}
}

// attributeColumn maps a column of a file to the attribute that it holds.
type attributeColumn struct {
	Column string `json:"column"`
	Scope  string `json:"scope"` // span, resource, instrumentation, event or link
	Key    string `json:"key"`
	Type   string `json:"type"`

	entries int // how many rows have it
}

// Write stores the spans of b, which were received since the given time, as a
// block of the given id. Rows of a trace are adjacent, traces stand by the service
// and the name of their root and then by start, and a span that occurs twice (see
// span.Key) is written once. b is only read. Nothing refers to the block until a
// manifest names it.
func Write(ctx context.Context, bkt bucket.Bucket, id string, since, created time.Time, b *span.Batch) (Meta, error) {
	w := newTable(b)
	meta := Meta{
		ID: id, Format: Format, Created: created.UTC(), ReceivedFrom: since.UTC(), ReceivedTo: created.UTC(),
		Spans: len(w.order), Traces: len(w.traces), Duplicates: b.Len() - len(w.order),
		Events: len(w.events), Links: len(w.links), Resources: b.Resources.Len(), Scopes: b.Scopes.Len(),
	}
	return writeBlock(ctx, bkt, meta, content{
		spans: w.writeSpans, events: w.writeEvents, links: w.writeLinks, filters: &w.filters,
		traces: w.traces, names: &b.Names, services: &w.services, resources: &b.Resources, scopes: &b.Scopes,
	})
}

// content is what goes into a block. Traces get their counts while the spans are
// written, which is done first.
type content struct {
	spans, events, links func(io.Writer) (File, error)
	filters              *filterWriter // filled while the spans are written
	traces               []trace
	names, services      *span.Dict // of the roots
	resources, scopes    *span.Sets
}

// writeBlock writes the files of a block of spans.
func writeBlock(ctx context.Context, bkt bucket.Bucket, meta Meta, c content) (Meta, error) {
	meta.MinStart, meta.MaxEnd = math.MaxInt64, math.MinInt64
	for i := range c.traces {
		meta.MinStart = min(meta.MinStart, c.traces[i].start)
		meta.MaxEnd = max(meta.MaxEnd, c.traces[i].end, c.traces[i].start) // a duration may be negative
	}
	return writeFiles(ctx, bkt, meta, []blockFile{
		{spansFile, c.spans},
		{eventsFile, c.events},
		{linksFile, c.links},
		{tracesFile, func(out io.Writer) (File, error) { return writeTraces(out, c.traces, c.names, c.services) }},
		{resourcesFile, func(out io.Writer) (File, error) { return writeSets(out, c.resources, "resource") }},
		{scopesFile, func(out io.Writer) (File, error) { return writeSets(out, c.scopes, "instrumentation") }},
		{filterFile, func(out io.Writer) (File, error) { return writeFilter(out, c.traces) }},
		{valuesFile, c.filters.write},
	})
}

// blockFile is a file of a block on its way.
type blockFile struct {
	name  string
	write func(io.Writer) (File, error)
}

// writeFiles writes the files of a block one after the other, the description last.
func writeFiles(ctx context.Context, bkt bucket.Bucket, meta Meta, files []blockFile) (Meta, error) {
	meta.Files = make(map[string]File)
	for _, f := range files {
		file, err := create(ctx, bkt, meta.Key(f.name), f.write)
		if err != nil {
			return Meta{}, fmt.Errorf("write block %s: %s: %w", meta.ID, f.name, err)
		}
		meta.Files[f.name] = file
	}
	// The manifest has the same facts; with this file a block also stands alone.
	text, err := json.MarshalIndent(meta, "", "  ")
	if err != nil {
		return Meta{}, fmt.Errorf("write block %s: %w", meta.ID, err)
	}
	if _, err := bkt.Create(ctx, meta.Key(MetaFile), bytes.NewReader(append(text, '\n'))); err != nil {
		return Meta{}, fmt.Errorf("write block %s: %s: %w", meta.ID, MetaFile, err)
	}
	return meta, nil
}

// create streams what write writes into a new object.
func create(ctx context.Context, bkt bucket.Bucket, key string, write func(io.Writer) (File, error)) (File, error) {
	r, w := io.Pipe()
	var file File
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffered := bufio.NewWriterSize(w, 256<<10)
		var err error
		if file, err = write(buffered); err == nil {
			err = buffered.Flush()
		}
		w.CloseWithError(err)
	}()
	n, err := bkt.Create(ctx, key, r)
	r.CloseWithError(cmp.Or(err, io.ErrClosedPipe)) // the writer ends even when Create gave up early
	<-done
	if err == nil && n != file.Bytes {
		err = fmt.Errorf("%d bytes stored of %d", n, file.Bytes)
	}
	return file, err
}
