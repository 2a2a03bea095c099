package traceql_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/traceql"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestGolden parses the queries of testdata/*.txt. A case is a query, an empty line
// ends it; what it is printed as and its tree, or the error, follow up to the
// line ----.
func TestGolden(t *testing.T) {
	for _, file := range golden(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file.name), ".txt"), func(t *testing.T) {
			var got strings.Builder
			for i, query := range file.queries {
				if i > 0 {
					got.WriteString("----\n")
				}
				fmt.Fprintf(&got, "%s\n\n%s", query, describe(query))
			}
			if *update {
				if err := os.WriteFile(file.name, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(file.text, got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestRoundTrip prints and parses every query of the golden files.
func TestRoundTrip(t *testing.T) {
	for _, file := range golden(t) {
		for _, query := range file.queries {
			if q, err := traceql.Parse(query); err == nil {
				if err := roundTrip(q); err != nil {
					t.Errorf("%s\n%v", query, err)
				}
			}
		}
	}
}

func roundTrip(q *traceql.Query) error {
	text := q.String()
	again, err := traceql.Parse(text)
	if err != nil {
		return fmt.Errorf("is printed as\n%s\n%w", text, err)
	}
	if !traceql.Equal(q, again) {
		return fmt.Errorf("is printed as\n%s\nwhich is another tree\n%swant\n%s", text, dump(again), dump(q))
	}
	return nil
}

type goldenFile struct {
	name, text string
	queries    []string
}

func golden(t testing.TB) []goldenFile {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	var files []goldenFile
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f := goldenFile{name: name, text: string(text)}
		for part := range strings.SplitSeq(f.text, "----\n") {
			query, _, _ := strings.Cut(part, "\n\n")
			f.queries = append(f.queries, strings.TrimSuffix(query, "\n"))
		}
		files = append(files, f)
	}
	return files
}

func describe(query string) string {
	q, err := traceql.Parse(query)
	if err != nil {
		var e *traceql.Error
		if !errors.As(err, &e) {
			return err.Error() + "\n"
		}
		return fmt.Sprintf("error %v\n%s", e, e.Snippet())
	}
	return q.String() + "\n" + dump(q)
}

// dump draws a tree, a node a line: its type and what is set of it.
func dump(n traceql.Node) string {
	var s strings.Builder
	dumpTo(&s, "", reflect.ValueOf(n), "")
	return s.String()
}

func dumpTo(s *strings.Builder, name string, v reflect.Value, indent string) {
	v = reflect.Indirect(v)
	fmt.Fprintf(s, "%s%s%s", indent, name, v.Type().Name())
	var below []func()
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		label := map[bool]string{true: name + ": "}[name == "L" || name == "R" || name == "Value" || name == "Selection"]
		switch f.Kind() {
		case reflect.Struct:
			if name != "Pos" {
				below = append(below, func() { dumpTo(s, label, f, indent+"  ") })
			}
		case reflect.Pointer:
			if !f.IsNil() {
				below = append(below, func() { dumpTo(s, label, f, indent+"  ") })
			}
		case reflect.Interface:
			if !f.IsNil() {
				below = append(below, func() { dumpTo(s, label, f.Elem(), indent+"  ") })
			}
		case reflect.Slice:
			if f.Type().Elem().Kind() == reflect.Float64 {
				fmt.Fprintf(s, " %v", f)
				continue
			}
			for j := range f.Len() {
				e := f.Index(j)
				if e.Kind() == reflect.Interface {
					e = e.Elem()
				}
				below = append(below, func() { dumpTo(s, "", e, indent+"  ") })
			}
		case reflect.String:
			if !f.IsZero() {
				fmt.Fprintf(s, " %q", f.String())
			}
		case reflect.Bool:
			if f.Bool() {
				s.WriteString(" parent")
			}
		case reflect.Uint8:
			if name != "Scope" || !f.IsZero() {
				fmt.Fprintf(s, " %v", f.Interface())
			}
		default:
			if !f.IsZero() {
				fmt.Fprintf(s, " %v", f.Interface())
			}
		}
	}
	s.WriteByte('\n')
	for _, draw := range below {
		draw()
	}
}
