package tempo

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/everspan/everspan/internal/engine"
	"github.com/everspan/everspan/internal/traceql"
)

// KeyValue is a value and its name.
type KeyValue struct {
	Key   string `json:"key"`
	Value Value  `json:"value"`
}

// Value is OTLP's AnyValue, as far as values of a query need it: what durations,
// statuses and kinds are there is text.
type Value struct {
	kind valueKind
	text string
	num  int64 // of a bool 0 or 1
	flt  float64
	list []Value
}

type valueKind uint8

const (
	textValue valueKind = iota
	boolValue
	intValue
	doubleValue
	listValue
)

// Text is a value that is a string.
func Text(s string) Value { return Value{text: s} }

func valueOf(s *traceql.Static) Value {
	switch s.Type {
	case traceql.String:
		return Text(s.Str)
	case traceql.Int:
		return Value{kind: intValue, num: s.Num}
	case traceql.Float:
		return Value{kind: doubleValue, flt: s.Flt}
	case traceql.Bool:
		return Value{kind: boolValue, num: s.Num}
	}
	return Text(s.String()) // nil, a duration, a status or a kind
}

// MarshalJSON writes the value as proto3 does.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.kind {
	case boolValue:
		return json.Marshal(map[string]bool{"boolValue": v.num != 0})
	case intValue:
		return json.Marshal(map[string]string{"intValue": strconv.FormatInt(v.num, 10)})
	case doubleValue:
		return json.Marshal(map[string]Double{"doubleValue": Double(v.flt)})
	case listValue:
		return json.Marshal(map[string]any{"arrayValue": map[string][]Value{"values": v.list}})
	}
	return json.Marshal(map[string]string{"stringValue": v.text})
}

// Double is a number that may be infinite or none at all, which proto3 writes as words.
type Double float64

// MarshalJSON writes the number as proto3 does.
func (d Double) MarshalJSON() ([]byte, error) {
	switch f := float64(d); {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(f, -1):
		return []byte(`"-Infinity"`), nil
	default:
		return json.Marshal(f)
	}
}

// attributes joins values of one name, which follow each other, to an array. name
// returns the name to write, or "" to leave the value out.
func attributes(attrs []engine.Attr, name func(string) string) []KeyValue {
	var out []KeyValue
	for i := 0; i < len(attrs); {
		from := i
		for i++; i < len(attrs) && attrs[i].Name == attrs[from].Name; i++ {
		}
		key := name(attrs[from].Name)
		switch {
		case key == "":
		case i == from+1:
			out = append(out, KeyValue{key, valueOf(&attrs[from].Value)})
		default:
			list := Value{kind: listValue}
			for k := range attrs[from:i] {
				list.list = append(list.list, valueOf(&attrs[from+k].Value))
			}
			out = append(out, KeyValue{key, list})
		}
	}
	return out
}

// spanKey is what an attribute of a span is called in an answer: without its scope, an
// intrinsic by its older name. What the answer says of the span or its trace anyway
// is left out.
func spanKey(name string) string {
	parent := ""
	if rest, ok := strings.CutPrefix(name, "parent."); ok {
		parent, name = "parent.", rest
	}
	for i := range intrinsics {
		in := &intrinsics[i]
		if name != in.name && name != in.short {
			continue
		}
		if in.said && parent == "" {
			return ""
		}
		return parent + in.short
	}
	for _, scope := range scopes {
		if rest, ok := strings.CutPrefix(name, scope.String()+"."); ok {
			return parent + unquote(rest)
		}
	}
	return parent + unquote(strings.TrimPrefix(name, "."))
}

// shortName is the older name of an intrinsic; other names stay as they are.
func shortName(name string) string {
	for i := range intrinsics {
		if in := &intrinsics[i]; name == in.name {
			return in.short
		}
	}
	return name
}

// unquote is the name of an attribute that TraceQL writes in quotes.
func unquote(name string) string {
	if s, err := strconv.Unquote(name); err == nil && name[0] == '"' {
		return s
	}
	return name
}
