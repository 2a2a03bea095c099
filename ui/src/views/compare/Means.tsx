import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { getBytes, getJSON, type QueryAnswer } from '../../base/api'
import { colors } from '../../base/color'
import { useMode } from '../../base/theme'
import { formatDuration } from '../../base/time'
import { decodeTrace, type Trace } from '../../trace/decode'
import { queryURL } from '../find/ask'
import { bounds, parseMoment, type Range, rangeParams } from '../find/range'
import { Waiting } from '../find/Waiting'
import styles from './Compare.module.css'
import { delta } from './operations'
import { type Ask, meanDuration, means, questions, sampled } from './sample'

/** Means sets the mean trace of a selection beside that of the rest, operation by operation. */
export function Means({ base, set, range, from, to }: { base: string; set: string; range: Range; from: string | null; to: string | null }) {
  const mode = useMode()
  const asks = useMemo(() => questions(base, set, from, to), [base, set, from, to])
  const ask = useQuery({
    queryKey: ['means', asks, rangeParams(range)],
    queryFn: async ({ signal }) => ({ rest: await traces(asks?.rest, range, signal), selection: await traces(asks?.selection, range, signal) }),
    enabled: asks !== null,
  })
  const all = useMemo(() => (ask.data ? means(ask.data.rest, ask.data.selection) : []), [ask.data])
  if (!asks) return <p className="quiet">Operations are compared when both sides are a single filter in braces.</p>
  if (ask.isError) return <p className="quiet">The traces could not be read: {ask.error.message}.</p>
  if (!ask.data) return <Waiting what={`Reading up to ${2 * sampled} traces …`} />
  const { rest, selection } = ask.data
  if (!rest.length || !selection.length) return null
  const [before, after] = [meanDuration(rest), meanDuration(selection)]
  const most = all[0]
  const widest = Math.max(...all.map((o) => Math.max(o.a.critical, o.b.critical)), 1)
  return (
    <section className={styles.means} aria-label="Operations of both">
      <h2>By operation</h2>
      <p>
        A trace of the selection takes {formatDuration(after)} on average, one of the rest {formatDuration(before)}.
        {most && delta(most) !== 0 && (
          <>
            {' '}
            Most of the difference is <b>{most.name}</b> of {most.service}: {delta(most) > 0 ? '+' : '−'}
            {formatDuration(Math.abs(delta(most)))} of the critical path.
          </>
        )}{' '}
        <span className="quiet">
          Means of the newest {selection.length} and {rest.length} traces.
        </span>
      </p>
      <div className={styles.scroll} role="region" aria-label="Table of operations" tabIndex={0}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <th scope="col">Difference</th>
              <th scope="col">Critical, rest</th>
              <th scope="col">Critical, selection</th>
              <th scope="col">Self, rest</th>
              <th scope="col">Self, selection</th>
              <th scope="col">Count, rest</th>
              <th scope="col">Count, selection</th>
            </tr>
          </thead>
          <tbody>
            {all.slice(0, 50).map((o) => (
              <tr key={o.service + '\n' + o.name}>
                <th scope="row">
                  <i style={{ background: colors.of(o.service, mode).bar }} />
                  {o.name || '(no name)'} <span style={{ color: colors.of(o.service, mode).text }}>{o.service}</span>
                </th>
                <td>
                  <b>{delta(o) === 0 ? '–' : (delta(o) > 0 ? '+' : '−') + formatDuration(Math.abs(delta(o)))}</b>
                </td>
                {([o.a, o.b] as const).map((s, i) => (
                  <td key={i}>
                    {time(s.critical)}
                    <span className={styles.meter} style={{ width: `${(100 * s.critical) / widest}%` }} aria-hidden="true" />
                  </td>
                ))}
                <td>{time(o.a.self)}</td>
                <td>{time(o.b.self)}</td>
                <td>{number(o.a.count)}</td>
                <td>{number(o.b.count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {all.length > 50 && <p className="quiet">{all.length - 50} operations that differ less are not shown.</p>}
    </section>
  )
}

const time = (ns: number) => (ns > 0 ? formatDuration(ns) : '–')
const number = (n: number) => (n === 0 ? '–' : String(Number(n.toPrecision(3))))

/** The newest traces that a question finds. */
async function traces(ask: Ask | undefined, range: Range, signal: AbortSignal): Promise<Trace[]> {
  if (!ask) return []
  const whole = bounds(range)
  const [from, to] = [parseMoment(ask.from), parseMoment(ask.to)]
  const part: Range = from || to ? { from: from ?? whole.from, to: to ?? whole.to } : range
  const found = await getJSON<QueryAnswer>(queryURL(ask.q, { ...rangeParams(part), limit: String(sampled), spans: '1' }), signal)
  const ids = (found.traces ?? []).map((t) => t.traceId)
  const all: Trace[] = []
  const next = async (): Promise<void> => {
    for (let id = ids.pop(); id; id = ids.pop()) all.push(decodeTrace(await getBytes(`/api/v1/traces/${id}/columns`, signal)))
  }
  await Promise.all([next(), next(), next(), next()])
  return all
}
