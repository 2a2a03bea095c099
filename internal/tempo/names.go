package tempo

import "github.com/everspan/everspan/internal/traceql"

// scopes are the scopes of attributes in the order of an answer.
var scopes = []traceql.Scope{traceql.ScopeResource, traceql.ScopeSpan, traceql.ScopeEvent, traceql.ScopeLink, traceql.ScopeInstrumentation}

// intrinsics are the fields of spans and their traces, sorted by name.
var intrinsics = []struct {
	name  string // with its scope
	short string // what Tempo calls it in spans that are found
	said  bool   // each span or trace that is found says it anyway
}{
	{"event:name", "event:name", false},
	{"event:timeSinceStart", "event:timeSinceStart", false},
	{"instrumentation:name", "instrumentation:name", false},
	{"instrumentation:version", "instrumentation:version", false},
	{"link:spanID", "link:spanID", false},
	{"link:traceID", "link:traceID", false},
	{"nestedSetLeft", "nestedSetLeft", false},
	{"nestedSetParent", "nestedSetParent", false},
	{"nestedSetRight", "nestedSetRight", false},
	{"span:childCount", "childCount", false},
	{"span:duration", "duration", true},
	{"span:id", "span:id", true},
	{"span:kind", "kind", false},
	{"span:name", "name", true},
	{"span:parentID", "span:parentID", false},
	{"span:start", "span:start", true},
	{"span:status", "status", false},
	{"span:statusMessage", "statusMessage", false},
	{"trace:duration", "traceDuration", true},
	{"trace:id", "trace:id", true},
	{"trace:rootName", "rootName", true},
	{"trace:rootService", "rootServiceName", true},
}

// intrinsicTags are the names of intrinsics that are listed, the older ones as well,
// sorted: editors offer them.
var intrinsicTags = []string{
	"duration", "event:name", "event:timeSinceStart", "instrumentation:name", "instrumentation:version", "kind", "name", "rootName",
	"rootServiceName", "span:childCount", "span:duration", "span:kind", "span:name", "span:status", "span:statusMessage", "status",
	"statusMessage", "trace:duration", "trace:rootName", "trace:rootService", "traceDuration",
}
