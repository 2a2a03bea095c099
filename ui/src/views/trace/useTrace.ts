import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { getBytes, getJSON, type LogAnswer, Problem, type SpanDocument } from '../../base/api'
import { shared } from '../../base/shared'
import { now } from '../../base/time'
import { decodeTrace, type Trace } from '../../trace/decode'

const young = 30_000_000_000n // ns since the trace's end: spans of it may still come
const live = 15_000 // ms for which a young trace is asked for again

/** The trace, which is asked for again for a while if it may still be arriving. */
export function useTrace(id: string) {
  const [opened] = useState(() => Date.now())
  const [arriving, setArriving] = useState(false)
  const query = useQuery({
    queryKey: ['trace', id],
    queryFn: async ({ signal }) => decodeTrace(await getBytes(`/api/v1/traces/${id}/columns`, signal)),
    // What has not changed stays the same object, and nothing is laid out again.
    structuralSharing: (before, after) => (same(before as Trace | undefined, after as Trace) ? before : after),
    refetchInterval: ({ state }) => {
      if (shared || Date.now() - opened > live) return false
      if (state.data) return isYoung(state.data) ? 1000 : false
      // A link may be opened before the first span is here.
      return state.error instanceof Problem && state.error.status === 404 ? 2000 : false
    },
  })
  const trace = query.data
  useEffect(() => {
    const left = opened + live - Date.now()
    if (shared || !trace || !isYoung(trace) || left <= 0) return
    setArriving(true)
    const timer = setTimeout(() => setArriving(false), left)
    return () => {
      clearTimeout(timer)
      setArriving(false)
    }
  }, [trace, opened])
  return { ...query, arriving }
}

const isYoung = (t: Trace) => now() - t.start - BigInt(Math.round(t.duration)) < young

const same = (a: Trace | undefined, b: Trace) =>
  a !== undefined && a.nodes === b.nodes && a.spanCount === b.spanCount && a.duration === b.duration && a.start === b.start && a.partial.length === b.partial.length

export const useLogs = (id: string, arriving: boolean) =>
  useQuery({
    queryKey: ['trace', id, 'logs'],
    queryFn: ({ signal }) => getJSON<LogAnswer>(`/api/v1/traces/${id}/logs`, signal),
    refetchInterval: arriving ? 3000 : false,
  })

export const useSpan = (trace: string, span: string) =>
  useQuery({
    queryKey: ['trace', trace, 'span', span],
    queryFn: async ({ signal }) => (await getJSON<{ spans: SpanDocument[] }>(`/api/v1/traces/${trace}/spans/${span}`, signal)).spans,
    enabled: span !== '',
    staleTime: Infinity,
  })
