package advise

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/everspan/everspan/internal/span"
)

// Verdict names the bottleneck of a request.
type Verdict struct {
	Node    int32   `json:"node"`
	Class   Class   `json:"class"`
	Share   float64 `json:"share"` // of the main root's duration, 0 to 1
	Service string  `json:"service,omitempty"`
	Name    string  `json:"name"`           // the span's
	Peer    string  `json:"peer,omitempty"` // what a database or external call went to, if it says so
	Text    string  `json:"text"`           // a sentence, in one line
}

// judge finds the node with the most time of its own on the path; of equal ones
// the first.
func (a *Analysis) judge() *Verdict {
	request := a.Tree.Nodes[a.Tree.Main].Duration
	if request == 0 {
		return nil
	}
	v := &Verdict{Node: a.Tree.Main}
	for i, critical := range a.Critical {
		if critical > a.Critical[v.Node] {
			v.Node = int32(i)
		}
	}
	v.Class = a.classify(v.Node)
	v.Share = float64(a.Critical[v.Node]) / float64(request)
	v.Service, v.Name = a.service(v.Node), a.name(v.Node)
	if row := a.Tree.Nodes[v.Node].Row; row >= 0 && (v.Class == Database || v.Class == External) {
		v.Peer = peer(&a.Tree.Spans.Attrs, uint32(row))
	}
	v.Text = a.sentence(v)
	return v
}

func (a *Analysis) sentence(v *Verdict) string {
	name := oneLine(v.Name)
	place := name
	if v.Service != "" {
		place = oneLine(v.Service) + " ▸ " + name
	}
	if v.Peer != "" && v.Peer != v.Name {
		place += " at " + oneLine(v.Peer)
	}
	share := percent(v.Share) + " of this request "
	n := &a.Tree.Nodes[v.Node]
	switch {
	case v.Class == OwnCode:
		return fmt.Sprintf("%swas spent in %s itself (%s, %s)", share, name, v.Class, place)
	case v.Class != Gap:
		return fmt.Sprintf("%swaited for %s (%s, %s)", share, name, v.Class, place)
	case n.Row < 0:
		return fmt.Sprintf("%spassed in a span that was not received (gap, %s %s)", share, name, n.ID)
	case kind(a.Tree, v.Node) == span.KindClient:
		between := oneLine(a.service(a.server(v.Node)))
		causes := "network, connection pool or a busy server"
		if a.Tree.Nodes[a.server(v.Node)].Flags&(span.StartsBeforeParent|span.EndsAfterParent) != 0 {
			causes = "network, connection pool, a busy server or clocks that differ"
		}
		return fmt.Sprintf("%spassed between %s and its server %s (gap, %s: %s)", share, name, cmp.Or(between, "span"), place, causes)
	default:
		longest := FormatDuration(longestUncovered(a.Tree, v.Node).Nanos())
		return fmt.Sprintf("%spassed in %s, where no span covers %s (gap, %s)", share, name, longest, place)
	}
}

// percent writes a share of 0 to 1 in whole per cent.
func percent(share float64) string {
	if share < 0.01 {
		return "less than 1 %"
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

// oneLine makes text from a span fit for a sentence: blanks for line ends, and
// at most 200 characters.
func oneLine(s string) string {
	const most = 200
	if len(s) > 4*most { // a character has up to four bytes: no need to look further
		s = strings.ToValidUTF8(s[:4*most], "")
	}
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most-1]) + "…"
	}
	return s
}
