package wal_test

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/everspan/everspan/internal/wal"
)

// BenchmarkAppend appends records of 40 KB, which is about 1,000 spans
// compressed, from goroutines that wait for each to be durable.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct {
		name      string
		appenders int
	}{{"1", 1}, {"4", 4}, {"64", 64}} {
		b.Run(c.name, func(b *testing.B) {
			rec := make([]byte, 40<<10)
			rand.NewChaCha8([32]byte{}).Read(rec)
			l := open(b, b.TempDir(), wal.Options{})
			b.SetBytes(int64(len(rec)))
			var left atomic.Int64
			left.Store(int64(b.N))
			done := make(chan error)
			b.ReportAllocs()
			b.ResetTimer()
			for range c.appenders {
				go func() {
					for left.Add(-1) >= 0 {
						ticket, err := l.Append(rec[:8], rec[8:])
						if err == nil {
							err = ticket.Wait(b.Context())
						}
						if err != nil {
							done <- err
							return
						}
					}
					done <- nil
				}()
			}
			for range c.appenders {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			s := l.Stats()
			b.ReportMetric(float64(s.Syncs), "fsyncs")
			b.ReportMetric(float64(s.Records)/float64(s.Syncs), "records/fsync")
		})
	}
}

// BenchmarkReplay reads 64 MiB of such records.
func BenchmarkReplay(b *testing.B) {
	dir := b.TempDir()
	l := open(b, dir, wal.Options{})
	rec := make([]byte, 40<<10)
	var last wal.Ticket
	for range 1600 {
		var err error
		if last, err = l.Append(rec); err != nil {
			b.Fatal(err)
		}
	}
	if err := last.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	l.Close()
	l = open(b, dir, wal.Options{})
	b.SetBytes(1600 * 40 << 10)
	for b.Loop() {
		if rep, err := l.Replay(b.Context(), 0, func(uint64, []byte) error { return nil }); err != nil || rep.Records != 1600 {
			b.Fatal(rep, err)
		}
	}
}
