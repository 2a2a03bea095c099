package wal

import "fmt"

// Kind says what damage looks like.
type Kind uint8

// The kinds of damage. The first three are tails: no good record follows them in
// their segment. What a crash leaves is nearly always Torn or Zeroes.
const (
	Torn      Kind = iota + 1 // a record that was not written to its end, or nothing known
	Zeroes                    // nothing but zero bytes
	Flipped                   // one last record, whole in length but with wrong bytes
	Corrupt                   // in the middle: good records follow, and were served
	Header                    // of the segment; its records were served
	Misplaced                 // the header is another segment's; nothing of the file was served
)

func (k Kind) String() string {
	switch k {
	case Torn:
		return "torn tail"
	case Zeroes:
		return "zeroes at the end"
	case Flipped:
		return "wrong bytes in the last record"
	case Corrupt:
		return "corruption in the middle"
	case Header:
		return "damaged header"
	case Misplaced:
		return "another segment's file"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Damage is a range of bytes that a replay could not make a record of.
type Damage struct {
	Segment uint64
	File    string // name in the log's directory
	Offset  int64
	Bytes   int64
	Kind    Kind
}

func (d Damage) String() string {
	return fmt.Sprintf("%s: %s: %d bytes at %d", d.File, d.Kind, d.Bytes, d.Offset)
}

// maxDamage bounds the list in a Report; a disk that is bad all over is told by
// the counts.
const maxDamage = 1000

// Report is what a replay found.
type Report struct {
	Segments int      // files read
	Records  int      // served
	Bytes    int64    // of their payloads
	Damage   []Damage // the first 1,000
	Damaged  int      // number of damaged ranges, of all
	Lost     int64    // bytes of all damaged ranges
}

func (r *Report) add(d Damage) {
	r.Damaged++
	r.Lost += d.Bytes
	if len(r.Damage) < maxDamage {
		r.Damage = append(r.Damage, d)
	}
}
