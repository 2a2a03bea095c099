package everspan_test

import (
	"os/exec"
	"strings"
	"testing"
)

// floors says who may import whom: a package imports only packages of lower
// floors. A package that is not listed fails the test, so that a new one gets
// its place on purpose.
const floors = `
5 cmd/everspan          subcommands, configuration, wiring
4 internal/api          HTTP surfaces: native, Tempo, Zipkin; metrics and health
4 internal/terminal     waterfall, lists and tables as text
3 internal/advise       critical path, bottleneck, the waterfall document
3 internal/tempo        Tempo's query API: questions, messages
2 internal/engine       TraceQL over columns: search, metrics, names and values
2 internal/logs         search of log records over heads and blocks
2 internal/store        head, flush, manifest, reading, export
1 internal/otlp         OTLP to and from span.Batch and span.Logs, the receivers
1 internal/zipkin       Zipkin v2 to and from span.Batch
1 internal/jaeger       Jaeger's spans to and from span.Batch
1 internal/block        the file format: writer and reader
1 internal/traceql      the query language: syntax tree, parser
0 internal/rowset       sets of rows
0 internal/wal          record log
0 internal/bucket       object store interface, local directory
0 internal/wire         protobuf messages, field by field
0 internal/span         ids, values, the columnar batch, the trace tree
`

const module = "github.com/everspan/everspan/"

func TestFloors(t *testing.T) {
	floor := make(map[string]string)
	for line := range strings.Lines(strings.TrimSpace(floors)) {
		f := strings.Fields(line)
		floor[f[1]] = f[0]
	}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./cmd/...", "./internal/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := make(map[string]bool)
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		pkg, ok := strings.CutPrefix(f[0], module)
		if !ok || isTestHelp(pkg) {
			continue
		}
		seen[pkg] = true
		if floor[pkg] == "" {
			t.Errorf("%s has no floor: add it to the table", pkg)
			continue
		}
		for _, imported := range f[1:] {
			if dep, ok := strings.CutPrefix(imported, module); ok && floor[dep] >= floor[pkg] {
				t.Errorf("%s (floor %s) imports %s (floor %s)", pkg, floor[pkg], dep, floor[dep])
			}
		}
	}
	for pkg := range floor {
		if !seen[pkg] {
			t.Errorf("%s is in the table and not in the tree", pkg)
		}
	}
}

// isTestHelp reports whether a package serves tests only, as buckettest does.
func isTestHelp(pkg string) bool { return strings.HasSuffix(pkg, "test") }
