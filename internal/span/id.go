package span

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// TraceID identifies a trace; all zeroes is invalid.
type TraceID [16]byte

// ID identifies a span within its trace; all zeroes means none.
type ID [8]byte

// ErrBadID is returned for text that is no trace or span id.
var ErrBadID = errors.New("bad id")

// IsZero reports whether the id is the invalid, all-zero one.
func (id TraceID) IsZero() bool { return id == TraceID{} }

// IsZero reports whether the id is the all-zero one, which means none.
func (id ID) IsZero() bool { return id == ID{} }

// String gives 32 lower-case hexadecimal digits.
func (id TraceID) String() string { return hex.EncodeToString(id[:]) }

// String gives 16 lower-case hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseTraceID reads 1 to 32 hexadecimal digits of either case; a shorter id
// is padded with zeroes on the left, as Jaeger and Zipkin write 64-bit ids.
// Dashes are tolerated, as in a UUID. Errors wrap [ErrBadID].
func ParseTraceID(s string) (TraceID, error) {
	var id TraceID
	if err := parseHex(id[:], s); err != nil {
		return TraceID{}, fmt.Errorf("trace id %.64q: %w", s, err)
	}
	return id, nil
}

// ParseID reads 1 to 16 hexadecimal digits; shorter ids are padded with zeroes
// on the left. Errors wrap [ErrBadID].
func ParseID(s string) (ID, error) {
	var id ID
	if err := parseHex(id[:], s); err != nil {
		return ID{}, fmt.Errorf("span id %.64q: %w", s, err)
	}
	return id, nil
}

// parseHex fills dst from the right with the digits of s and refuses an
// all-zero result.
func parseHex(dst []byte, s string) error {
	nibble := 2*len(dst) - 1
	var any byte
	for i := len(s) - 1; i >= 0; i-- {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		case c == '-' && len(s) > 2*len(dst):
			continue
		default:
			return fmt.Errorf("%w: %q is not a hexadecimal digit", ErrBadID, s[i])
		}
		if nibble < 0 {
			return fmt.Errorf("%w: more than %d hexadecimal digits", ErrBadID, 2*len(dst))
		}
		dst[nibble/2] |= c << (4 * (1 - nibble%2))
		any |= c
		nibble--
	}
	if any == 0 {
		return fmt.Errorf("%w: empty or all zeroes", ErrBadID)
	}
	return nil
}

// Kind is a span's kind, with OTLP's numbers.
type Kind uint8

// The span kinds of OpenTelemetry.
const (
	KindUnspecified Kind = iota
	KindInternal
	KindServer
	KindClient
	KindProducer
	KindConsumer
)

var kindNames = [...]string{"unspecified", "internal", "server", "client", "producer", "consumer"}

// String gives the kind's lower-case name, as TraceQL writes it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[0]
}

// ParseKind is the inverse of [Kind.String]; unknown names are unspecified.
func ParseKind(name string) Kind { return Kind(max(0, slices.Index(kindNames[:], name))) }

// Status is a span's status code, with OTLP's numbers.
type Status uint8

// The status codes of OpenTelemetry.
const (
	StatusUnset Status = iota
	StatusOK
	StatusError
)

var statusNames = [...]string{"unset", "ok", "error"}

// String gives the status's lower-case name, as TraceQL writes it.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return statusNames[0]
}

// ParseStatus is the inverse of [Status.String]; unknown names are unset.
func ParseStatus(name string) Status { return Status(max(0, slices.Index(statusNames[:], name))) }
