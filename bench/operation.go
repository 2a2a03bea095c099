//go:build linux

package main

// operation is a spec of the map, ready to generate spans.
type operation struct {
	*spec
	service *service
	scope   []byte // encoded InstrumentationScope
	scopeID int
	pieces  []piece
	calls   []site
	route   string // of an HTTP server
}

// site is a call with its operations looked up.
type site struct {
	chain  []*operation
	chance float64
	loop   bool
}

// piece is a part of the attributes: encoded ones, or one that is drawn.
type piece struct {
	constant []byte
	key      []byte
	text     func(d *draw, to []byte) []byte
	number   func(d *draw) int64
}

// newOperations looks up every name of the map.
func newOperations() map[string]*operation {
	byID := make(map[string]*operation)
	for i := range shop {
		for k := range shop[i].ops {
			op := &operation{spec: &shop[i].ops[k], service: &shop[i]}
			op.pieces = pieces(op.attrs)
			op.scopeID, op.scope = scopeOf(op)
			for _, a := range op.attrs {
				if a.key == "http.route" {
					op.route = a.constant.(string)
				}
				if a.key == "rpc.method" {
					op.route = "/" + op.name + "/{id}"
				}
			}
			byID[op.id] = op
		}
	}
	for _, op := range byID {
		for _, c := range op.spec.calls {
			s := site{chance: c.chance, loop: c.loop}
			for _, id := range c.chain {
				if byID[id] == nil {
					panic("the map of the shop has no operation " + id)
				}
				s.chain = append(s.chain, byID[id])
			}
			op.calls = append(op.calls, s)
		}
	}
	return byID
}

// pieces joins neighbours that are constant.
func pieces(attrs []attr) (all []piece) {
	const spanAttributes = 9
	for _, a := range attrs {
		if a.constant == nil {
			all = append(all, piece{key: keyPart(a.key), text: a.text, number: a.number})
			continue
		}
		if len(all) == 0 || all[len(all)-1].constant == nil {
			all = append(all, piece{})
		}
		to := &all[len(all)-1].constant
		switch v := a.constant.(type) {
		case string:
			*to = appendText(*to, spanAttributes, keyPart(a.key), []byte(v))
		case int:
			*to = appendInt(*to, spanAttributes, keyPart(a.key), int64(v))
		}
	}
	return all
}

// scopeOf is the library that makes such spans.
func scopeOf(op *operation) (id int, encoded []byte) {
	kind := "http"
	switch key := op.attrs[0].key; {
	case key[:3] == "rpc":
		id, kind = 1, "grpc"
	case key[:3] == "db.":
		id, kind = 2, "sql"
	case key[:3] == "mes":
		id, kind = 3, "kafka"
	case key[:3] == "cod":
		id, kind = 4, "app"
	}
	prefix := map[string]string{
		"go": "go.opentelemetry.io/contrib/instrumentation/", "java": "io.opentelemetry.", "nodejs": "@opentelemetry/instrumentation-", "python": "opentelemetry.instrumentation.",
	}[op.service.language]
	encoded = appendField(nil, 1, prefix+kind)
	return id, appendField(encoded, 2, "0.62.0")
}

// appendAttributes draws and appends the attributes of a span.
func (op *operation) appendAttributes(to []byte, d *draw, scratch []byte) ([]byte, []byte) {
	const spanAttributes = 9
	for i := range op.pieces {
		switch p := &op.pieces[i]; {
		case p.constant != nil:
			to = append(to, p.constant...)
		case p.text != nil:
			scratch = p.text(d, scratch[:0])
			to = appendText(to, spanAttributes, p.key, scratch)
		default:
			to = appendInt(to, spanAttributes, p.key, p.number(d))
		}
	}
	return to, scratch
}
