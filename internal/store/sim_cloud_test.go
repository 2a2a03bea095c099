package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/bucket"
)

var (
	errFault = errors.New("injected fault")
	errDead  = errors.New("the process is dead")
)

// faults are probabilities for each call.
type faults struct {
	before, after float64 // it fails, without or with its effect
	short, flip   float64 // a read ends early, or what is read or written has a wrong bit
	slow, stall   float64 // it takes up to two seconds, or 30
	disk          float64 // a call of the log's file system fails
}

// cloud is a bucket that survives crashes. All chance comes from the seed and
// from what is called how often, not from the order of calls, and every call
// takes a virtual time of its own: so what runs side by side is woken one by
// one, and a seed gives the same life again.
type cloud struct {
	life *life
	mem  *bucket.Memory

	mu         sync.Mutex
	faults     faults
	injected   int
	calls      map[string]uint64 // by what was called
	ids        map[string]int    // of blocks, in the order in which they came
	unsure     map[string]bool   // objects that are there, but nobody was told so
	deleted    map[string][]byte // a power cut may bring them back
	crashIn    int               // calls until the next crash; 0 is none
	crashOn    string            // a call that begins so crashes, before or after its effect
	crashFirst bool
	crashes    uint64
	flipped    string // the object that was read wrong last
}

func newCloud(l *life) *cloud {
	return &cloud{life: l, mem: bucket.NewMemory(), calls: make(map[string]uint64), ids: make(map[string]int),
		unsure: make(map[string]bool), deleted: make(map[string][]byte)}
}

// chance is what is drawn for one call.
type chance struct {
	before, after, short, flip, disk bool

	fatal        bool          // the process dies of it, after its effect
	wait, linger time.Duration // before and after the effect
	rng          *rand.Rand
}

// draw draws for a call of a process, which may die of it.
func (c *cloud) draw(p *process, op, key string) (chance, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.dead {
		return chance{}, errDead
	}
	if c.crashIn > 0 {
		if c.crashIn--; c.crashIn == 0 {
			c.crash()
			return chance{}, errDead
		}
	}
	fatal := c.crashOn != "" && strings.HasPrefix(op+" "+key, c.crashOn)
	if fatal && c.crashFirst {
		c.crash()
		return chance{}, errDead
	}
	if id, file, ok := strings.Cut(strings.TrimPrefix(key, "blocks/"), "/"); ok && strings.HasPrefix(key, "blocks/") {
		if _, known := c.ids[id]; !known {
			c.ids[id] = len(c.ids)
		}
		key = fmt.Sprint(c.ids[id], file) // the id has a random part
	}
	what := op + " " + key
	c.calls[what]++
	rng := rand.New(rand.NewPCG(c.life.seed^c.calls[what]<<40, xxhash.Sum64String(what)))
	hit := func(p float64) bool { return rng.Float64() < p }
	f := c.faults
	switch { // what is rare has its share, too
	case op == "create" && strings.HasPrefix(key, manifestPrefix):
		f.after *= 5
	case op == "create":
		f.flip *= 10
	case strings.HasPrefix(key, manifestPrefix):
		f.flip *= 20
	}
	d := chance{before: hit(f.before), after: hit(f.after), short: hit(f.short), flip: hit(f.flip), disk: hit(f.disk), fatal: fatal, rng: rng}
	most := 100 * time.Microsecond
	if hit(f.slow) {
		most = 2 * time.Second
	}
	if hit(f.stall) {
		most = 30 * time.Second
	}
	d.wait, d.linger = time.Duration(rng.Int64N(int64(most))), time.Duration(rng.Int64N(int64(most)))
	return d, nil
}

// effect runs do at the moment at which a call takes effect, if it does.
func (c *cloud) effect(p *process, do func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.dead {
		return errDead
	}
	return do()
}

func (c *cloud) gone(p *process) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return p.dead
}

func (c *cloud) fault(op, key, how string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.injected++
	return fmt.Errorf("%s %s: %w: %s", op, key, errFault, how)
}

