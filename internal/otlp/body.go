package otlp

import (
	"io"
	"slices"
	"sync"
)

// buffers recycles the memory of payloads. A buffer past maxPooled is left to
// the collector, so that one giant does not stay forever.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

const (
	minBuffer = 64 << 10 // most batches of an SDK fit
	maxPooled = 4 << 20  // eight times a collector's usual batch
)

// getBuffer returns an empty buffer with room for size bytes.
func getBuffer(size int64) *[]byte {
	b := buffers.Get().(*[]byte)
	*b = slices.Grow((*b)[:0], int(max(size, minBuffer)))
	return b
}

func putBuffer(b *[]byte) {
	if b != nil && cap(*b) <= maxPooled {
		buffers.Put(b)
	}
}

// readBody appends everything that r yields to dst. Each piece is held by the
// lease as it arrives; more than MaxBody bytes are refused as soon as they are
// seen, whatever was announced.
func (l *lease) readBody(dst []byte, r io.Reader) ([]byte, error) {
	limit := l.r.o.MaxBody
	for {
		if len(dst) == cap(dst) {
			// Doubling, and never more than one byte past the limit: that
			// byte tells a request that is too large.
			dst = slices.Grow(dst, int(max(min(int64(len(dst)), limit+1-int64(len(dst))), 1)))
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if int64(len(dst)) > limit {
			return dst, l.r.tooLarge(limit)
		}
		if err := l.hold(n); err != nil {
			return dst, err
		}
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
}
