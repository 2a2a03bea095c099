//go:build linux

package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// figure is a line of the table.
type figure struct {
	name  string
	value float64
	unit  string
	note  string
}

// figures are all figures of a report in the order in which they are shown.
// Names are unique: compare joins by them.
func (r *report) figures() (all []figure) {
	add := func(name string, v float64, unit, note string) { all = append(all, figure{name, v, unit, note}) }
	w, l := r.Workload, r.Load
	add("spans", float64(w.Spans), "", fmt.Sprintf("%d traces, %d of them of 9,999 spans; %.0f s of span time", w.Traces, w.Giants, w.SpanSeconds))
	add("raw OTLP", w.RawPerSpan, "B/span", fmt.Sprintf("%d payloads", w.Payloads))
	add("zstd 1 by payload", w.ZstdByPayload, "B/span", "")
	add("zstd 1 as one stream", w.ZstdOneStream, "B/span", "")
	add("accepted", l.PerSecond, "spans/s", fmt.Sprintf("%s, compression %s", l.Protocol, l.Compressed))
	add("refusals retried", float64(l.Retries), "", "")
	add("ack p50", l.AckP50, "ms", "of a payload, retries included")
	add("ack p99", l.AckP99, "ms", "")
	add("sender CPU", l.SenderCPU, "s/M spans", "bench itself")
	add("other processes", l.Others, "cores", "while sending; more than 0.1 spoils the figures")
	add("pdata unmarshal", w.PdataPerMillion, "s/M spans", "one core, the yardstick")
	if r.Memory.AfterLoad > 0 {
		add("server CPU until last ack", r.CPU.UntilAck, "s/M spans", "")
		add("server CPU until quiet", r.CPU.AfterAck, "s/M spans", "after the last ack")
		add("server CPU total", r.CPU.Total, "s/M spans", "flush and compaction included")
		add("total by pdata", r.CPU.PdataRatio, "x", "")
	}
	add("quiet after", r.QuietSeconds, "s", "from the last ack")
	memory := func(name string, v int64, note string) {
		if v > 0 {
			add(name, float64(v)/(1<<20), "MiB", note)
		}
	}
	memory("peak memory after load", r.Memory.AfterLoad, "resident")
	memory("peak memory when quiet", r.Memory.AfterQuiet, "")
	note := ""
	if r.Restart != nil {
		note = "since the restart"
	}
	memory("peak memory after queries", r.Memory.AfterQueries, note)
	if d := r.Disk; d != nil {
		add("disk", d.PerSpan, "B/span", "when quiet")
		for _, kind := range diskKinds {
			if v, ok := d.Kinds[kind]; ok {
				add("disk: "+kind, v, "B/span", "")
			}
		}
		if d.Kinds != nil {
			add("blocks", float64(d.Blocks), "", "")
		}
	}
	if r.Restart != nil {
		add("stop", r.Restart.Stop, "ms", "")
		add("start", r.Restart.Start, "ms", "until ready")
	}
	if r.Verified > 0 {
		add("traces read back", float64(r.Verified), "", "each with the number of spans that was sent")
	}
	return all
}

// printTable prints a report for people.
func printTable(to io.Writer, r *report) {
	fmt.Fprintf(to, "\n%s, %d cores (%s), seed %d", r.Server, r.Cores, r.Machine, r.Seed)
	if r.Target != "" {
		fmt.Fprintf(to, ", target %s", r.Target)
	}
	if len(r.Flags) > 0 {
		fmt.Fprintf(to, ", server flags %s", strings.Join(r.Flags, " "))
	}
	fmt.Fprint(to, "\n\n")
	var rows [][]string
	for _, f := range r.figures() {
		rows = append(rows, []string{f.name, number(f.value), f.unit, f.note})
	}
	printRows(to, "lrll", rows)
	if len(r.Queries) > 0 {
		fmt.Fprintln(to)
		rows = [][]string{{"one asker", "count", "first ms", "p50 ms", "p95 ms", "p99 ms", "max ms", "CPU ms", "found", "KB"}}
		for _, q := range r.Queries {
			first := "-"
			if q.Cold > 0 {
				first = number(q.Cold)
			}
			row := []string{q.Kind, strconv.Itoa(q.Count), first}
			for _, v := range []float64{q.P50, q.P95, q.P99, q.Max, q.CPU, q.Found, q.Bytes / 1000} {
				row = append(row, number(v))
			}
			rows = append(rows, row)
		}
		printRows(to, "lrrrrrrrrr", rows)
		for _, q := range r.Queries {
			if q.Error != "" {
				fmt.Fprintf(to, "FAILED  %s: %s\n", q.Kind, q.Error)
			}
		}
	}
	if len(r.Trouble) > 0 {
		fmt.Fprintf(to, "\nthe server warned:\n  %s\n", strings.Join(r.Trouble, "\n  "))
	}
}

// printRows aligns columns, each one to the left (l) or to the right (r).
func printRows(to io.Writer, align string, rows [][]string) {
	width := make([]int, len(align))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			if align[i] == 'r' {
				fmt.Fprintf(&line, "%*s", width[i], cell)
			} else {
				fmt.Fprintf(&line, "%-*s", width[i], cell)
			}
		}
		fmt.Fprintln(to, strings.TrimRight(line.String(), " "))
	}
}

// number writes three digits, or all digits of a large or whole number.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1000:
		return thousands(int64(math.Round(v)))
	case a == math.Trunc(a) || a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}

func thousands(v int64) string {
	s := strconv.FormatInt(v, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
