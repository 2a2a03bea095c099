package block

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// Layout says how a block is made: for people and their tools.
type Layout struct {
	Meta  Meta         `json:"meta"`
	Files []FileLayout `json:"files"`
}

// Only leaves out the columns of all files but the named one, which may lack its
// ending; "" leaves all. The error says which names there are.
func (l *Layout) Only(name string) error {
	var known []string
	found := name == ""
	for i := range l.Files {
		f := &l.Files[i]
		short := strings.TrimSuffix(f.Name, ".parquet")
		known = append(known, short)
		if name == short || name == f.Name {
			found = true
		} else if name != "" {
			f.Columns = nil
		}
	}
	if !found {
		return fmt.Errorf("there is no file %q; the files are %s", name, strings.Join(known, ", "))
	}
	return nil
}

// FileLayout is one Parquet file of a block.
type FileLayout struct {
	Name    string         `json:"name"`
	Rows    int            `json:"rows"`
	Bytes   int64          `json:"bytes"`
	Index   int64          `json:"indexBytes"` // page indexes and footer, part of Bytes
	Columns []ColumnLayout `json:"columns"`
}

// ColumnLayout is one column of a file.
type ColumnLayout struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"` // Parquet's physical type
	Encoding []string `json:"encoding"`
	Codec    string   `json:"codec"`
	Values   int64    `json:"values"` // nulls not counted
	Nulls    int64    `json:"nulls"`
	Distinct int      `json:"distinct,omitempty"` // values in the dictionary
	Pages    int      `json:"pages"`
	Bytes    int64    `json:"bytes"`    // as stored, dictionary and page headers included
	Unpacked int64    `json:"unpacked"` // before compression
	// DictionaryBytes is the dictionary's share of Bytes.
	DictionaryBytes int64 `json:"dictionaryBytes,omitempty"`
}

// Inspect reads how a block is made: footers, page indexes and dictionaries.
func (r *Reader) Inspect(ctx context.Context) (Layout, error) {
	l := Layout{Meta: r.Meta}
	for _, name := range r.Meta.FileNames() {
		if !strings.HasSuffix(name, ".parquet") {
			continue
		}
		f, err := r.file(ctx, name)
		if err != nil {
			return l, err
		}
		file := r.Meta.Files[name]
		out := FileLayout{Name: name, Rows: f.rows, Bytes: file.Bytes, Index: file.Bytes - file.Index}
		for _, c := range f.columns {
			column, err := f.inspect(ctx, c)
			if err != nil {
				return l, err
			}
			out.Columns = append(out.Columns, column)
		}
		slices.SortFunc(out.Columns, func(x, y ColumnLayout) int {
			return cmp.Or(cmp.Compare(y.Bytes, x.Bytes), strings.Compare(x.Name, y.Name))
		})
		l.Files = append(l.Files, out)
	}
	return l, nil
}

func (f *fileReader) inspect(ctx context.Context, c *columnChunk) (ColumnLayout, error) {
	out := ColumnLayout{
		Name: strings.ReplaceAll(c.path, "/", "."), Type: c.typ.String(), Codec: c.codec.String(),
		Values: c.values - c.nulls, Nulls: c.nulls, Bytes: c.end - c.start, Unpacked: c.unpacked, DictionaryBytes: c.data - c.start,
	}
	for _, e := range c.encodings {
		out.Encoding = append(out.Encoding, e.String())
	}
	index, err := f.pageIndex(ctx, c)
	if err != nil {
		return out, err
	}
	out.Pages = index.pages()
	if c.dictionary {
		raw, err := f.read(ctx, c.start, int(c.data-c.start))
		if err != nil {
			return out, err
		}
		h, _, err := f.check(c.start, raw)
		if err != nil {
			return out, err
		}
		out.Distinct = int(h.values)
	}
	return out, nil
}
