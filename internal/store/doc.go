// Package store keeps spans and log records: it is the way from an acknowledged payload to
// an immutable block, and back to a trace.
//
//	AppendTraces, AppendLogs ─▶ log (fsync) ─▶ ack
//	      │
//	      ▼
//	    head ──flush: size or age──▶ block ──▶ manifest n+1 ──▶ log is cut
//
// The head is the newest spans as columns in memory, readable at once. It is
// never the truth: a restart rebuilds it from the log. A flush draws a line
// through the log, writes everything before it as one block, names that block
// and the line in the next manifest, and only then deletes the log before the
// line. Whatever instant the process dies at, every acknowledged span is in the
// log behind the newest manifest's line or in a block that it names, and never
// in both.
//
// Spans and log records share the log, the heads and the manifests, and have blocks of
// their own: a flush writes one of each kind and publishes both at once.
//
// Blocks are merged in the background, sixteen neighbours of a level into one of
// the next, and deleted by age and by size. A reader holds the snapshot of one
// manifest, and nothing that it names is deleted under it.
//
// Reading takes the heads and the blocks of one moment together. Spans that a
// sender repeated after a lost answer are dropped by their key (span.Key); log records have
// none, and one that was repeated is there twice.
package store
