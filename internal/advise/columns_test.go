package advise_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/advise"
	"github.com/everspan/everspan/internal/span"
	"github.com/everspan/everspan/internal/span/spantest"
)

// read takes the columns apart again.
func read(t *testing.T, raw []byte) (h advise.ColumnsHeader, column func(name string, to any)) {
	t.Helper()
	if string(raw[:4]) != "EVTC" || binary.LittleEndian.Uint32(raw[4:]) != 1 {
		t.Fatalf("begins with %x", raw[:8])
	}
	n := int(binary.LittleEndian.Uint32(raw[8:]))
	if err := json.Unmarshal(raw[16:16+n], &h); err != nil {
		t.Fatal(err)
	}
	data := raw[(16+n+7)/8*8:]
	return h, func(name string, to any) {
		for _, c := range h.Columns {
			if c.Name == name {
				if c.Offset%8 != 0 {
					t.Errorf("column %s is at %d", name, c.Offset)
				}
				if _, err := binary.Decode(data[c.Offset:], binary.LittleEndian, to); err != nil {
					t.Fatalf("column %s: %v", name, err)
				}
				return
			}
		}
		t.Fatalf("no column %s", name)
	}
}

// The columns say what the waterfall does, of usual traces and of odd ones.
func TestColumns(t *testing.T) {
	for seed := range uint64(60) {
		var all span.Batch
		spantest.Random(&all, rand.New(rand.NewPCG(seed, 4)), int(seed)*2+1)
		var b span.Batch
		b.AppendRows(&all, all.Rows(all.TraceID(0)))
		w := advise.NewWaterfall(&b)
		h, column := read(t, advise.NewColumns(&b, []string{"why"}).Append([]byte("before"))[6:])
		if h.TraceID != w.TraceID || h.Start != w.Start || h.Duration != w.Duration || h.SpanCount != w.SpanCount || h.ServiceCount != w.ServiceCount ||
			h.ErrorCount != w.ErrorCount || h.Root != w.Root || h.Flags != w.Flags || h.Nodes != len(w.Nodes) || len(h.Partial) != 1 {
			t.Fatalf("seed %d: header %+v of %+v", seed, h, w)
		}
		n := h.Nodes
		parent, depth, name, service, failure := make([]int32, n), make([]int32, n), make([]uint32, n), make([]uint32, n), make([]uint32, n)
		begin, length, self, critical := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		kind, status, ids, flags, events := make([]uint8, n), make([]uint8, n), make([]uint8, 8*n), make([]uint16, n), make([]uint16, n)
		for name, to := range map[string]any{"parent": parent, "depth": depth, "name": name, "service": service, "error": failure, "begin": begin, "length": length,
			"self": self, "critical": critical, "kind": kind, "status": status, "ids": ids, "flags": flags, "events": events} {
			column(name, to)
		}
		for i, node := range w.Nodes {
			var flagged []string
			for k, name := range h.FlagNames {
				if flags[i]&(1<<k) != 0 {
					flagged = append(flagged, name)
				}
			}
			statuses := []string{"unset", "ok", "error"}
			switch {
			case parent[i] != node.Parent, depth[i] != node.Depth, h.Names[name[i]] != node.Name, h.Services[service[i]] != node.Service,
				h.Errors[failure[i]] != node.Error, int64(begin[i]) != node.StartOffset, int64(length[i]) != node.Duration,
				int64(self[i]) != node.Self, int64(critical[i]) != node.Critical, h.Kinds[kind[i]] != node.Kind, statuses[status[i]] != node.Status,
				span.ID(ids[8*i:8*i+8]).String() != node.SpanID, int(events[i]) != node.Events, strings.Join(flagged, " ") != strings.Join(node.Flags, " "):
				t.Fatalf("seed %d: node %d is %+v", seed, i, node)
			}
		}
		start, err := strconv.ParseInt(h.Start, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for row := range uint32(b.Len()) {
			for e, to := b.EventsOf(row); e < to; e++ {
				want = append(want, fmt.Sprint(b.ID[row], b.Events.Time[e]-start, string(b.Events.Names.Bytes(b.Events.Name[e])) == "exception"))
			}
		}
		eventNode, eventTime, exception := make([]int32, len(want)), make([]float64, len(want)), make([]uint8, len(want))
		column("eventNode", eventNode)
		column("eventTime", eventTime)
		column("eventException", exception)
		for e, i := range eventNode {
			got = append(got, fmt.Sprint(span.ID(ids[8*i:8*i+8]), int64(eventTime[e]), exception[e] == 1))
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.IsSorted(eventNode) || !slices.Equal(got, want) {
			t.Fatalf("seed %d: events %v, want %v", seed, got, want)
		}
		for prefix, want := range map[string][]advise.Stretch{"path": w.CriticalPath, "gap": w.Gaps} {
			node, start, duration := make([]int32, len(want)), make([]float64, len(want)), make([]float64, len(want))
			column(prefix+"Node", node)
			column(prefix+"Start", start)
			column(prefix+"Duration", duration)
			for i, s := range want {
				if node[i] != s.Node || int64(start[i]) != s.Start || int64(duration[i]) != s.Duration {
					t.Fatalf("seed %d: %s %d is %+v", seed, prefix, i, s)
				}
			}
		}
	}
}
