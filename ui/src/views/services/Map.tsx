import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { getJSON } from '../../base/api'
import { go, withQuery } from '../../base/location'
import { formatCount } from '../../timeline/label'
import { bounds, type Range, rangeParams } from '../find/range'
import { Partial } from '../find/Partial'
import { Waiting } from '../find/Waiting'
import { type Line, useMetric } from './ask'
import { EdgeTable } from './EdgeTable'
import { buildGraph, type Dependency, questions } from './graph'
import { around, busiest, type Reach, reaches } from './part'
import styles from './Services.module.css'

const Drawing = lazy(() => import('./Drawing'))

const most = 120 // nodes that are placed in a moment, and still found

type Props = { range: Range; lines: Line[]; centre: string; reach: Reach }

/** Map shows who calls whom, all or around one service, as a drawing and as a table. */
export default function Map({ range, lines, centre, reach }: Props) {
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
  const services = graph.nodes.filter((n) => n.kind === 'service').map((n) => n.name)
  const known = services.includes(centre)
  const wanted = useMemo(() => (known ? around(graph, 's:' + centre, reach) : graph), [graph, known, centre, reach])
  const shown = useMemo(() => busiest(wanted, most, 's:' + centre), [wanted, centre])
  const waiting = [calls, peers, queues, dependencies].some((a) => a.isPending)
  const partial = [...new Set([calls, callTimes, peers, peerTimes, queues].flatMap((a) => a.data?.partial ?? []))]
  const bar = (
    <>
      <label className="quiet" htmlFor="around">
        Around
      </label>
      <select id="around" className="input" value={known ? centre : ''} onChange={(e) => go(withQuery({ around: e.target.value }))}>
        <option value="">all services</option>
        {services.toSorted((a, b) => a.localeCompare(b)).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {known && (
        <select className="input" aria-label="Steps" value={reach} onChange={(e) => go(withQuery({ steps: e.target.value === '1' ? null : e.target.value }))}>
          {reaches.map((r) => (
            <option key={r} value={r}>
              {r === '1' ? 'its callers and what it calls' : r === 'all' ? 'all that leads to it and from it' : `${r} steps`}
            </option>
          ))}
        </select>
      )}
      {centre !== '' && !known && <span className="quiet">{centre} has sent nothing in this time.</span>}
      {shown !== wanted && (
        <span className="quiet">
          The {most} busiest of {formatCount(wanted.nodes.length)}{known ? '' : ': choose one to see what is around it'}.
        </span>
      )}
    </>
  )
  return (
    <div>
      {waiting ? (
        <Waiting what="Counting calls …" rows={0} />
      ) : (
        <>
          <Partial why={partial} empty={!graph.nodes.length} />
          {graph.nodes.length > 0 && (
            <Suspense fallback={<Waiting what="Drawing the map …" rows={0} />}>
              <Drawing graph={shown} centre={known ? 's:' + centre : ''} range={range} bar={bar} />
            </Suspense>
          )}
          <h2>Calls</h2>
          {wanted.edges.length ? <EdgeTable graph={wanted} range={range} /> : <p className={styles.note}>No calls between services in this time.</p>}
        </>
      )}
    </div>
  )
}
