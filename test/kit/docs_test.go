package kit

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// importsOf says what a name before a dot stands for in docs/instrument.md.
var importsOf = map[string]string{
	"attribute":  "go.opentelemetry.io/otel/attribute",
	"context":    "context",
	"grpc":       "google.golang.org/grpc",
	"http":       "net/http",
	"insecure":   "google.golang.org/grpc/credentials/insecure",
	"instrument": "github.com/everspan/everspan/instrument",
	"kafka":      "github.com/everspan/everspan/instrument/kafka",
	"kgo":        "github.com/twmb/franz-go/pkg/kgo",
	"slog":       "log/slog",
	"testing":    "testing",
	"time":       "time",
	"trace":      "go.opentelemetry.io/otel/trace",
	"tracedgrpc": "github.com/everspan/everspan/instrument/grpc",
	"tracedsql":  "github.com/everspan/everspan/instrument/sql",
	"tracetest":  "github.com/everspan/everspan/instrument/tracetest",
}

// surroundings is the service that the pieces of the page are taken from.
const surroundings = `package snippet

import (
	"context"
	"net/http"

	"github.com/twmb/franz-go/pkg/kgo"
)

type orderType struct {
	ID    string
	Total int
}

var (
	body     []byte
	client   = http.DefaultClient
	ctx      context.Context
	mux      = http.NewServeMux()
	order    orderType
	producer *kgo.Client
	records  []*kgo.Record
	sku      string
)

func handle(context.Context, []byte) error                         { return nil }
func mail(context.Context, orderType) error                        { return nil }
func place(context.Context, orderType) error                       { return nil }
func placeOrder(context.Context)                                   {}
func push(context.Context, map[string]string, []byte) error        { return nil }
func sum(context.Context, orderType) (int, error)                  { return 0, nil }
func sweep(context.Context) error                                  { return nil }
`

var (
	goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")
	before  = regexp.MustCompile(`\b([a-z]+)\.[A-Z]`)
)

// TestDocs compiles every piece of Go in docs/instrument.md, and holds that
// the service in it is the one in the examples.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/instrument.md")
	if err != nil {
		t.Fatal(err)
	}
	hello, err := os.ReadFile("../../instrument/examples/hello/main.go")
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// The pieces are a package of this module that is nowhere on the disk.
	replace := map[string]string{}
	add := func(name, text string) {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(here, "snippet", name)] = file
	}
	add("around.go", surroundings)
	blocks := goBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 15 {
		t.Fatalf("%d pieces of Go in the page", len(blocks))
	}
	for i, b := range blocks {
		if !strings.HasPrefix(b[1], "package ") {
			add(fmt.Sprintf("piece%02d.go", i), wrap(i, b[1]))
		} else if !strings.HasSuffix(string(hello), b[1]) {
			t.Error("the service in the page is not the one in instrument/examples/hello")
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-overlay", file, "./snippet").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// wrap makes a file of a piece: with its imports, in a function unless it is one.
func wrap(i int, text string) string {
	var imports []string
	for _, m := range before.FindAllStringSubmatch(text, -1) {
		if path, ok := importsOf[m[1]]; ok {
			imports = append(imports, fmt.Sprintf("%s %q", m[1], path))
		}
	}
	slices.Sort(imports)
	head := "package snippet\n\nimport (\n" + strings.Join(slices.Compact(imports), "\n") + "\n)\n\n"
	if strings.HasPrefix(text, "func ") {
		return head + text
	}
	end := "return nil\n"
	if lines := strings.Split(strings.TrimSpace(text), "\n"); strings.HasPrefix(lines[len(lines)-1], "return ") {
		end = ""
	}
	return head + fmt.Sprintf("func piece%d() error {\n%s%s}\n", i, text, end)
}
