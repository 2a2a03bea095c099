package api

import (
	"fmt"
	"net/http"
	"runtime/metrics"
	"strings"

	"github.com/everspan/everspan/internal/otlp"
)

// metrics writes our own figures in Prometheus's text format.
// https://prometheus.io/docs/instrumenting/exposition_formats/
func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	var m exposition
	received, store, log := s.Receiver.Stats(), s.Store.Stats(), s.Log.Stats()

	m.family("everspan_requests_total", "counter", "Requests, whatever their answer.")
	eachCount(received, func(labels string, c *otlp.Counts) { m.sample(labels, c.Requests) })
	m.family("everspan_received_bytes_total", "counter", "Bytes of requests as they were sent.")
	eachCount(received, func(labels string, c *otlp.Counts) { m.sample(labels, c.WireBytes) })
	m.family("everspan_decompressed_bytes_total", "counter", "Bytes of requests, decompressed.")
	eachCount(received, func(labels string, c *otlp.Counts) { m.sample(labels, c.Bytes) })
	m.family("everspan_requests_dropped_total", "counter", "Requests of signals that are acknowledged and not stored.")
	eachCount(received, func(labels string, c *otlp.Counts) { m.sample(labels, c.Dropped) })
	m.family("everspan_requests_refused_total", "counter", "Requests that were refused.")
	eachCount(received, func(labels string, c *otlp.Counts) {
		for reason, n := range c.Refused {
			m.sample(fmt.Sprintf("%s,reason=%q", labels, otlp.Reason(reason)), n)
		}
	})
	for _, stored := range []struct {
		signal      otlp.Signal
		name, words string
	}{{otlp.Traces, "spans", "Spans"}, {otlp.Logs, "logs", "Log records"}} {
		m.received(received, stored.signal, stored.name, stored.words)
	}
	m.gauge("everspan_in_flight_bytes", "Bytes of requests being worked on.", received.InFlight)

	m.counter("everspan_log_records_total", "Records appended to the log.", log.Records)
	m.counter("everspan_log_bytes_total", "Bytes appended to the log.", log.Bytes)
	m.counter("everspan_log_fsyncs_total", "Syncs of the log to disk.", log.Syncs)
	m.counter("everspan_log_failures_total", "Groups of records that could not be made durable.", log.Failures)
	m.gauge("everspan_log_segments", "Segments of the log that are not in blocks yet.", int64(log.Segments))
	m.gauge("everspan_log_live_bytes", "Bytes of those segments.", log.LiveBytes)

	m.gauge("everspan_head_spans", "Spans in memory that are not in blocks yet.", int64(store.HeadSpans))
	m.gauge("everspan_head_bytes", "Bytes of memory that spans and log records take that are not in blocks yet.", store.HeadBytes)
	m.gauge("everspan_head_logs", "Log records in memory that are not in blocks yet.", int64(store.HeadLogs))
	m.gauge("everspan_blocks", "Blocks of spans.", int64(store.Blocks))
	m.gauge("everspan_block_spans", "Spans in blocks.", int64(store.BlockSpans))
	m.gauge("everspan_logs_blocks", "Blocks of log records.", int64(store.LogBlocks))
	m.gauge("everspan_block_logs", "Log records in blocks.", int64(store.BlockLogs))
	m.gauge("everspan_block_bytes", "Bytes of all blocks.", store.BlockBytes)
	m.counter("everspan_flushes_total", "Blocks written from memory.", store.Flushes)
	m.counter("everspan_flush_failures_total", "Attempts to write a block that failed.", store.FlushErrors)
	m.counter("everspan_duplicate_spans_total", "Spans left out of blocks because they came twice.", store.Duplicates)
	m.counter("everspan_compactions_total", "Times that blocks were merged.", store.Compactions)
	m.counter("everspan_compacted_spans_total", "Spans written by merging blocks.", store.CompactedSpans)
	m.counter("everspan_compacted_logs_total", "Log records written by merging blocks.", store.CompactedLogs)
	m.counter("everspan_compaction_failures_total", "Attempts to merge or delete blocks that failed.", store.CompactionErrors)
	m.gauge("everspan_compaction_pending", "Blocks that wait to be merged, at the latest until nothing is flushed for a while.", int64(store.Pending))
	m.counter("everspan_expired_blocks_total", "Blocks that retention deleted.", store.ExpiredBlocks)
	m.counter("everspan_expired_spans_total", "Spans in those blocks.", store.ExpiredSpans)
	m.counter("everspan_expired_logs_total", "Log records in those blocks.", store.ExpiredLogs)
	m.gauge("everspan_cache_bytes", "Bytes of parsed footers, indexes, dictionaries and filters kept for reading.", store.CacheBytes)
	m.counter("everspan_unreadable_blocks_total", "Times that a query had to leave a block out.", store.UnreadableBlocks)
	m.counter("everspan_reads_total", "Traces read by id, and views of the store that queries took.", store.Queries)

	engine := s.Engine.Stats()
	m.counter("everspan_queries_total", "Queries answered: searches, series, names, values, calls between services.", engine.Queries)
	m.counter("everspan_query_spans_total", "Spans that queries looked at.", engine.Spans)
	m.counter("everspan_query_bytes_total", "Bytes of columns that queries read.", engine.Bytes)
	m.family("everspan_queries_stopped_total", "counter", "Queries that came to a limit, whose answers are partial.")
	m.sample(`limit="time"`, int64(engine.StoppedByTime))
	m.sample(`limit="bytes"`, int64(engine.StoppedByBytes))
	m.sample(`limit="memory"`, int64(engine.StoppedByMemory))
	m.gauge("everspan_queries_running", "Queries under way.", int64(engine.Running))
	m.gauge("everspan_queries_waiting", "Queries that wait until one of those is done.", int64(engine.Waiting))

	runtime := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/sched/goroutines:goroutines"}}
	metrics.Read(runtime)
	m.gauge("everspan_memory_bytes", "Memory that the Go runtime has from the system.", int64(runtime[0].Value.Uint64()))
	m.gauge("everspan_heap_bytes", "Memory of live and not yet collected objects.", int64(runtime[1].Value.Uint64()))
	m.gauge("everspan_goroutines", "Goroutines.", int64(runtime[2].Value.Uint64()))
	m.family("everspan_build_info", "gauge", "Always 1; the labels say which build this is.")
	m.sample(fmt.Sprintf("version=%q,revision=%q,go=%q", s.Build.Version, s.Build.Revision, s.Build.Go), 1)

	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Write([]byte(m.out.String()))
}

