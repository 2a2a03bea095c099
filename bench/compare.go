//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// compareCommand prints two reports side by side.
func compareCommand(args []string) error {
	if len(args) != 2 {
		return errors.New("compare needs two files that --json wrote: bench compare A.json B.json")
	}
	a, err := readReport(args[0])
	if err != nil {
		return err
	}
	b, err := readReport(args[1])
	if err != nil {
		return err
	}
	compare(os.Stdout, a, b)
	return nil
}

// compare prints every figure of two reports and what the second is of the first.
func compare(to io.Writer, a, b *report) {
	fmt.Fprintf(to, "A: %s, %s %v\nB: %s, %s %v\n", a.When.Format("2006-01-02 15:04"), a.Server, a.Flags, b.When.Format("2006-01-02 15:04"), b.Server, b.Flags)
	if a.Workload.Spans != b.Workload.Spans || a.Seed != b.Seed || a.Workload.RawPerSpan != b.Workload.RawPerSpan {
		fmt.Fprintln(to, "The workloads differ: times and sizes are of different spans.")
	}
	if a.Machine != b.Machine || a.Cores != b.Cores {
		fmt.Fprintln(to, "The machines differ.")
	}
	fmt.Fprintln(to)
	rows := [][]string{{"", "A", "B", "", "B/A"}}
	rows = append(rows, joined(a.figures(), b.figures())...)
	rows = append(rows, joined(queryLines(a.Queries), queryLines(b.Queries))...)
	printRows(to, "lrrlr", rows)
}

// queryLines are the figures of queries that are worth a comparison.
func queryLines(all []queryFigures) (lines []figure) {
	for _, q := range all {
		for _, f := range []figure{{"first", q.Cold, "ms", ""}, {"p50", q.P50, "ms", ""}, {"p95", q.P95, "ms", ""}, {"p99", q.P99, "ms", ""}, {"CPU", q.CPU, "ms", ""}} {
			f.name = q.Kind + ", " + f.name
			lines = append(lines, f)
		}
	}
	return lines
}

// joined puts figures of the same name side by side; those that only one report
// has are at the end.
func joined(a, b []figure) (rows [][]string) {
	right := make(map[string]figure)
	for _, f := range b {
		right[f.name] = f
	}
	for _, f := range a {
		g, ok := right[f.name]
		if !ok {
			rows = append(rows, []string{f.name, number(f.value), "-", f.unit, ""})
			continue
		}
		delete(right, f.name)
		ratio := ""
		if f.value != 0 {
			ratio = fmt.Sprintf("%.2f", g.value/f.value)
		}
		rows = append(rows, []string{f.name, number(f.value), number(g.value), f.unit, ratio})
	}
	for _, f := range b {
		if _, only := right[f.name]; only {
			rows = append(rows, []string{f.name, "-", number(f.value), f.unit, ""})
		}
	}
	return rows
}
