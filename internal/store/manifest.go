package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/block"
	"github.com/everspan/everspan/internal/bucket"
)

// A manifest says which blocks are live and where the log goes on. It is an
// object "manifest/<number>" that is created if absent: two writers can never
// both win a number. The newest one counts. It is one line of JSON and one line
// with the xxhash64 of the first in hexadecimal.
type manifest struct {
	Format int    `json:"format"`
	Number uint64 `json:"number"`
	// Commit is random: a writer whose answer got lost knows its own manifest.
	Commit string `json:"commit"`
	// Log is the first log segment that is not in a block.
	Log    uint64       `json:"log"`
	Blocks []block.Meta `json:"blocks"`
	// Logs are the blocks of log records.
	Logs []block.Meta `json:"logs,omitempty"`
}

// lists are the blocks by kind, which live side by side: each in the order in which its
// content was received.
func (m *manifest) lists() map[string]*[]block.Meta {
	return map[string]*[]block.Meta{"": &m.Blocks, block.Logs: &m.Logs}
}

// add puts a block behind those of its kind.
func (m *manifest) add(b block.Meta) {
	list := m.lists()[b.Kind]
	*list = append(*list, b)
}

// all returns the blocks of all kinds.
func (m *manifest) all() []block.Meta { return slices.Concat(m.Blocks, m.Logs) }

const (
	manifestFormat = 1
	manifestPrefix = "manifest/"
	// maxManifest bounds what is read for one: some 100,000 blocks.
	maxManifest = 256 << 20
	// keepManifests is how many old ones stay, for a reader that has just listed
	// them and for a look back.
	keepManifests = 8
)

var errManifest = errors.New("damaged manifest")

func manifestKey(n uint64) string { return fmt.Sprintf("%s%020d", manifestPrefix, n) }

func (m manifest) encode() []byte {
	line, err := json.Marshal(m)
	if err != nil {
		panic(err) // plain fields only
	}
	return fmt.Appendf(append(line, '\n'), "%016x\n", xxhash.Sum64(line))
}

func decodeManifest(raw []byte) (manifest, error) {
	line, sum, ok := bytes.Cut(raw, []byte("\n"))
	if !ok || string(sum) != fmt.Sprintf("%016x\n", xxhash.Sum64(line)) {
		return manifest{}, fmt.Errorf("%w: checksum mismatch", errManifest)
	}
	var m manifest
	if err := json.Unmarshal(line, &m); err != nil {
		return manifest{}, fmt.Errorf("%w: %w", errManifest, err)
	}
	if m.Format != manifestFormat {
		return manifest{}, fmt.Errorf("manifest format %d, this build reads %d: start a newer everspan", m.Format, manifestFormat)
	}
	return m, nil
}

// loadManifest returns the newest manifest that is whole, and those newer ones
// that are not. A store without any gets the zero manifest.
func loadManifest(ctx context.Context, bkt bucket.Bucket) (manifest, []string, error) {
	var keys []string
	for info, err := range bkt.List(ctx, manifestPrefix, "") {
		if err != nil {
			return manifest{}, nil, fmt.Errorf("list manifests: %w", err)
		}
		keys = append(keys, info.Key)
	}
	var damaged []string
	for _, key := range slices.Backward(keys) {
		m, err := readManifest(ctx, bkt, key)
		if errors.Is(err, errManifest) {
			damaged = append(damaged, key)
			continue
		}
		return m, damaged, err
	}
	return manifest{Format: manifestFormat}, damaged, nil
}

// readManifest reads one manifest. It believes that one is damaged when it has
// read it twice: the way from the disk may have wrong bits, too, and what a damaged
// manifest says is lost.
func readManifest(ctx context.Context, bkt bucket.Bucket, key string) (m manifest, err error) {
	for range 2 {
		var raw []byte
		if raw, err = bucket.ReadAll(ctx, bkt, key, maxManifest); err == nil {
			m, err = decodeManifest(raw)
		}
		if !errors.Is(err, errManifest) {
			break
		}
	}
	if err != nil {
		return manifest{}, fmt.Errorf("read %s: %w", key, err)
	}
	return m, nil
}