// received writes what became of the spans or log records that came in.
func (m *exposition) received(of otlp.Stats, signal otlp.Signal, name, words string) {
	each := func(do func(labels string, c *otlp.Counts)) {
		for t := range of.Counts {
			if carries(otlp.Transport(t), signal) {
				do(fmt.Sprintf("transport=%q", otlp.Transport(t)), &of.Counts[t][signal])
			}
		}
	}
	m.family("everspan_"+name+"_received_total", "counter", words+" that came in.")
	each(func(labels string, c *otlp.Counts) { m.sample(labels, c.Received()) })
	m.family("everspan_"+name+"_acknowledged_total", "counter", words+" that were acknowledged: they are durable.")
	each(func(labels string, c *otlp.Counts) { m.sample(labels, c.Accepted) })
	m.family("everspan_"+name+"_refused_total", "counter", words+" that were not accepted, by reason.")
	each(func(labels string, c *otlp.Counts) {
		if signal == otlp.Traces {
			m.sample(labels+`,reason="invalid_id"`, c.Rejected)
		}
		for reason, n := range c.RefusedRecords {
			m.sample(fmt.Sprintf("%s,reason=%q", labels, otlp.Reason(reason)), n)
		}
	})
}

// carries says whether a transport has requests of a signal.
func carries(t otlp.Transport, s otlp.Signal) bool { return t < otlp.Zipkin || s == otlp.Traces }

func eachCount(s otlp.Stats, each func(labels string, c *otlp.Counts)) {
	for t := range s.Counts {
		for i := range s.Counts[t] {
			if !carries(otlp.Transport(t), otlp.Signal(i)) {
				continue
			}
			each(fmt.Sprintf("transport=%q,signal=%q", otlp.Transport(t), otlp.Signal(i)), &s.Counts[t][i])
		}
	}
}

// exposition writes families of metrics.
type exposition struct {
	out  strings.Builder
	name string
}

func (m *exposition) family(name, kind, help string) {
	m.name = name
	fmt.Fprintf(&m.out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (m *exposition) sample(labels string, v int64) {
	if labels != "" {
		labels = "{" + labels + "}"
	}
	fmt.Fprintf(&m.out, "%s%s %d\n", m.name, labels, v)
}

func (m *exposition) counter(name, help string, v uint64) {
	m.family(name, "counter", help)
	m.sample("", int64(v))
}

func (m *exposition) gauge(name, help string, v int64) {
	m.family(name, "gauge", help)
	m.sample("", v)
}
