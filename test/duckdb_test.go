package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/otlp"
	"github.com/everspan/everspan/internal/otlp/otlptest"
	"github.com/everspan/everspan/internal/span"
)

// TestDuckDB reads what a server has written, merged blocks and new ones, with
// DuckDB, and compares sums with what was sent.
func TestDuckDB(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers many times; left out with -short")
	}
	t.Parallel()
	requireNode(t, "duckdb", "@duckdb/node-api")
	const merged, later, perBlock = 16, 2, 200 // so many are merged at once
	dir := t.TempDir()
	var sent sums
	fill := func(i int) {
		s := serve(t, dir)
		b := sent.batch(i*perBlock, perBlock)
		if status, answer := s.post("/v1/traces", "application/x-protobuf", "", otlp.AppendProto(nil, b)); status != 200 || len(answer) > 0 {
			t.Fatalf("%d %q", status, answer)
		}
		if status, answer := s.post("/v1/logs", "application/x-protobuf", "", otlptest.Logs(sent.logs(b))); status != 200 || len(answer) > 0 {
			t.Fatalf("%d %q", status, answer)
		}
		s.stop()
	}
	for i := range merged {
		fill(i)
	}
	s := serve(t, dir)
	for end := time.Now().Add(30 * time.Second); s.metrics()["everspan_blocks"] != 1 || s.metrics()["everspan_logs_blocks"] != 1; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d blocks are not merged after 30 s:\n%s", merged, s.said())
		}
	}
	s.stop()
	for i := range later {
		fill(merged + i)
	}

	store := filepath.ToSlash(filepath.Join(dir, "store"))
	blocks, logs := store+"/blocks", store+"/logs"
	// The traces of the last two batches that are spread lack their parents.
	checks := append(sent.checks(perBlock/5),
		check{"blocks", "SELECT count(DISTINCT block) FROM spans", []any{1 + later}},
		check{"of another type in another block", `SELECT typeof("span.changed"), count(*) FROM spans WHERE "span.changed" = '5' GROUP BY ALL`, []any{"VARCHAR", sent.spans}})
	checks = append(checks, sent.logChecks(1+later)...)
	checks = append(checks, examples(t, store, "../internal/block/FORMAT.md", "../README.md")...)
	runChecks(t, append(views(blocks), view("logs", logs, "logs.parquet"), view("log_traces", logs, "traces.parquet")), checks)

	// An export is read in the same way.
	out := filepath.Join(t.TempDir(), "export")
	if _, errs, code := everspan(t, nil, "block", "export", "--data", dir, "--from", "2020-01-01T00:00:00Z", "--format", "parquet", "--out", out); code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	t.Run("export", func(t *testing.T) { runChecks(t, views(filepath.ToSlash(out)), sent.checks(0)) })
}

// views are the files of all blocks, named as FORMAT.md names them.
func views(blocks string) (all []string) {
	for _, name := range (block.Meta{}).FileNames() {
		if table, ok := strings.CutSuffix(name, ".parquet"); ok {
			all = append(all, view(table, blocks, name))
		}
	}
	return all
}

func view(table, blocks, file string) string {
	return fmt.Sprintf(`CREATE VIEW %s AS SELECT *, parse_dirpath(filename) AS block
		FROM read_parquet('%s/*/%s', union_by_name = true, filename = true, file_row_number = true)`, table, blocks, file)
}

// changed is the first span that has another type for one attribute.
const changed = 16 * 200

// sums is what was sent.
type sums struct {
	spans, children, events, links int
	traces                         map[int]bool
	names                          map[string]int
	duration, items, eventNumbers  int
	fine, twice, mixed, user7      int
	first, last                    int64
	records                        int // of log
}

// batch makes n spans from number first on. Traces are a root, two children and a
// grandchild; the first fifth of a batch is of traces that have each span in
// another one of four batches.
func (s *sums) batch(first, n int) *span.Batch {
	b := new(span.Batch)
	for i := first; i < first+n; i++ {
		trace, place := i/4, i%4
		if i-first < n/5 {
			batch := first / n
			trace, place = 10_000+batch/4*n+i-first, batch%4
		}
		s.add(b, i, trace, place)
	}
	return b
}

