package test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
	"github.com/google/go-cmp/cmp"
)

// blocksOf fills a data folder with random spans in several blocks, over which
// traces are spread, and returns all spans. Some are sent twice.
func blocksOf(t *testing.T, dir string, blocks int) *span.Batch {
	t.Helper()
	var all span.Batch
	rng := rand.New(rand.NewPCG(1, 1))
	spantest.Random(&all, rng, 300*blocks)
	deal := make([][]uint32, blocks)
	for row := range uint32(all.Len()) {
		i := rng.IntN(blocks)
		deal[i] = append(deal[i], row)
		if k := rng.IntN(blocks); k != i && rng.IntN(10) == 0 {
			deal[k] = append(deal[k], row)
		}
	}
	for _, rows := range deal {
		s := serve(t, dir)
		if status, answer := s.post("/v1/traces", "application/x-protobuf", "", otlp.AppendProto(nil, &all, rows...)); status != 200 || len(answer) > 0 {
			t.Fatalf("%d %q", status, answer)
		}
		s.stop()
	}
	return &all
}

// collected is a sink that keeps spans.
type collected struct{ span.Batch }

func (c *collected) AppendTraces(_ context.Context, p otlp.Payload) (otlp.Result, error) {
	return otlp.AppendTraces(&c.Batch, p.Raw)
}

func (c *collected) AppendLogs(context.Context, otlp.Payload) (otlp.Result, error) {
	return otlp.Result{}, errors.New("only spans are collected")
}

// tracesIn decodes lines of OTLP/JSON, each of which has to be one whole trace.
func tracesIn(t *testing.T, text string) map[span.TraceID]*span.Batch {
	t.Helper()
	all := make(map[span.TraceID]*span.Batch)
	for line := range strings.Lines(text) {
		c := new(collected)
		answer := httptest.NewRecorder()
		req := httptest.NewRequest("POST", "/v1/traces", strings.NewReader(line))
		req.Header.Set("Content-Type", "application/json")
		otlp.NewReceiver(c, otlp.Options{}).ServeHTTP(answer, req)
		if answer.Code != 200 || c.Len() == 0 {
			t.Fatalf("%d %s: %.200s", answer.Code, answer.Body, line)
		}
		id := c.TraceID(0)
		if all[id] != nil || len(c.Rows(id)) != c.Len() {
			t.Fatalf("not a whole trace: %.200s", line)
		}
		all[id] = &c.Batch
	}
	return all
}

func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

func TestBlockCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers several times; left out with -short")
	}
	t.Parallel()
	dir := t.TempDir()
	want := blocksOf(t, dir, 3)
	everspan := func(args ...string) (string, string, int) {
		return everspan(t, []string{"EVERSPAN_DATA=" + dir}, append([]string{"block"}, args...)...)
	}
	var list struct {
		Blocks []struct {
			block.Meta
			Bytes int64
		}
	}
	out, errs, code := everspan("ls", "--json")
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != 0 || len(list.Blocks) != 3 || list.Blocks[0].Spans == 0 || list.Blocks[0].Bytes == 0 {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	oldest, newest := list.Blocks[0].Meta, list.Blocks[2].Meta
	ids := []string{oldest.ID, list.Blocks[1].ID, newest.ID}
	total := 0
	for _, b := range list.Blocks {
		total += b.Spans
	}
	random := want.TraceID(17)

	s := serve(t, dir) // everything works beside a server
	for _, c := range []struct {
		name string
		args []string
		want expect
	}{
		{"ls", []string{"ls"}, expect{stdout: append([]string{fmt.Sprintf("3 blocks, %d spans", total), "level", "█", "B/span", "received"}, ids...), silent: true}},
		{"inspect", []string{"inspect", "newest"}, expect{stdout: []string{newest.ID, fmt.Sprintf("%d spans", newest.Spans), "spans.parquet", "events.parquet", "span_id", "dictionary", "snappy", "%"}, silent: true}},
		{"inspect a file", []string{"inspect", oldest.ID[:len(oldest.ID)-3], "--file", "links"}, expect{stdout: []string{oldest.ID, "linked_span_id"}, neverSay: []string{"parent_distance"}, silent: true}},
		{"inspect as JSON", []string{"inspect", "oldest", "--json"}, expect{stdout: []string{`"meta": {`, `"encoding": [`, `"pages": `}, silent: true}},
		{"inspect no block", []string{"inspect", "1999"}, expect{code: 1, stderr: []string{`"1999"`, "`everspan block ls`"}, quiet: true}},
		{"inspect several", []string{"inspect", "2"}, expect{code: 1, stderr: []string{"3 blocks begin with", oldest.ID}, quiet: true}},
		{"inspect no file", []string{"inspect", "newest", "--file", "spam"}, expect{code: 1, stderr: []string{`"spam"`, "spans, events, links"}, quiet: true}},
		{"verify", []string{"verify"}, expect{stdout: []string{fmt.Sprintf("all is well: 3 blocks, %d spans", total)}, silent: true}},
		{"verify one", []string{"verify", "newest"}, expect{stdout: []string{fmt.Sprintf("all is well: 1 block, %d spans", newest.Spans)}, silent: true}},
		{"export nothing", []string{"export"}, expect{code: 1, stderr: []string{"--trace", "--from"}, quiet: true}},
		{"export both", []string{"export", "--trace", "1", "--from", "-1h"}, expect{code: 1, stderr: []string{"Either"}, quiet: true}},
		{"export no trace", []string{"export", "--trace", traceA}, expect{code: 1, stderr: []string{traceA + " is not in the blocks", "log"}, quiet: true}},
		{"export no id", []string{"export", "--trace", "hello"}, expect{code: 1, stderr: []string{"no trace id"}, quiet: true}},
		{"export no time", []string{"export", "--from", "yesterday"}, expect{code: 1, stderr: []string{"--from yesterday", "-1h"}, quiet: true}},
		{"export backwards", []string{"export", "--from", "-1h", "--to", "-2h"}, expect{code: 1, stderr: []string{"--to -2h is before --from -1h"}, quiet: true}},
		{"export an empty time", []string{"export", "--from", "2261-01-01T00:00:00Z", "--to", "2261-01-01T00:00:01Z"}, expect{code: 1, stderr: []string{"no trace that starts between 2261", "log"}, quiet: true}},
		{"export over a file", []string{"export", "--trace", random.String(), "--out", filepath.Join(dir, "lock")}, expect{code: 1, stderr: []string{"Nothing is overwritten"}, quiet: true}},
		{"export parquet to nowhere", []string{"export", "--trace", random.String(), "--format", "parquet"}, expect{code: 1, stderr: []string{"--out DIR"}, quiet: true}},
		{"export parquet to a full folder", []string{"export", "--trace", random.String(), "--format", "parquet", "--out", dir}, expect{code: 1, stderr: []string{"not empty"}, quiet: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, errs, code := everspan(c.args...)
			c.want.check(t, out, errs, code)
		})
	}
	s.stop()

	t.Run("one trace", func(t *testing.T) {
		out, errs, code := everspan("export", "--trace", random.String())
		expect{silent: true, stdout: []string{`{"resourceSpans":[`}}.check(t, out, errs, code)
		got := tracesIn(t, out)[random]
		if diff := cmp.Diff(spantest.Dump(want, want.Rows(random)...), spantest.Dump(got)); diff != "" {
			t.Errorf("(-sent +exported):\n%s", diff)
		}
		// Another server that is given the export answers the same.
		first, second := serve(t, dir), serve(t, t.TempDir())
		if status, answer := second.post("/v1/traces", "application/json", "", []byte(out)); status != 200 {
			t.Fatalf("%d %s", status, answer)
		}
		was, _, _ := first.everspan("trace", random.String())
		is, _, _ := second.everspan("trace", random.String())
		if diff := cmp.Diff(was, is); diff != "" || was == "" {
			t.Errorf("(-first server +second):\n%s", diff)
		}
		first.stop()
	})
	t.Run("a time", func(t *testing.T) {
		starts := make(map[span.TraceID]int64)
		var all []int64
		for row := range uint32(want.Len()) {
			if at, ok := starts[want.TraceID(row)]; !ok || want.Start[row] < at {
				starts[want.TraceID(row)] = want.Start[row]
			}
		}
		for _, at := range starts {
			all = append(all, at)
		}
		slices.Sort(all)
		from, to := all[len(all)/4], all[len(all)/2]
		file := filepath.Join(t.TempDir(), "some.jsonl")
		out, errs, code := everspan("export", "--from", stamp(from), "--to", stamp(to), "--out", file)
		expect{quiet: true, stderr: []string{"traces with", file}}.check(t, out, errs, code)
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := tracesIn(t, string(raw))
		for id, at := range starts {
			if in := at >= from && at <= to; in != (got[id] != nil) {
				t.Errorf("trace %s starts at %s: exported %v", id, stamp(at), !in)
			} else if in {
				if diff := cmp.Diff(spantest.Dump(want, want.Rows(id)...), spantest.Dump(got[id])); diff != "" {
					t.Fatalf("(-sent +exported):\n%s", diff)
				}
			}
		}
		parts := filepath.Join(t.TempDir(), "parts")
		out, errs, code = everspan("export", "--from", stamp(from), "--to", stamp(to), "--out", parts, "--format", "parquet")
		expect{quiet: true, stderr: []string{"traces with", parts}}.check(t, out, errs, code)
		if files, err := os.ReadDir(filepath.Join(parts, "part-00001")); err != nil || len(files) != len(block.Meta{}.FileNames()) {
			t.Errorf("%d files, %v", len(files), err)
		}
	})
	t.Run("damage", func(t *testing.T) {
		file := filepath.Join(dir, "store", filepath.FromSlash(oldest.Key("spans.parquet")))
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		raw[len(raw)/3] ^= 0x10
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		out, errs, code := everspan("verify")
		expect{code: 1, stdout: []string{"block " + oldest.ID, oldest.Key("spans.parquet"), "at offset ", "whole: 2 blocks"}, stderr: []string{"damage in 1 of 3 blocks", "backup"}}.check(t, out, errs, code)
		out, errs, code = everspan("verify", newest.ID)
		expect{stdout: []string{"all is well: 1 block"}, silent: true}.check(t, out, errs, code)
		_, errs, code = everspan("export", "--from", "1970-01-01T00:00:00Z", "--out", filepath.Join(t.TempDir(), "rest.jsonl"))
		expect{code: 1, stderr: []string{"partial: block " + oldest.ID, "`everspan block verify`"}}.check(t, "", errs, code)
	})
	t.Run("a damaged manifest", func(t *testing.T) {
		file := filepath.Join(dir, "store", "manifest", "00000000000000009999")
		if err := os.WriteFile(file, []byte("{}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(file)
		out, errs, code := everspan("ls")
		expect{stdout: ids, stderr: []string{"damaged: " + file}}.check(t, out, errs, code)
		out, errs, code = everspan("verify", newest.ID)
		expect{code: 1, stdout: []string{"whole: 1 block"}, stderr: []string{file, "the newest manifest is not"}}.check(t, out, errs, code)
	})
	t.Run("nothing is changed", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(dir, "store", ".tmp", "half"), nil, 0o600); err != nil { // of a server that writes
			t.Fatal(err)
		}
		before := filesIn(t, dir)
		for _, args := range [][]string{{"ls"}, {"inspect", "newest"}, {"verify"}, {"export", "--trace", random.String()}} {
			everspan(args...)
		}
		if diff := cmp.Diff(before, filesIn(t, dir)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
	})
}

// filesIn is when everything below a folder was changed.
func filesIn(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	all := make(map[string]time.Time)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		all[path] = info.ModTime()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestBlockWithoutData(t *testing.T) {
	t.Parallel()
	none := filepath.Join(t.TempDir(), "none")
	for _, args := range [][]string{{"ls"}, {"inspect", "newest"}, {"verify"}, {"export", "--from", "-1h"}} {
		out, errs, code := everspan(t, nil, append(append([]string{"block"}, args...), "--data", none)...)
		expect{code: 1, quiet: true, stderr: []string{none, "--data"}}.check(t, out, errs, code)
		if _, err := os.Stat(none); err == nil {
			t.Error("the folder was made")
		}
	}
	s := serve(t, t.TempDir())
	out, errs, code := everspan(t, nil, "block", "ls", "--data", s.data)
	expect{quiet: true, stderr: []string{"No block yet", "--flush-after"}}.check(t, out, errs, code)
	out, errs, code = everspan(t, nil, "block", "ls", "--json", "--data", s.data)
	expect{silent: true, stdout: []string{`"blocks": []`}}.check(t, out, errs, code)
	out, errs, code = everspan(t, nil, "block", "inspect", "newest", "--data", s.data)
	expect{code: 1, quiet: true, stderr: []string{"there is no block yet", "--flush-after"}}.check(t, out, errs, code)
	out, errs, code = everspan(t, nil, "block", "verify", "--data", s.data)
	expect{silent: true, stdout: []string{"all is well: 0 blocks"}}.check(t, out, errs, code)
}
