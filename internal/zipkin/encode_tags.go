package zipkin

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/everspan/everspan/internal/span"
)

// gather sorts what a span has into endpoints, flags and tags.
func (e *encoder) gather(row uint32) {
	b := e.b
	e.tags, e.flags, e.absent = e.tags[:0], e.flags[:0], false
	e.local, e.remote = jsonEnd{service: b.Service(b.Resource[row])}, jsonEnd{}
	for key, v := range e.attrs.Row(row) {
		e.attribute(key, v)
	}
	for key, v := range b.Resources.Attrs.Row(b.Resource[row]) {
		if key != "service.name" {
			e.tag(key, v.Display())
		}
	}
	message := b.Messages.String(b.Message[row])
	switch b.Status[row] {
	case span.StatusError:
		e.tag("error", message)
		message = ""
	case span.StatusOK:
		e.tag("otel.status_code", "OK")
	}
	e.some("otel.status_description", message)
	e.some("otel.scope.name", b.Scopes.Name[b.Scope[row]])
	e.some("otel.scope.version", b.Scopes.Version[b.Scope[row]])
	e.some("w3c.tracestate", b.States.String(b.State[row]))
	if b.Kind[row] == span.KindInternal {
		e.tag("span.kind", "internal")
	}
	for name, count := range map[string]uint32{
		"otel.dropped_attributes_count": b.DroppedAttrs.Count(row),
		"otel.dropped_events_count":     b.DroppedEvents.Count(row),
		"otel.dropped_links_count":      b.DroppedLinks.Count(row),
	} {
		if count > 0 {
			e.tag(name, strconv.Itoa(int(count)))
		}
	}
	slices.SortStableFunc(e.tags, func(x, y jsonTag) int {
		switch {
		case x.key < y.key:
			return -1
		case x.key > y.key:
			return 1
		}
		return 0
	})
	e.tags = slices.CompactFunc(e.tags, func(x, y jsonTag) bool { return x.key == y.key }) // the span's comes first
}

// attribute takes an attribute of the span for what it says about Zipkin, or as a tag.
func (e *encoder) attribute(key string, v span.Value) {
	on := v.Type == span.Bool && v.Num != 0
	switch key {
	case "zipkin.shared":
		if on {
			e.flags = append(e.flags, "shared")
			return
		}
	case "zipkin.debug":
		if on {
			e.flags = append(e.flags, "debug")
			return
		}
	case "otel.zipkin.absentField.startTime":
		e.absent = on
		return
	case "peer.service":
		e.remote.service = v.Display()
		return
	case "network.peer.address":
		if _, err := netip.ParseAddr(v.Str); err == nil {
			e.remote.address = v.Str
			return
		}
	case "network.local.address":
		if _, err := netip.ParseAddr(v.Str); err == nil {
			e.local.address = v.Str
			return
		}
	case "network.peer.port":
		if v.Type == span.Int {
			e.remote.port = v.Display()
			return
		}
	case "network.local.port":
		if v.Type == span.Int {
			e.local.port = v.Display()
			return
		}
	}
	e.tag(key, v.Display())
}

func (e *encoder) tag(key, value string) { e.tags = append(e.tags, jsonTag{key, value}) }

// some adds a tag that has a value.
func (e *encoder) some(key, value string) {
	if value != "" {
		e.tag(key, value)
	}
}