// crash kills the running process and cuts the power. The caller holds mu.
func (c *cloud) crash() {
	l := c.life
	p := l.running
	if p == nil || p.dead {
		return
	}
	p.dead = true
	l.disk = l.disk.Crash()
	c.crashes++
	c.crashIn, c.crashOn = 0, ""
	rng := rand.New(rand.NewPCG(l.seed, c.crashes))
	for _, key := range sortedKeys(c.unsure) {
		if rng.IntN(2) == 0 {
			c.mem.Delete(context.Background(), key)
			l.ledger.vanished(key)
		}
	}
	for _, key := range sortedKeys(c.deleted) {
		if rng.IntN(4) == 0 {
			c.mem.Create(context.Background(), key, bytes.NewReader(c.deleted[key]))
		}
	}
	clear(c.unsure)
	clear(c.deleted)
	l.note("crash")
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// connection is the cloud as one process sees it.
type connection struct {
	*cloud
	p *process
}

func pass(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// call is a call from end to end.
func (c connection) call(ctx context.Context, op, key string, do func(chance) error) error {
	d, err := c.draw(c.p, op, key)
	if err != nil {
		return err
	}
	if err := pass(ctx, d.wait); err != nil {
		return err
	}
	if c.gone(c.p) {
		return errDead
	}
	if d.before {
		return c.fault(op, key, "nothing done")
	}
	if err = do(d); errors.Is(err, errDead) {
		return err
	}
	if d.fatal {
		c.mu.Lock()
		c.crash()
		c.mu.Unlock()
	}
	if err := pass(ctx, d.linger); err != nil {
		return err
	}
	if c.gone(c.p) {
		return errDead
	}
	if d.after {
		return c.fault(op, key, "answer lost")
	}
	return err
}

func (c connection) Create(ctx context.Context, key string, r io.Reader) (n int64, err error) {
	err = c.call(ctx, "create", key, func(d chance) error {
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if name := key[strings.LastIndexByte(key, '/')+1:]; d.flip && len(data) > 0 && strings.HasPrefix(key, "blocks/") && name != block.MetaFile {
			c.fault("create", key, "a bit flipped")
			// In the index, the footer or the filter: the headers of pages have no
			// checksum, and block.Verify does not see all that is wrong with them.
			data[len(data)-1-d.rng.IntN(min(len(data), 64))] ^= 1 << d.rng.IntN(8)
		}
		return c.effect(c.p, func() error {
			n, err = c.mem.Create(ctx, key, bytes.NewReader(data))
			if err == nil {
				c.unsure[key] = true
				delete(c.deleted, key)
				c.life.ledger.created(key, data)
			}
			return err
		})
	})
	if err == nil || errors.Is(err, bucket.ErrExists) {
		c.mu.Lock()
		delete(c.unsure, key)
		c.mu.Unlock()
	}
	return n, err
}

func (c connection) ReadAt(ctx context.Context, key string, p []byte, off int64) error {
	return c.call(ctx, fmt.Sprint("read ", off), key, func(d chance) error {
		if d.short {
			c.mem.ReadAt(ctx, key, p[:len(p)/2], off)
			return fmt.Errorf("%w: %w", c.fault("read", key, "cut short"), io.ErrUnexpectedEOF)
		}
		err := c.mem.ReadAt(ctx, key, p, off)
		if d.flip = d.flip && c.flips(key); err == nil && d.flip && len(p) > 0 {
			c.fault("read", key, "a bit flipped")
			p[d.rng.IntN(len(p))] ^= 1 << d.rng.IntN(8)
		}
		c.life.ledger.read(key, err)
		return err
	})
}

// flips reports whether a bit of an object may be flipped: of a manifest not
// twice in a row, for wrong are the reads and not the disk.
func (c connection) flips(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	may := c.flipped != key || !strings.HasPrefix(key, manifestPrefix)
	c.flipped = key
	if !may {
		c.flipped = ""
	}
	return may
}

func (c connection) Stat(ctx context.Context, key string) (info bucket.Info, err error) {
	err = c.call(ctx, "stat", key, func(chance) error {
		var err error
		info, err = c.mem.Stat(ctx, key)
		c.life.ledger.read(key, err)
		return err
	})
	return info, err
}

func (c connection) List(ctx context.Context, prefix, after string) iter.Seq2[bucket.Info, error] {
	return func(yield func(bucket.Info, error) bool) {
		var all []bucket.Info
		err := c.call(ctx, "list", prefix, func(chance) error {
			for info, err := range c.mem.List(ctx, prefix, after) {
				if err != nil {
					return err
				}
				all = append(all, info)
			}
			return nil
		})
		if err != nil { // in the middle
			all = all[:len(all)/2]
		}
		for _, info := range all {
			if !yield(info, nil) {
				return
			}
		}
		if err != nil {
			yield(bucket.Info{}, err)
		}
	}
}

func (c connection) Delete(ctx context.Context, key string) error {
	return c.call(ctx, "delete", key, func(chance) error {
		return c.effect(c.p, func() error {
			if data, err := bucket.ReadAll(ctx, c.mem, key, 1<<30); err == nil && !c.unsure[key] {
				c.deleted[key] = data
			}
			delete(c.unsure, key)
			c.life.ledger.deleted(key)
			return c.mem.Delete(ctx, key)
		})
	})
}
