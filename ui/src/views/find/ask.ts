import { keepPreviousData, type QueryClient, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { type FoundTrace, getJSON, type QueryAnswer } from '../../base/api'
import { isMetrics } from '../../query/conditions'
import { type Range, rangeParams } from './range'

// Questions to GET /api/v1/query, and how their pages follow each other.

export const page = 100
export const automatic = 500 // traces that come without being asked for

export function queryURL(q: string, params: Record<string, string>): string {
  return '/api/v1/query?' + new URLSearchParams({ q, ...params }).toString()
}

export type Found = {
  traces: FoundTrace[]
  metrics: QueryAnswer | null
  last: QueryAnswer | null // the newest page
  pages: number
  cost: { spans: number; traces: number; bytes: number; elapsedNano: number; blocks: number; blocksPruned: number }
  partial: string[]
}

/** The answer to a query, page by page; the first five hundred traces come by themselves. */
export function useFind(q: string, range: Range) {
  const metrics = isMetrics(q)
  const answer = useInfiniteQuery({
    queryKey: ['find', q, rangeParams(range)],
    queryFn: ({ pageParam, signal }) => {
      const params: Record<string, string> = rangeParams(range)
      if (metrics) params.exemplars = '50'
      else Object.assign(params, { limit: String(page), spans: '3' })
      if (pageParam) params.after = pageParam
      return getJSON<QueryAnswer>(queryURL(q || '{ }', params), signal)
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  })
  const { data, hasNextPage, isFetching, isError, isPlaceholderData, fetchNextPage } = answer
  const count = data?.pages.reduce((n, p) => n + (p.traces?.length ?? 0), 0) ?? 0
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError && !isPlaceholderData && count < automatic) void fetchNextPage()
  }, [hasNextPage, isFetching, isError, isPlaceholderData, count, fetchNextPage])
  return answer
}

/** All pages as one answer; a trace that moved between two pages is there once. */
export function join(pages: QueryAnswer[]): Found {
  const seen = new Set<string>()
  const traces: FoundTrace[] = []
  const cost = { spans: 0, traces: 0, bytes: 0, elapsedNano: 0, blocks: 0, blocksPruned: 0 }
  const partial = new Set<string>()
  for (const p of pages) {
    for (const t of p.traces ?? []) {
      if (!seen.has(t.traceId)) traces.push(t)
      seen.add(t.traceId)
    }
    for (const why of p.partial ?? []) partial.add(why)
    cost.spans += p.scanned.spans
    cost.traces += p.scanned.traces
    cost.bytes += p.scanned.bytes
    cost.elapsedNano += p.scanned.elapsedNano
    cost.blocks = Math.max(cost.blocks, p.scanned.blocks)
    cost.blocksPruned = Math.max(cost.blocksPruned, p.scanned.blocksPruned)
  }
  const first = pages[0]
  return { traces, metrics: first?.series ? first : null, last: pages.at(-1) ?? null, pages: pages.length, cost, partial: [...partial] }
}

/** The newest trace of all time, to tell "nothing here" from "nothing at all". */
export function useNewest(enabled: boolean) {
  return useQuery({
    queryKey: ['newest'],
    enabled,
    staleTime: 0,
    queryFn: async ({ signal }) => {
      const a = await getJSON<QueryAnswer>(queryURL('{ }', { from: '0', limit: '1', spans: '1' }), signal)
      return a.traces?.[0] ?? null
    },
    refetchInterval: (query) => (query.state.data === null ? 1000 : false),
  })
}

/** How long the slowest hundredth of traces takes at least, in ns; null if there is none. */
export async function slowest(client: QueryClient, range: Range): Promise<number | null> {
  const q = '{ nestedSetParent < 0 } | quantile_over_time(trace:duration, .99)'
  const answer = await client.fetchQuery({
    queryKey: ['slowest', rangeParams(range)],
    queryFn: ({ signal }) => getJSON<QueryAnswer>(queryURL(q, { ...rangeParams(range), step: '0s' }), signal),
  })
  const s = answer.series?.[0]?.values[0]
  return typeof s === 'number' ? s * 1e9 : null
}
