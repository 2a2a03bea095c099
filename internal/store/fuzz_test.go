package store

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/everspan/everspan/internal/block"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// FuzzManifest decodes manifests whose checksum is right, whatever else is not.
func FuzzManifest(f *testing.F) {
	for _, m := range []manifest{
		{Format: manifestFormat},
		{Format: manifestFormat, Number: 7, Commit: "ab", Log: 3, Blocks: []block.Meta{{ID: "x", Format: 1, Files: map[string]block.File{"a": {Bytes: 1, Index: 2, Sum: 3}}}}},
		{Format: manifestFormat + 1},
	} {
		line, _, _ := bytes.Cut(m.encode(), []byte("\n"))
		f.Add(line, true)
		f.Add(m.encode(), false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, sum bool) {
		if sum {
			raw = fmt.Appendf(append(bytes.Clone(raw), '\n'), "%016x\n", xxhash.Sum64(raw))
		}
		m, err := decodeManifest(raw)
		if err != nil {
			return
		}
		again, err := decodeManifest(m.encode())
		if err != nil {
			t.Fatalf("written again: %v", err)
		}
		if diff := cmp.Diff(m, again); diff != "" {
			t.Fatalf("written again (-first +second):\n%s", diff)
		}
	})
}

// pack makes a log record.
func pack(t testing.TB, how byte, payload []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	b.Write([]byte{recordTraces, how})
	switch how {
	case packedNot:
		b.Write(payload)
	case packedGzip:
		w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
		w.Write(payload)
		w.Close()
	case packedZstd:
		w, err := zstd.NewWriter(&b, zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			t.Fatal(err)
		}
		w.Write(payload)
		w.Close()
	case packedS2:
		b.Write(s2.Encode(nil, payload))
	}
	return b.Bytes()
}

func FuzzUnpackRecord(f *testing.F) {
	payload := []byte("some bytes, some bytes, some bytes, some bytes")
	for how := range byte(5) {
		f.Add(pack(f, how, payload))
	}
	f.Add([]byte{recordTraces, packedS2, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, rec []byte) {
		_, raw, err := unpackRecord(rec)
		if err != nil && raw != nil || len(raw) > maxPayload {
			t.Fatalf("%d bytes, %v", len(raw), err)
		}
	})
}

// TestRecordBombs unpacks records that would fill the memory.
func TestRecordBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("packs 300 MiB")
	}
	for how, want := range map[byte]error{packedGzip: errUnpacked, packedZstd: zstd.ErrDecoderSizeExceeded, packedS2: errUnpacked} {
		if _, raw, err := unpackRecord(pack(t, how, make([]byte, 300<<20))); !errors.Is(err, want) {
			t.Errorf("packing %d: %d bytes, %v", how, len(raw), err)
		}
	}
}
