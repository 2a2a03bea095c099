// Package wal is the record log that makes an acknowledgement true: numbered
// segment files in one local directory, appended with group commit. [Log.Append]
// costs a copy; [Ticket.Wait] returns nil once the record has been synced to the
// disk. A record whose Wait succeeded is always in a later replay. One whose Wait
// failed, or was not waited for, may or may not be.
//
// # Format
//
// A directory holds files named <number>-<salt>.wal, both as 16 hexadecimal
// digits. Numbers rise in the order of writing, with gaps. The salt is 64 random
// bits. A file is a header and then records, with nothing between them; numbers
// are little endian:
//
//	offset  size  header of a segment
//	     0     8  "EVSPNWAL"
//	     8     4  format number: 1
//	    12     4  zero
//	    16     8  segment number
//	    24     8  salt
//	    32     8  XXH64 of bytes 0 to 31
//	    40        first record
//
//	offset  size  record
//	     0     4  n, the payload's length: 0 to 256 MiB
//	     4     4  check of the place: the high half of s
//	     8     8  XXH64 of the payload with the seed s
//	    16     n  payload
//
//	s = XXH64(salt u64, segment number u64, offset of the record u64, n u32)
//
// A record therefore counts only at the place it was written to. The check of
// the place makes it cheap (one short hash for each byte) to look for the next
// good record after a bad one. The salt makes sure that what is found was written
// as a record: a sender cannot forge one inside a payload without knowing it, and
// what a disk kept of an older file never fits. It stands in the file's name too,
// so a damaged header costs nothing.
//
// # Damage
//
// A replay goes on after damage, whatever it is. When no good record follows in
// the segment, the rest of it is a tail: what a crash leaves of a group that was
// being written. When one does follow, the bytes between are corruption in the
// middle: they are skipped, and named in the [Report]. (A crash can leave that
// too, if the disk wrote the later half of an unacknowledged group first.)
// Segments after a damaged one are read like any other.
//
// # Writing
//
// One goroutine takes all that is pending, writes it at once, syncs once, and
// wakes those who wait. After a failed write or sync the file is cut to what was
// synced before and never written again, for what the system then holds of it is
// unknown; the next group goes to a new segment. So a full disk fails the records
// that meet it, and the log recovers by itself. An old segment is never appended
// to either: each Open starts a new one.
//
// One Log at a time may have a directory open; its owner sees to that.
package wal
