package terminal

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/everspan/everspan/internal/advise"
)

// note is something to say about a row.
type note struct{ style, text string }

// flagWords says the flags of a span in words; those that are missing here are
// normal, or have a row of their own.
var flagWords = map[string]string{
	"duplicate":          "another span has the same id",
	"selfParent":         "names itself as its parent",
	"cycle":              "its parent is below it: cut here",
	"startsBeforeParent": "starts before its parent",
	"endsAfterParent":    "ends after its parent",
	"negativeDuration":   "ends before it starts",
}

// rowNotes returns what is said beside a row, or under it if there is no room.
func (d *drawing) rowNotes(i int) []note {
	n := &d.wf.Nodes[i]
	var notes []note
	if v := d.wf.Verdict; v != nil && v.Node == int32(i) {
		notes = append(notes, note{bold, fmt.Sprintf("◀ bottleneck: %s, %.0f %% of the request", v.Class, 100*v.Share)})
	}
	if isError(n) {
		notes = append(notes, note{red, "✗ " + clean(cmp.Or(n.Error, "error"))})
	}
	if n.Missing {
		notes = append(notes, note{"", fmt.Sprintf("span %s was not received, %s name it", clean(n.SpanID), plural(int(n.Children), "span"))})
	}
	for _, flag := range n.Flags {
		// Messages are worked on after they are sent: that is what queues are for.
		if flag == "endsAfterParent" && n.Kind == "consumer" {
			continue
		}
		if words := flagWords[flag]; words != "" {
			notes = append(notes, note{"", words})
		}
	}
	return notes
}

// gapNote names the stretches of a node that no span covers; they count from the
// start of the request, at offset zero.
func gapNote(gaps []advise.Stretch, zero int64) string {
	const most = 3
	var parts []string
	for _, g := range gaps[:min(len(gaps), most)] {
		parts = append(parts, advise.FormatDuration(g.Duration)+" from "+advise.FormatDuration(g.Start-zero))
	}
	text := "no span covers " + strings.Join(parts, ", ")
	if more := len(gaps) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
