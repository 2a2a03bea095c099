package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/bucket"
)

// ledger watches what happens to the bucket and holds every manifest against the
// one before: it adds one block of a kind or of both, or puts one in the place of some,
// or drops the oldest; nothing else is legal. The cloud calls it with its lock held.
type ledger struct {
	life  *life
	pages []page // the last is what counts
}

// page is a manifest and what it took to get there.
type page struct {
	manifest
	expired    int       // spans
	expiredTo  time.Time // when the last of those was received
	duplicates int
	merges     int

	expiredLogs   int // log records
	expiredLogsTo time.Time
	logMerges     int
}

func (g *ledger) now() page {
	if len(g.pages) == 0 {
		return page{}
	}
	return g.pages[len(g.pages)-1]
}

func (g *ledger) created(key string, data []byte) {
	switch {
	case strings.HasPrefix(key, "aside/"):
		g.life.fail("a record of the log is set aside as %s", key)
	case strings.HasPrefix(key, manifestPrefix):
		m, err := decodeManifest(data)
		if err != nil {
			g.life.fail("%s: %v", key, err)
			return
		}
		if key != manifestKey(m.Number) {
			g.life.fail("%s has the number %d", key, m.Number)
		}
		next, err := g.turn(g.now(), m)
		if err != nil {
			g.life.fail("manifest %d: %v", m.Number, err)
		}
		g.pages = append(g.pages, next)
	}
}

// vanished takes back a manifest that a power cut took.
func (g *ledger) vanished(key string) {
	if n := len(g.pages); n > 0 && key == manifestKey(g.pages[n-1].Number) {
		g.pages = g.pages[:n-1]
	}
}

func (g *ledger) deleted(key string) {
	now := g.now()
	if _, id, ok := blockOf(key); ok && g.live(id) {
		g.life.fail("%s is deleted and live in manifest %d", key, now.Number)
	}
	if key > manifestKey(now.Number-keepManifests) && strings.HasPrefix(key, manifestPrefix) && now.Number > keepManifests {
		g.life.fail("%s is deleted at number %d", key, now.Number)
	}
}

func (g *ledger) live(id string) bool {
	m := g.now().manifest
	return slices.ContainsFunc(m.all(), func(b block.Meta) bool { return b.ID == id })
}

// blockOf returns which block an object is of.
func blockOf(key string) (kind, id string, ok bool) {
	for kind, prefix := range block.Prefixes {
		if rest, ok := strings.CutPrefix(key, prefix); ok {
			id, _, ok = strings.Cut(rest, "/")
			return kind, id, ok
		}
	}
	return "", "", false
}

// read hears how a read of a block went: what is being read is never gone.
func (g *ledger) read(key string, err error) {
	if _, _, ok := blockOf(key); ok && errors.Is(err, bucket.ErrNotFound) {
		g.life.fail("read of a block: %v", err)
	}
}

// change is what happened to the blocks of one kind.
type change int

const (
	nothing change = iota
	added
	mergedSome
	droppedSome
)

// turn checks one manifest against the one before.
func (g *ledger) turn(from page, m manifest) (page, error) {
	to := from
	to.manifest = m
	if m.Number != from.Number+1 {
		return to, fmt.Errorf("follows number %d", from.Number)
	}
	spans, err := g.turnKind(&to, from.Blocks, m.Blocks)
	if err != nil {
		return to, err
	}
	logs, err := g.turnKind(&to, from.Logs, m.Logs)
	if err != nil {
		return to, err
	}
	switch {
	case spans == nothing && logs == nothing:
		return to, errors.New("nothing changes")
	case spans != nothing && logs != nothing && spans != logs || spans == mergedSome && logs == mergedSome:
		return to, fmt.Errorf("changes %d and %d at once", spans, logs)
	case (spans == added || logs == added) && m.Log < from.Log:
		return to, fmt.Errorf("log %d after %d", m.Log, from.Log)
	case spans != added && logs != added && m.Log != from.Log:
		return to, fmt.Errorf("log %d after %d without a new block", m.Log, from.Log)
	case spans == droppedSome || logs == droppedSome:
		return to, g.dropped(&to, from.manifest, m)
	}
	return to, nil
}

// turnKind checks the blocks of one kind.
func (g *ledger) turnKind(to *page, old, blocks []block.Meta) (change, error) {
	head := 0 // blocks in common at the start
	for head < min(len(old), len(blocks)) && old[head].ID == blocks[head].ID {
		head++
	}
	tail := 0
	for tail < min(len(old), len(blocks))-head && old[len(old)-1-tail].ID == blocks[len(blocks)-1-tail].ID {
		tail++
	}
	gone, come := old[head:len(old)-tail], blocks[head:len(blocks)-tail]
	was := nothing
	switch {
	case len(come) == 0 && len(gone) == 0:
		return nothing, nil
	case len(come) == 1 && len(gone) == 0 && tail == 0:
		was = added
	case len(come) == 1 && len(gone) > 1:
		was = mergedSome
		if err := g.merged(gone, come[0]); err != nil {
			return was, err
		}
		if come[0].Kind == block.Logs {
			to.logMerges++
		} else {
			to.merges++
		}
	case len(come) == 0 && len(gone) > 0 && head == 0:
		return droppedSome, nil
	default:
		return was, fmt.Errorf("blocks %v are replaced by %v, %d stay before and %d after", ids(gone), ids(come), head, tail)
	}
	to.duplicates += come[0].Duplicates
	for _, file := range come[0].FileNames() {
		if _, err := g.life.cloud.mem.Stat(context.Background(), come[0].Key(file)); err != nil {
			return was, fmt.Errorf("names an unfinished block: %w", err)
		}
	}
	return was, ordered(blocks)
}

