package otlp

import (
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/encoding"

	// Imported so that its registration comes before ours, which then stays
	// whoever else imports it. Ours decompresses a third faster, and at most as many
	// at once as there are processors.
	_ "google.golang.org/grpc/encoding/gzip"
)

// grpc-go keeps compressors in one table of the process, and wants them put
// there during initialisation. It reads at most MaxRecvMsgSize + 1 bytes of what
// Decompress returns; a type of the older grpc.Decompressor interface would have
// to return it all at once.
func init() {
	encoding.RegisterCompressor(&compressor{name: "gzip", encoding: Gzip, deflaters: sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic(err) // the level is a constant
		}
		return w
	}}})
	encoding.RegisterCompressor(&compressor{name: "zstd", encoding: Zstd, deflaters: sync.Pool{New: func() any {
		w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
		if err != nil {
			panic(err) // the options are constants
		}
		return w
	}}})
}

type compressor struct {
	name      string
	encoding  Encoding
	deflaters sync.Pool
}

func (c *compressor) Name() string { return c.name }

// Decompress returns a reader that grpc-go closes.
func (c *compressor) Decompress(r io.Reader) (io.Reader, error) { return inflate(c.encoding, r) }

// Compress serves clients in the same process; our own answers are too small.
func (c *compressor) Compress(w io.Writer) (io.WriteCloser, error) {
	z := c.deflaters.Get().(deflater)
	z.Reset(w)
	return &deflating{z, &c.deflaters}, nil
}

type deflater interface {
	io.WriteCloser
	Reset(io.Writer)
}

type deflating struct {
	deflater
	pool *sync.Pool
}

// Close ends the stream and gives the encoder back.
func (d *deflating) Close() error {
	err := d.deflater.Close()
	d.deflater.Reset(nil)
	d.pool.Put(d.deflater)
	return err
}