// confirm makes a manifest last that was read. The call that created it may have failed
// after all was done but that, and a power cut would take it when the log that it stands for
// is already cut. A bucket says that an object exists only when it can't vanish any more.
func confirm(ctx context.Context, bkt bucket.Bucket, m manifest) error {
	if m.Number == 0 {
		return nil
	}
	_, err := bkt.Create(ctx, manifestKey(m.Number), bytes.NewReader(m.encode()))
	if err != nil && !errors.Is(err, bucket.ErrExists) {
		return fmt.Errorf("make manifest %d last: %w", m.Number, err)
	}
	return nil
}

// errUnsure marks errors after which a manifest may have been published or not.
var errUnsure = errors.New("the manifest may have been published")

// newCommit names a commit.
func newCommit() string {
	id := make([]byte, 8)
	rand.Read(id)
	return hex.EncodeToString(id)
}

// commit publishes what change makes of the newest manifest, and returns it. It
// starts over when another writer was faster. After an error that wraps errUnsure
// it may be called again with the same id, which publishes at most once.
func commit(ctx context.Context, bkt bucket.Bucket, id string, from manifest, change func(*manifest) error) (manifest, error) {
	for {
		next := from
		next.Blocks, next.Logs = slices.Clone(from.Blocks), slices.Clone(from.Logs)
		next.Format, next.Number, next.Commit = manifestFormat, from.Number+1, id
		if err := change(&next); err != nil {
			return manifest{}, err
		}
		_, err := bkt.Create(ctx, manifestKey(next.Number), bytes.NewReader(next.encode()))
		if err == nil {
			return next, nil
		}
		if !errors.Is(err, bucket.ErrExists) {
			return manifest{}, fmt.Errorf("%w: create manifest %d: %w", errUnsure, next.Number, err)
		}
		switch other, err := readManifest(ctx, bkt, manifestKey(next.Number)); {
		case errors.Is(err, errManifest):
			from.Number++ // leave the number to the damage and take the next
		case err != nil:
			return manifest{}, fmt.Errorf("%w: %w", errUnsure, err)
		case other.Commit == next.Commit:
			return other, nil // our own, whose answer got lost
		default:
			from = other
		}
	}
}

// pruneManifests deletes old manifests; that it may fail does no harm.
func pruneManifests(ctx context.Context, bkt bucket.Bucket, newest uint64) {
	for info, err := range bkt.List(ctx, manifestPrefix, "") {
		if err != nil {
			return
		}
		n, err := strconv.ParseUint(strings.TrimPrefix(info.Key, manifestPrefix), 10, 64)
		if err != nil || n+keepManifests > newest {
			return
		}
		if bkt.Delete(ctx, info.Key) != nil {
			return
		}
	}
}

// strayBlock is a block that no manifest names. It is complete if it has its
// description, which is written last.
type strayBlock struct {
	kind, id string
	complete bool
}

// strayBlocks lists the blocks in the bucket that m does not name.
func strayBlocks(ctx context.Context, bkt bucket.Bucket, m manifest) ([]strayBlock, error) {
	live := make(map[string]bool)
	for _, b := range m.all() {
		live[b.ID] = true
	}
	var stray []strayBlock
	for _, kind := range []string{"", block.Logs} {
		for info, err := range bkt.List(ctx, block.Prefixes[kind], "") {
			if err != nil {
				return nil, fmt.Errorf("list blocks: %w", err)
			}
			id, file, _ := strings.Cut(strings.TrimPrefix(info.Key, block.Prefixes[kind]), "/")
			if live[id] {
				continue
			}
			if n := len(stray); n == 0 || stray[n-1].id != id {
				stray = append(stray, strayBlock{kind: kind, id: id})
			}
			stray[len(stray)-1].complete = stray[len(stray)-1].complete || file == block.MetaFile
		}
	}
	return stray, nil
}
