package otlp

import (
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is how far back a zstd frame may refer, which is what a decoder has
// to keep in memory before it has seen any content: the most that RFC 9659 lets
// senders use over HTTP, and enough for level 19 of the reference encoder.
const maxWindow = 8 << 20

// turns bounds the decompressions at work. More than there are processors would
// be no faster, and each holds a window. A turn is never kept while waiting for
// a network: what is decompressed is in memory.
var turns = make(chan struct{}, runtime.GOMAXPROCS(0))

var inflaters = [...]sync.Pool{
	Gzip: {New: func() any { return &gzipReader{} }},
	Zstd: {New: func() any {
		d, err := zstd.NewReader(nil,
			zstd.WithDecoderConcurrency(1), // no goroutines
			zstd.WithDecoderMaxWindow(maxWindow),
			zstd.WithDecoderLowmem(true),
			zstd.WithDecodeBuffersBelow(0)) // it would decode small bodies whole, without a bound
		if err != nil {
			panic(err) // the options are constants
		}
		return &zstdReader{d}
	}},
}

type inflater interface {
	io.Reader
	Reset(io.Reader) error
}

type gzipReader struct{ gzip.Reader }

type zstdReader struct{ *zstd.Decoder }

// inflate returns a reader of what r decompresses to. It must be closed.
func inflate(e Encoding, r io.Reader) (io.ReadCloser, error) {
	turns <- struct{}{}
	z := &inflating{inflaters[e].Get().(inflater), e}
	if err := z.Reset(r); err != nil {
		_ = z.Close()
		if errors.Is(err, io.EOF) { // it must not look like the end of the content
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return z, nil
}

type inflating struct {
	inflater
	encoding Encoding
}

// Close gives the decoder back.
func (z *inflating) Close() error {
	if d, ok := z.inflater.(*zstdReader); ok {
		_ = d.Reset(nil) // lets go of the input
	}
	inflaters[z.encoding].Put(z.inflater)
	z.inflater = nil
	<-turns
	return nil
}