func (s *sums) add(b *span.Batch, i, trace, place int) {
	service := []string{"checkout", "cart", "bank"}[(trace+place)%3]
	resource := b.Resources.InternSet(span.Set{}, func(a *span.Attrs) {
		a.Text([]byte("service.name"), span.String, []byte(service))
		a.Text([]byte("host"), span.String, []byte("host of "+service))
	})
	row := b.Begin(resource, b.Scopes.InternSet(span.Set{Name: "lib of " + service, Version: "1.0"}, func(*span.Attrs) {}))
	traceID := span.TraceID{1, 14: byte(trace >> 8), 15: byte(trace)}
	id := func(place int) span.ID { return span.ID{byte(place + 1), 6: byte(trace >> 8), 7: byte(trace)} }
	name := fmt.Sprintf("op %d", place)
	b.ID[row], b.Name[row], b.Kind[row] = id(place), b.Names.Code([]byte(name)), span.KindServer
	b.Start[row], b.Duration[row] = 1_790_000_000_000_000_000+int64(i)*1_000_000, int64(1000+i)
	if place > 0 {
		parent := []int{0, 0, 0, 2}[place]
		b.Parent[row] = id(parent)
		b.Attrs.Text([]byte("parent.name"), span.String, fmt.Appendf(nil, "op %d", parent))
		s.children++
	}
	b.Attrs.Num([]byte("items"), span.Int, uint64(i))
	b.Attrs.Text([]byte("user"), span.String, fmt.Appendf(nil, "user-%d", i%50))
	b.Attrs.Text([]byte("list"), span.JSON, fmt.Appendf(nil, "[%d,%d]", i, 2*i))
	s.user7 += when(i%50 == 7)
	if i%2 == 0 {
		b.Attrs.Num([]byte("fine"), span.Bool, uint64(when(i%4 == 0)))
		s.fine += when(i%4 == 0)
	}
	if i%100 == 7 {
		b.Attrs.Num([]byte("twice"), span.Int, 1)
		b.Attrs.Num([]byte("twice"), span.Int, 2)
		s.twice++
	}
	if i%10 == 3 {
		b.Attrs.Num([]byte("mixed"), span.Int, 5)
		s.mixed++
	} else {
		b.Attrs.Text([]byte("mixed"), span.String, []byte("text"))
	}
	if i >= changed {
		b.Attrs.Text([]byte("changed"), span.String, []byte("5"))
	} else {
		b.Attrs.Num([]byte("changed"), span.Int, 5)
	}
	for k := range i % 3 {
		b.AddEvent(row, b.Start[row]+int64(k), []byte("event of "+name), 0)
		b.Events.Attrs.Num([]byte("n"), span.Int, uint64(k+1))
		s.events++
		s.eventNumbers += k + 1
	}
	if i%5 == 0 {
		b.AddLink(row, traceID, id(0), nil, 0, 0)
		s.links++
	}
	b.Commit(row, traceID)
	if s.spans == 0 {
		s.traces, s.names, s.first = make(map[int]bool), make(map[string]int), b.Start[row]
	}
	s.spans++
	s.last = b.Start[row]
	s.traces[trace] = true
	s.names[name]++
	s.duration += 1000 + i
	s.items += i
}

// documented is the trace that FORMAT.md looks up.
var documented = span.TraceID{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36}

// logs makes a log record for each span, one without a trace and one in the trace of
// the documents.
func (s *sums) logs(b *span.Batch) *span.Logs {
	l := logsOf(b)
	for _, trace := range []span.TraceID{{}, documented} {
		row := l.Begin(0, 0)
		l.Time[row], l.Severity[row] = b.Start[0], 17
		l.Attrs.Num([]byte("items"), span.Int, 7)
		l.Commit(row, trace, []byte(`{"declined":true}`), span.JSON)
	}
	s.records += l.Len()
	return l
}

