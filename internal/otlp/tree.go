package otlp

import (
	"encoding/json"
	"strings"

	"github.com/everspan/everspan/internal/span"
)

// node is an AnyValue taken apart, for encoding. Scalars have a value, lists
// have items; kind is the field of the oneof, 0 for the empty value.
type node struct {
	kind  int
	key   string // in a key-value list
	value span.Value
	items []node
}

var scalarKinds = map[span.Type]int{
	span.String: anyString, span.Int: anyInt, span.Double: anyDouble, span.Bool: anyBool, span.Bytes: anyBytes,
}

// tree takes a value apart. Text of type JSON is what appendAny wrote; anything
// else that may have got there is kept as a string.
func tree(v span.Value) node {
	if v.Type != span.JSON {
		return node{kind: scalarKinds[v.Type], value: v}
	}
	d := json.NewDecoder(strings.NewReader(v.Str))
	d.UseNumber()
	n, err := readNode(d, 0)
	if err != nil || d.More() {
		return node{kind: anyString, value: span.Value{Type: span.String, Str: v.Str}}
	}
	return n
}

// readNode reads token by token, because a key-value list may hold a key twice,
// which a Go map can't.
func readNode(d *json.Decoder, depth int) (node, error) {
	if depth > maxDepth+1 {
		return node{}, errDepth
	}
	token, err := d.Token()
	if err != nil {
		return node{}, err
	}
	switch t := token.(type) {
	case string:
		return node{kind: anyString, value: span.Value{Type: span.String, Str: t}}, nil
	case bool:
		v := span.Value{Type: span.Bool}
		if t {
			v.Num = 1
		}
		return node{kind: anyBool, value: v}, nil
	case json.Number:
		return tree(scalar(t.String())), nil
	case json.Delim:
		n := node{kind: anyArray}
		if t == '{' {
			n.kind = anyKvlist
		}
		for d.More() {
			var key string
			if n.kind == anyKvlist {
				k, err := d.Token()
				if err != nil {
					return node{}, err
				}
				key, _ = k.(string)
			}
			item, err := readNode(d, depth+1)
			if err != nil {
				return node{}, err
			}
			if key == "$bytes" || key == "$double" {
				if _, err := d.Token(); err != nil { // the closing brace
					return node{}, err
				}
				return tree(scalar(`{"` + key + `":"` + item.value.Str + `"}`)), nil
			}
			if rest, ok := strings.CutPrefix(key, "$$"); ok {
				key = "$" + rest
			}
			item.key = key
			n.items = append(n.items, item)
		}
		_, err := d.Token()
		return n, err
	}
	return node{}, nil // null
}

// scalar parses the text of a scalar. What is none becomes a string, so that
// tree can't come back to the same text for ever.
func scalar(text string) span.Value {
	v := span.ParseText(text)
	if v.Type == span.JSON {
		v.Type = span.String
	}
	return v
}
