package otlptest

import (
	"encoding/json"
	"strings"

	"github.com/everspan/everspan/internal/span"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// setJSON sets a list, a map or null from the text of a [span.Value].
func setJSON(to pcommon.Value, text string) {
	var list []json.RawMessage
	var pairs map[string]json.RawMessage
	switch {
	case json.Unmarshal([]byte(text), &list) == nil && list != nil:
		out := to.SetEmptySlice()
		for _, item := range list {
			set(out.AppendEmpty(), span.ParseText(string(item)))
		}
	case json.Unmarshal([]byte(text), &pairs) == nil && pairs != nil:
		out := to.SetEmptyMap()
		for k, item := range pairs {
			set(out.PutEmpty(strings.TrimPrefix(k, "$")), span.ParseText(string(item)))
		}
	}
}
