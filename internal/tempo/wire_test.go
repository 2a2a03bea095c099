package tempo

import "testing"

// FuzzWire reads any bytes as each of the requests; what they become is asked within
// bounds.
func FuzzWire(f *testing.F) {
	f.Add([]byte("\x42\x03{ }\x20\x14"))
	f.Add([]byte("\x0a\x06\x0a\x01a\x12\x01b"))
	f.Add([]byte("\x0a\x09.http.url\x12\x02{}"))
	f.Add([]byte{0xff})
	f.Fuzz(func(t *testing.T, message []byte) {
		if r, err := DecodeSearch(message); err == nil {
			if q, err := r.Search(); err == nil && (q.Limit < 1 || q.Limit > maxLimit || q.SpansPerSet > maxSpans || len(r.Tags) > maxTags) {
				t.Fatalf("%q: %+v", message, q)
			}
		}
		if r, err := DecodeNames(message); err == nil {
			r.Names()
		}
		if r, err := DecodeValues(message); err == nil {
			r.Values(true)
		}
	})
}
