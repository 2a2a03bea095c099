package terminal

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/block"
)

// Layout writes how a block is made: its files, and the columns of each, the
// largest first. Errors are those of w.
func Layout(w io.Writer, l *block.Layout, o Options) error {
	p, columns, m := painter{o.Color}, o.width(), &l.Meta
	title := fmt.Sprintf("block %s   level %d, format %d", clean(m.ID), m.Level, m.Format)
	facts := []string{
		fmt.Sprintf("%s, %s, %s, %s", plural(m.Spans, "span"), plural(m.Traces, "trace"), plural(m.Events, "event"), plural(m.Links, "link")),
		fmt.Sprintf("%s, %s B/%s", byteSize(m.Bytes()), perSpan(m.Bytes(), count(m)), items(m)),
		fmt.Sprintf("received %s, "+items(m)+"s %s UTC", timeRange(m.ReceivedFrom, m.ReceivedTo, 0), timeRange(time.Unix(0, m.MinStart), time.Unix(0, m.MaxEnd), 0)),
	}
	if m.Kind == block.Logs {
		facts[0] = plural(m.Logs, "log record") + ", " + plural(m.Traces, "trace")
	}
	out := appendWrapped(nil, p, bold, title, columns)
	for _, fact := range facts {
		out = appendWrapped(out, p, "", fact, columns)
	}
	files := table{heads: []string{"file", "rows", "bytes", "index bytes", "B/" + items(m), "share", ""}, left: []int{6}, drop: []int{3, 6, 4, 1}}
	add := func(name, rows, index string, bytes int64) {
		files.add(name, rows, grouped(int(bytes)), index, perSpan(bytes, count(m)), percent(bytes, m.Bytes()), share(bytes, m.Bytes(), 20))
	}
	parquet := make(map[string]bool)
	for _, f := range l.Files {
		parquet[f.Name] = true
		add(f.Name, grouped(f.Rows), grouped(int(f.Index)), f.Bytes)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		if !parquet[name] {
			add(name, "-", "-", m.Files[name].Bytes)
		}
	}
	out = files.append(append(out, '\n'), p, columns)
	for i := range l.Files {
		if f := &l.Files[i]; len(f.Columns) > 0 {
			out = append(p.append(append(out, '\n'), bold, f.Name), '\n')
			out = appendColumns(out, f, m, p, columns)
		}
	}
	_, err := w.Write(out)
	return err
}

func appendColumns(out []byte, f *block.FileLayout, m *block.Meta, p painter, columns int) []byte {
	t := table{
		heads: []string{"column", "type", "encoding", "codec", "pages", "values", "nulls", "distinct", "bytes", "B/" + items(m), "share", ""},
		left:  []int{1, 2, 3, 11}, drop: []int{1, 3, 4, 5, 11, 2, 7, 6, 9}, cut: max(columns/3, 16),
	}
	for _, c := range f.Columns {
		distinct := "-"
		if c.Distinct > 0 {
			distinct = grouped(c.Distinct)
		}
		t.add(clean(c.Name), strings.ToLower(strings.TrimSuffix(c.Type, "_LEN_BYTE_ARRAY")), encodings(c.Encoding), strings.ToLower(c.Codec), grouped(c.Pages), grouped(int(c.Values)),
			percent(c.Nulls, c.Nulls+c.Values), distinct, grouped(int(c.Bytes)), perSpan(c.Bytes, count(m)), percent(c.Bytes, f.Bytes), share(c.Bytes, f.Bytes, 20))
	}
	return t.append(out, p, columns)
}

// encodings shortens the names of Parquet's encodings. RLE is that of the levels,
// which every column has.
func encodings(names []string) string {
	short := map[string]string{
		"RLE_DICTIONARY": "dictionary", "PLAIN": "plain", "DELTA_BINARY_PACKED": "delta", "DELTA_LENGTH_BYTE_ARRAY": "delta length",
	}
	dictionary := slices.Contains(names, "RLE_DICTIONARY")
	var out []string
	for _, n := range names {
		if n == "RLE" || n == "PLAIN" && dictionary { // of the dictionary itself
			continue
		}
		if s := short[n]; s != "" {
			n = s
		}
		out = append(out, n)
	}
	return strings.Join(out, ", ")
}
