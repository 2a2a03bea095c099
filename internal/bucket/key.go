package bucket

import (
	"fmt"
	"strings"
)

const (
	// maxKey is half of what S3 allows (1,024 bytes), which leaves room for a
	// prefix that a wrapper puts before the key.
	maxKey = 512
	// maxSegment is what common file systems allow for one name.
	maxSegment = 255
)

// ValidKey reports whether key may name an object: 1 to 512 bytes, segments of 1
// to 255 of the characters a-z, 0-9, '.', '_' and '-', separated by '/'. A
// segment neither starts nor ends with a dot: so there is no "." and no "..",
// hidden names are free for the store's own use, and no two keys are the same
// file on Windows, which drops trailing dots.
func ValidKey(key string) bool {
	if len(key) == 0 || len(key) > maxKey {
		return false
	}
	for more := true; more; {
		var seg string
		seg, key, more = strings.Cut(key, "/")
		if !validSegment(seg) {
			return false
		}
	}
	return true
}

func validSegment(s string) bool {
	if len(s) == 0 || len(s) > maxSegment || s[0] == '.' || s[len(s)-1] == '.' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

// validPrefix reports whether some valid key starts with (or is) p.
func validPrefix(p string) bool {
	return p == "" || ValidKey(p) || ValidKey(p+"x")
}

func checkKey(key string) error {
	if !ValidKey(key) {
		return badKey(key)
	}
	return nil
}

// badKey quotes no more of a hostile key than a log line can bear.
func badKey(key string) error {
	if len(key) > 64 {
		return fmt.Errorf("%w: %q… of %d bytes", ErrBadKey, key[:64], len(key))
	}
	return fmt.Errorf("%w: %q", ErrBadKey, key)
}
