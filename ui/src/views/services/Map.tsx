import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { getJSON } from '../../base/api'
import { bounds, type Range, rangeParams } from '../find/range'
import { Partial } from '../find/Partial'
import { Waiting } from '../find/Waiting'
import { type Line, useMetric } from './ask'
import { EdgeTable } from './EdgeTable'
import { buildGraph, type Dependency, questions } from './graph'
import styles from './Services.module.css'

const Drawing = lazy(() => import('./Drawing'))

/** Map shows who calls whom, as a drawing, which a phone scrolls, and as a table. */
export default function Map({ range, lines }: { range: Range; lines: Line[] }) {
  const calls = useMetric(questions.calls, range, '0s')
  const callTimes = useMetric(questions.callTimes, range, '0s')
  const peers = useMetric(questions.peers, range, '0s')
  const peerTimes = useMetric(questions.peerTimes, range, '0s')
  const queues = useMetric(questions.queues, range, '0s')
  const dependencies = useQuery({
    queryKey: ['dependencies', rangeParams(range)],
    queryFn: async ({ signal }) => {
      const { from, to } = bounds(range)
      const params = new URLSearchParams({ endTs: String(to / 1_000_000n), lookback: String((to - from) / 1_000_000n) })
      return (await getJSON<{ data: Dependency[] | null }>('/api/dependencies?' + params.toString(), signal)).data ?? []
    },
  })
  const graph = useMemo(() => {
    const counts = new globalThis.Map(lines.map((l) => [l.key, l.calls]))
    return buildGraph([...counts.keys()], counts, dependencies.data ?? [], {
      ...(calls.data && { calls: calls.data }),
      ...(callTimes.data && { callTimes: callTimes.data }),
      ...(peers.data && { peers: peers.data }),
      ...(peerTimes.data && { peerTimes: peerTimes.data }),
      ...(queues.data && { queues: queues.data }),
    })
  }, [lines, dependencies.data, calls.data, callTimes.data, peers.data, peerTimes.data, queues.data])
  const waiting = [calls, peers, queues, dependencies].some((a) => a.isPending)
  const partial = [...new Set([calls, callTimes, peers, peerTimes, queues].flatMap((a) => a.data?.partial ?? []))]
  return (
    <div>
      {waiting ? (
        <Waiting what="Counting calls …" rows={0} />
      ) : (
        <>
          <Partial why={partial} empty={!graph.nodes.length} />
          {graph.nodes.length > 0 && (
            <Suspense fallback={<Waiting what="Drawing the map …" rows={0} />}>
              <Drawing graph={graph} range={range} />
            </Suspense>
          )}
          <h2>Calls</h2>
          {graph.edges.length ? <EdgeTable graph={graph} range={range} /> : <p className={styles.note}>No calls between services in this time.</p>}
        </>
      )}
    </div>
  )
}
