// Package bucket is a small object store: a flat namespace of immutable
// objects. Nothing is ever overwritten, and creating what does not exist yet is
// the one operation that everything above (manifests, blocks, a log in an
// object store) builds its agreement on.
//
// [Dir] keeps objects in a local directory, [Memory] in memory. Both pass the
// suite in bucket/buckettest, and every later implementation has to.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
)

// The errors that callers branch on. They may come wrapped.
var (
	// ErrExists says that Create found the key taken.
	ErrExists = errors.New("object exists")
	// ErrNotFound says that there is no object under the key.
	ErrNotFound = errors.New("object not found")
	// ErrBadKey says that the key is not a [ValidKey], or that it is at the same
	// time an object and another object's folder.
	ErrBadKey = errors.New("bad object key")
)

// Info describes one object.
type Info struct {
	Key     string
	Size    int64     // bytes
	ModTime time.Time // when it was created, by the store's own clock
}

// Bucket is a flat namespace of immutable objects. All methods may be called
// from many goroutines, and by many processes where the store allows that.
//
// Keys are those for which [ValidKey] holds; every method refuses others with
// ErrBadKey. A key must not be the folder of another one ("a" beside "a/b"):
// object stores allow it and directories cannot, so callers don't.
//
// Which errors may be retried: ErrExists, ErrNotFound and ErrBadKey are final,
// as is io.ErrUnexpectedEOF from ReadAt. Anything else may be retried. When
// Create fails with anything but ErrExists or ErrBadKey its outcome is unknown:
// the object may exist now or (from a request that is still under way) soon.
// Whoever retries may so be told ErrExists by its own object, and has to look at
// what is there before it takes itself for the loser. A key or a content that
// names the writer makes that easy.
type Bucket interface {
	// Create stores a new object of all that r yields and returns its size. The
	// object is durable when Create returns nil, and also when it returns
	// ErrExists, in which case nothing has changed. It is all or nothing: no
	// reader ever sees part of an object, and if r fails nothing is stored.
	Create(ctx context.Context, key string, r io.Reader) (size int64, err error)

	// ReadAt fills p from the object's bytes at off. It is io.ErrUnexpectedEOF
	// when the object ends before off+len(p), and ErrNotFound when there is no
	// object. After an error the content of p is undefined. An empty p asks
	// whether the object exists.
	ReadAt(ctx context.Context, key string, p []byte, off int64) error

	// Stat describes one object, or says ErrNotFound.
	Stat(ctx context.Context, key string) (Info, error)

	// List yields the objects whose key starts with prefix and is greater than
	// after, in the order of their keys' bytes. A prefix need not end at a slash;
	// after may be any string. An error is yielded once and ends the sequence.
	// Every object that exists for the whole time of the listing is in it once;
	// one that is created or deleted meanwhile may or may not be.
	List(ctx context.Context, prefix, after string) iter.Seq2[Info, error]

	// Delete removes an object. Deleting what is not there is no error. It need
	// not be durable: after a power cut the object may be back.
	Delete(ctx context.Context, key string) error
}

// ReadAll reads a whole object, refusing one of more than max bytes before any
// memory is taken for it. Errors are those of Stat and ReadAt.
func ReadAll(ctx context.Context, b Bucket, key string, max int64) ([]byte, error) {
	info, err := b.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	if info.Size > max {
		return nil, fmt.Errorf("read %s: object of %d bytes is over the limit of %d", key, info.Size, max)
	}
	p := make([]byte, info.Size)
	if err := b.ReadAt(ctx, key, p, 0); err != nil {
		return nil, err
	}
	return p, nil
}