func ids(blocks []block.Meta) (all []string) {
	for _, b := range blocks {
		all = append(all, b.ID)
	}
	return all
}

// ordered checks that blocks stand in the order in which their spans came.
func ordered(blocks []block.Meta) error {
	for i := range blocks {
		if b := &blocks[i]; b.ReceivedFrom.After(b.ReceivedTo) || b.Spans+b.Logs == 0 {
			return fmt.Errorf("block %s has %d spans, received from %v to %v", b.ID, b.Spans, b.ReceivedFrom, b.ReceivedTo)
		}
		if i > 0 && (blocks[i-1].ReceivedFrom.After(blocks[i].ReceivedFrom) || blocks[i-1].ReceivedTo.After(blocks[i].ReceivedTo)) {
			return fmt.Errorf("block %s stands before %s, and its spans came later", blocks[i-1].ID, blocks[i].ID)
		}
	}
	return nil
}

func (g *ledger) merged(from []block.Meta, to block.Meta) error {
	var spans, logs, heavy int
	level := from[0].Level
	for i := range from {
		if from[i].Level != level {
			return fmt.Errorf("blocks of the levels %d and %d are merged", level, from[i].Level)
		}
		spans += from[i].Spans
		logs += from[i].Logs
		heavy += int(weight(&from[i]))
	}
	last := from[len(from)-1]
	switch {
	case spans != to.Spans+to.Duplicates:
		return fmt.Errorf("%d spans are merged into %d and %d duplicates", spans, to.Spans, to.Duplicates)
	case logs != to.Logs:
		return fmt.Errorf("%d log records are merged into %d", logs, to.Logs)
	case to.Level != level+1:
		return fmt.Errorf("level %d is merged into level %d", level, to.Level)
	case heavy > int(g.life.o.MergeWeight):
		return fmt.Errorf("weight %d is merged, at most %d may be", heavy, g.life.o.MergeWeight)
	case !to.ReceivedFrom.Equal(from[0].ReceivedFrom) || !to.ReceivedTo.Equal(last.ReceivedTo):
		return fmt.Errorf("received from %v to %v, of which %v to %v is left", from[0].ReceivedFrom, last.ReceivedTo, to.ReceivedFrom, to.ReceivedTo)
	}
	return nil
}

// dropped checks that retention took no block too many.
func (g *ledger) dropped(to *page, from, m manifest) error {
	now := time.Now()
	var total int64
	for _, b := range from.all() {
		total += b.Bytes()
	}
	gone := slices.Concat(from.Blocks[:len(from.Blocks)-len(m.Blocks)], from.Logs[:len(from.Logs)-len(m.Logs)])
	slices.SortStableFunc(gone, func(x, y block.Meta) int { return x.ReceivedTo.Compare(y.ReceivedTo) })
	for _, b := range gone {
		o := g.life.o
		tooOld, tooMuch := o.RetainAge > 0 && now.Sub(b.ReceivedTo) > o.RetainAge, o.RetainBytes > 0 && total > o.RetainBytes
		if !tooOld && !tooMuch {
			return fmt.Errorf("block %s, received until %v, is dropped at %v with %d bytes", b.ID, b.ReceivedTo, now, total)
		}
		total -= b.Bytes()
		to.expired += b.Spans
		to.expiredLogs += b.Logs
		until := &to.expiredTo
		if b.Kind == block.Logs {
			until = &to.expiredLogsTo
		}
		if b.ReceivedTo.After(*until) {
			*until = b.ReceivedTo
		}
	}
	return nil
}

// strays looks for objects that nothing refers to.
func (g *ledger) strays() error {
	manifests, now := 0, g.now()
	for info, err := range g.life.cloud.mem.List(context.Background(), "", "") {
		if err != nil {
			return err
		}
		if _, id, ok := blockOf(info.Key); !ok {
			manifests++
		} else if !g.live(id) {
			return fmt.Errorf("%s is of no live block", info.Key)
		}
	}
	if manifests > keepManifests {
		return fmt.Errorf("%d manifests are kept at number %d", manifests, now.Number)
	}
	return nil
}

// audit looks at a store that has come to rest.
func (g *ledger) audit(s *Store) error {
	ctx, l, now := context.Background(), g.life, g.now()
	for _, b := range now.all() {
		if err := block.Verify(ctx, l.cloud.mem, b); err != nil {
			return err
		}
		if own, err := block.ReadMeta(ctx, l.cloud.mem, b.Kind, b.ID); err != nil || fmt.Sprint(own) != fmt.Sprint(b) {
			return fmt.Errorf("the block says %+v of itself, %v, the manifest %+v", own, err, b)
		}
	}
	if !l.flipped { // what has wrong bits is not merged, and stands in the way
		for _, list := range now.lists() {
			if err := falling(*list, l.o.MergeWeight); err != nil {
				return err
			}
		}
	}
	if mine := s.current().manifest.Commit; mine != now.Commit {
		return fmt.Errorf("the store reads manifest %d, %d counts", s.current().manifest.Number, now.Number)
	}
	m, damaged, err := loadManifest(ctx, l.cloud.mem)
	if err != nil || len(damaged) > 0 || m.Commit != now.Commit {
		return fmt.Errorf("manifest %d is loaded, %v %v; %d counts", m.Number, damaged, err, now.Number)
	}
	return nil
}

// falling checks that levels fall from block to block. Those that are done stand
// where they stand.
func falling(blocks []block.Meta, most int64) error {
	level := 1 << 30
	for i := range blocks {
		if weight(&blocks[i]) > most/2 {
			level = 1 << 30
			continue
		}
		if blocks[i].Level > level {
			return fmt.Errorf("block %s is of level %d and follows level %d", blocks[i].ID, blocks[i].Level, level)
		}
		level = blocks[i].Level
	}
	return nil
}