// logChecks compares the log records with what was sent.
func (s *sums) logChecks(blocks int) []check {
	sends := s.records - s.spans // of each two
	return []check{
		{"log records", `SELECT count(*), count(trace_id), count(span_id), count(DISTINCT trace_id), count(DISTINCT block) FROM logs`,
			[]any{s.records, s.records - sends/2, s.spans, len(s.traces) + 1, blocks}},
		{"log records of spans", `SELECT count(*) FROM logs l JOIN spans s USING (trace_id, span_id)
			WHERE l.body = 'span ' || lower(hex(s.span_id)) AND l.body_type = 'string' AND l.time = s.start`, []any{s.spans}},
		{"bodies of JSON", `SELECT count(*), sum("log.items")::BIGINT FROM logs WHERE body_type = 'json' AND severity_number = 17 AND (body->>'declined') = 'true'`,
			[]any{sends, 7 * sends}},
		{"log records of a service", `SELECT count(*) FROM logs WHERE "resource.service.name" = 'service-1'`, []any{s.records}},
		{"rows of traces in logs", `SELECT count(*) FROM log_traces t JOIN logs l ON l.block = t.block AND l.file_row_number >= t.first_log AND l.file_row_number < t.first_log + t.logs
			WHERE l.trace_id = t.trace_id AND l.time >= t.start`, []any{s.records - sends/2}},
	}
}

func when(is bool) int {
	if is {
		return 1
	}
	return 0
}

// check is a statement and the values of its rows, one after the other; without
// any, it must give some row.
type check struct {
	name, sql string
	want      []any
}

