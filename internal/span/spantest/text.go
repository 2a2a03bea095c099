package spantest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/span"
)

// Start is the time from which the spans of a trace count.
var Start = time.Date(2026, 11, 23, 4, 12, 33, 120_000_000, time.UTC)

// TraceID is the id of every trace that is read.
var TraceID = span.TraceID{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36}

// Trace reads a trace that a test writes as text. It panics at bad text, which
// is a fault of the test.
//
// A line is a span; blank lines and lines that begin with # are left out:
//
//	id parent start duration service kind name [status] [attributes and more]
//	b  a      10ms  1.8s     pricing client external.taxApi error="503" http.route=/x
//
// Ids are hexadecimal digits, the parent of a root is a dash. Start is counted
// from [Start]. The service "-" is none. Text with blanks is quoted as in Go.
// After the name come, in any order: ok, error, error="message"; key=value,
// which is an integer if it looks like one; key:=value as JSON, see [span.ParseText];
// resource.key=value; !"type: message", an exception; +name, an event; @id, a link to a
// span of the same trace; .key=value, an attribute of the event or link before it.
func Trace(text string) *span.Batch {
	b := new(span.Batch)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := addSpan(b, fields(line)); err != nil {
			panic(fmt.Sprintf("%s: %v", line, err))
		}
	}
	return b
}

// fields splits a line at blanks outside quotes.
func fields(line string) []string {
	quoted := false
	escaped := false
	return strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' && !escaped {
			quoted = !quoted
		}
		escaped = r == '\\' && !escaped
		return r == ' ' && !quoted
	})
}

func unquote(s string) string {
	if text, err := strconv.Unquote(s); err == nil {
		return text
	}
	return s
}

func addSpan(b *span.Batch, f []string) error {
	if len(f) < 7 {
		return fmt.Errorf("%d fields, want at least 7", len(f))
	}
	resource := b.Resources.InternSet(span.Set{}, func(to *span.Attrs) {
		if f[4] != "-" {
			to.Text([]byte("service.name"), span.String, []byte(unquote(f[4])))
		}
		for _, more := range f[min(7, len(f)):] {
			if pair, ok := strings.CutPrefix(more, "resource."); ok {
				set(to, pair)
			}
		}
	})
	row := b.Begin(resource, b.Scopes.InternSet(span.Set{}, func(*span.Attrs) {}))
	var err error
	if b.ID[row], err = span.ParseID(f[0]); err != nil {
		return err
	}
	if f[1] != "-" {
		if b.Parent[row], err = span.ParseID(f[1]); err != nil {
			return err
		}
	}
	start, err := time.ParseDuration(f[2])
	if err != nil {
		return err
	}
	duration, err := time.ParseDuration(f[3])
	if err != nil {
		return err
	}
	b.Start[row] = Start.UnixNano() + int64(start)
	b.Duration[row] = int64(duration)
	b.Kind[row] = span.ParseKind(f[5])
	b.Name[row] = b.Names.Text([]byte(unquote(f[6])))
	last := &b.Attrs
	for _, more := range f[7:] {
		switch {
		case strings.HasPrefix(more, "resource."):
			continue
		case more[0] == '.':
			set(last, more[1:])
			continue
		case more[0] == '+' || more[0] == '!':
			last = &b.Events.Attrs
		case more[0] == '@':
			last = &b.Links.Attrs
		}
		if err := addMore(b, row, more); err != nil {
			return err
		}
	}
	b.Commit(row, TraceID)
	return nil
}

func addMore(b *span.Batch, row uint32, more string) error {
	key, value, isPair := strings.Cut(more, "=")
	value = unquote(value)
	switch {
	case key == "ok":
		b.Status[row] = span.StatusOK
	case key == "error":
		b.Status[row] = span.StatusError
		b.Message[row] = b.Messages.Text([]byte(value))
	case more[0] == '!':
		kind, message, _ := strings.Cut(unquote(more[1:]), ": ")
		b.AddEvent(row, b.Start[row], []byte("exception"), 0)
		b.Events.Attrs.Text([]byte("exception.type"), span.String, []byte(kind))
		b.Events.Attrs.Text([]byte("exception.message"), span.String, []byte(message))
	case more[0] == '+':
		b.AddEvent(row, b.Start[row], []byte(unquote(more[1:])), 0)
	case more[0] == '@':
		id, err := span.ParseID(more[1:])
		if err != nil {
			return err
		}
		b.AddLink(row, TraceID, id, nil, 0, 0)
	case !isPair:
		return fmt.Errorf("what is %s?", more)
	default:
		set(&b.Attrs, more)
	}
	return nil
}

// set adds key=value or key:=value.
func set(to *span.Attrs, pair string) {
	key, text, _ := strings.Cut(pair, "=")
	text = unquote(text)
	if name, ok := strings.CutSuffix(key, ":"); ok {
		to.Set([]byte(name), span.ParseText(text))
	} else if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		to.Num([]byte(key), span.Int, uint64(n))
	} else {
		to.Text([]byte(key), span.String, []byte(text))
	}
}
