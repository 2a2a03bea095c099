import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useMemo, useRef } from 'react'
import { Problem } from '../../base/api'
import { go, usePlace, withQuery } from '../../base/location'
import { conditions, isMetrics, narrow } from '../../query/conditions'
import { wrongPlace } from '../../query/problem'
import { writeDuration } from '../../query/quote'
import { automatic, join, useFind, useNewest } from './ask'
import { Chips } from './Chips'
import { Cost } from './Cost'
import { Failure, Unreachable } from './Failure'
import styles from './Find.module.css'
import { FirstTrace } from './FirstTrace'
import { NothingFound } from './NothingFound'
import { Partial } from './Partial'
import type { Bounds } from './plot'
import { bounds, type Range, rangeText, readRange, writeRange } from './range'
import { useHeat } from './heat'
import { List, type Sort } from './List'
import { Scatter } from './Scatter'
import { Search } from './Search'
import { Waiting } from './Waiting'

const Metrics = lazy(() => import('./metrics/Metrics'))

/** Find is the start: what to search, a picture of what was found, and the list of it. */
export function Find() {
  const { query: address } = usePlace()
  const q = address.get('q') ?? ''
  const key = address.toString()
  const range = useMemo(() => readRange(new URLSearchParams(key)), [key])
  const sort: Sort = address.get('sort') === 'duration' ? 'duration' : 'time'
  const client = useQueryClient()
  const answer = useFind(q, range)
  const found = useMemo(() => join(answer.data?.pages ?? []), [answer.data])
  const metrics = isMetrics(q)
  const all = conditions(q)?.length === 0
  const heat = useHeat(q, range, !metrics && Boolean(answer.hasNextPage) && found.traces.length >= automatic)
  const settled = answer.isSuccess && !answer.isPlaceholderData
  const none = settled && !found.metrics?.series?.length && found.traces.length === 0
  const nothing = none && !metrics && !found.partial.length
  const newest = useNewest(nothing)
  const newestId = newest.data === undefined ? undefined : (newest.data?.traceId ?? null)
  const had = useRef<string | null | undefined>(undefined)
  useEffect(() => {
    // The first trace of all has come: everything that was asked before may have an answer now.
    if (had.current === null && newestId) void client.invalidateQueries()
    had.current = newestId
  }, [newestId, client])
  const wrong = useMemo(() => wrongPlace(q, answer.error), [q, answer.error])
  const unreachable = answer.failureReason instanceof Problem && answer.failureReason.status === 0 && answer.fetchStatus !== 'idle'
  const to = useMemo(() => bounds(range, (BigInt(answer.dataUpdatedAt || Date.now()) * 1_000_000n) as never).to, [range, answer.dataUpdatedAt])

  const change = (c: Record<string, string | null>) => go(withQuery(c, '/'))
  const run = (text: string, r?: Range) => change({ q: conditions(text)?.length === 0 ? null : text, ...(r ? writeRange(r) : {}) })
  const narrowed = (b: Bounds) => narrow(q || '{ }', `trace:duration >= ${writeDuration(b.min, 'down')}`, `trace:duration <= ${writeDuration(b.max, 'up')}`)
  const compare = (b: Bounds) => {
    const set = `trace:duration >= ${writeDuration(b.min, 'down')} && trace:duration <= ${writeDuration(b.max, 'up')}`
    const roots = all ? '{ nestedSetParent < 0 }' : q
    const params = new URLSearchParams({ base: roots, set: `{ ${set} }`, ...clean(writeRange(range)) })
    params.set('setfrom', String(b.from))
    params.set('setto', String(b.to))
    go('/compare?' + params.toString())
  }
  const empty = nothing && newestId === null

  return (
    <div className={styles.find}>
      <h1 className="hidden">Find traces</h1>
      {empty ? (
        <FirstTrace />
      ) : (
        <>
          <Search
            query={q || '{ }'}
            range={range}
            wrong={wrong}
            busy={answer.isFetching}
            onRun={run}
            onRange={(r) => change(writeRange(r))}
            onRefresh={() => void answer.refetch()}
          />
          <Chips q={q} range={range} sort={sort} onChange={change} />
        </>
      )}
      {unreachable && <Unreachable attempts={answer.failureCount} />}
      {answer.isError && !wrong && !answer.data && <Failure error={answer.error} onAgain={() => void answer.refetch()} />}
      {answer.isPending && !unreachable && answer.fetchStatus === 'fetching' && (
        <Waiting what={`Searching ${rangeText(range)} …`} onCancel={() => void client.cancelQueries({ queryKey: ['find'] })} />
      )}
      {answer.isPending && answer.fetchStatus === 'idle' && (
        <p className={styles.note}>
          Stopped.{' '}
          <button type="button" className="button" onClick={() => void answer.refetch()}>
            Search again
          </button>
        </p>
      )}
      {nothing && newest.data && <NothingFound q={q || '{ }'} range={range} newest={newest.data} onRun={run} cost={found} />}
      <div className={styles.results} data-old={answer.isPlaceholderData || wrong ? '' : undefined}>
        <Partial why={found.partial} empty={none} />
        {none && found.partial.length > 0 ? null : found.metrics ? (
          <Suspense fallback={null}>
            <Metrics answer={found.metrics} q={q} range={range} onRange={(r) => change(writeRange(r))} />
          </Suspense>
        ) : (
          found.traces.length > 0 && (
            <>
              <Scatter traces={found.traces} heat={heat} to={to} onNarrow={(b) => run(narrowed(b), { from: b.from, to: b.to })} onCompare={compare} />
              <List
                traces={found.traces}
                sort={sort}
                plain={all}
                more={Boolean(answer.hasNextPage)}
                loading={answer.isFetchingNextPage}
                onMore={() => void answer.fetchNextPage()}
                onSort={(s) => go(withQuery({ sort: s === 'time' ? null : s }, '/'), true)}
              />
            </>
          )
        )}
        {answer.data && !empty && (found.traces.length > 0 || found.metrics) && <Cost found={found} more={Boolean(answer.hasNextPage)} />}
      </div>
    </div>
  )
}

function clean(all: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries(all).filter((e): e is [string, string] => e[1] !== null))
}