// checks compares with what was sent. Of so many spans the parent is elsewhere.
func (s *sums) checks(elsewhere int) []check {
	byName := []any{}
	for _, name := range slices.Sorted(maps.Keys(s.names)) {
		byName = append(byName, name, s.names[name])
	}
	return []check{
		{"spans", `SELECT count(*), sum(duration)::BIGINT, count(DISTINCT trace_id), count(DISTINCT span_id) FROM spans`, []any{s.spans, s.duration, len(s.traces), s.spans}},
		{"names", `SELECT name, count(*) FROM spans GROUP BY name ORDER BY name`, byName},
		{"times", `SELECT epoch_us(min(start)), epoch_us(max(start)) FROM spans`, []any{s.first / 1000, s.last / 1000}},
		{"an integer", `SELECT count("span.items"), sum("span.items")::BIGINT FROM spans`, []any{s.spans, s.items}},
		{"a string", `SELECT count(*) FROM spans WHERE "span.user" = 'user-7'`, []any{s.user7}},
		{"a boolean", `SELECT count(*) FROM spans WHERE "span.fine"`, []any{s.fine}},
		{"a list", `SELECT sum(("span.list"->>'$[1]')::BIGINT)::BIGINT FROM spans`, []any{2 * s.items}},
		{"two types", `SELECT count("span.mixed:int"), count("span.mixed"), count(*) FILTER ("span.mixed" = 'text') FROM spans`, []any{s.mixed, s.spans - s.mixed, s.spans - s.mixed}},
		{"the rest", `SELECT count(*), sum("span.twice")::BIGINT, sum(rest['span.twice']::BIGINT)::BIGINT FROM spans WHERE cardinality(rest) > 0`, []any{s.twice, s.twice, 2 * s.twice}},
		{"events", `SELECT count(*), sum("event.n")::BIGINT FROM events`, []any{s.events, s.eventNumbers}},
		{"links", `SELECT count(*) FROM links WHERE linked_trace_id = trace_id`, []any{s.links}},
		{"events of spans", `SELECT count(*) FROM events e JOIN spans s ON e.block = s.block AND e.span_row = s.file_row_number
			WHERE e.name = 'event of ' || s.name AND e.span_id = s.span_id AND e.trace_id = s.trace_id AND e.time >= s.start`, []any{s.events}},
		{"links of spans", `SELECT count(*) FROM links l JOIN spans s ON l.block = s.block AND l.span_row = s.file_row_number
			WHERE l.span_id = s.span_id AND s."span.items" % 5 = 0`, []any{s.links}},
		{"parents", `SELECT count(*), count(*) FILTER (p.name = c."span.parent.name" AND p.trace_id = c.trace_id)
			FROM spans c JOIN spans p ON p.block = c.block AND p.file_row_number = c.file_row_number - c.parent_distance`, []any{s.children - elsewhere, s.children - elsewhere}},
		{"parents elsewhere", `SELECT count(*), count(DISTINCT c.parent_span_id) FILTER (p.name = c."span.parent.name")
			FROM spans c LEFT JOIN spans p ON p.span_id = c.parent_span_id WHERE c.parent_span_id IS NOT NULL`, []any{elsewhere, elsewhere}},
		{"roots", `SELECT count(*) FROM spans WHERE parent_distance IS NULL AND parent_span_id IS NULL`, []any{s.spans - s.children}},
		{"resources", `SELECT count(*) FROM spans s JOIN resources r ON r.block = s.block AND r.file_row_number = s.resource
			WHERE r."resource.service.name" = s."resource.service.name" AND r."resource.host" = 'host of ' || s."resource.service.name"`, []any{s.spans}},
		{"scopes", `SELECT count(*) FROM spans s JOIN scopes c ON c.block = s.block AND c.file_row_number = s.scope
			WHERE c.name = s.instrumentation_name AND c.name = 'lib of ' || s."resource.service.name" AND c.version = s.instrumentation_version`, []any{s.spans}},
		{"traces", `SELECT sum(spans)::BIGINT, sum(events)::BIGINT, sum(links)::BIGINT, count(DISTINCT trace_id) FROM traces`, []any{s.spans, s.events, s.links, len(s.traces)}},
		{"rows of traces", `SELECT count(*) FROM traces t JOIN spans s ON s.block = t.block AND s.file_row_number >= t.first_span AND s.file_row_number < t.first_span + t.spans
			WHERE s.trace_id = t.trace_id`, []any{s.spans}},
	}
}

// examples are the statements in the documents, whose paths are those of a user.
func examples(t *testing.T, store string, files ...string) (all []check) {
	t.Helper()
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(raw), -1)
		if len(found) == 0 {
			t.Errorf("%s has no SQL", file)
		}
		for i, m := range found {
			sql := strings.ReplaceAll(m[1], "everspan-data/store", store)
			if sql == m[1] {
				t.Errorf("%s reads no store:\n%s", file, sql)
			}
			all = append(all, check{fmt.Sprintf("%s %d", filepath.Base(file), i+1), sql, nil})
		}
	}
	return all
}

// runChecks runs statements in DuckDB, those that make views first.
func runChecks(t *testing.T, views []string, checks []check) {
	t.Helper()
	sql := slices.Clone(views)
	for _, c := range checks {
		sql = append(sql, c.sql)
	}
	in, err := json.Marshal(sql)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "query.js")
	cmd.Dir, cmd.Stdin = "duckdb", bytes.NewReader(in)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var answers []struct {
		Error string
		Rows  [][]any
	}
	if err == nil {
		err = json.Unmarshal(out, &answers)
	}
	if err != nil || len(answers) != len(sql) {
		t.Fatalf("DuckDB: %d answers, %v\n%s%s", len(answers), err, out, &errs)
	}
	for i, a := range answers {
		if a.Error != "" {
			t.Errorf("%s\n%s", a.Error, sql[i])
		} else if i >= len(views) {
			c := checks[i-len(views)]
			got := slices.Concat(a.Rows...)
			if c.want == nil && len(got) == 0 || c.want != nil && fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s: %v, want %v\n%s", c.name, got, c.want, c.sql)
			}
		}
	}
}
