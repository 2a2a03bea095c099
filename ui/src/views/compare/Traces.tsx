import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { getJSON } from '../../base/api'
import { colors } from '../../base/color'
import { go, link } from '../../base/location'
import { useMode, useSettings } from '../../base/theme'
import { formatDuration, formatMoment, moment } from '../../base/time'
import { plural } from '../../timeline/label'
import { Failure } from '../find/Failure'
import { Waiting } from '../find/Waiting'
import styles from './Compare.module.css'
import { delta, operations, type Sum, telling, type Waterfall } from './operations'

function useWaterfall(id: string) {
  return useQuery({ queryKey: ['waterfall', id], queryFn: ({ signal }) => getJSON<Waterfall>(`/api/v1/traces/${encodeURIComponent(id)}/waterfall`, signal) })
}

/** Traces sets two traces side by side, operation by operation. */
export function Traces({ a, b }: { a: string; b: string }) {
  const left = useWaterfall(a)
  const right = useWaterfall(b)
  const mode = useMode()
  const all = useMemo(() => (left.data && right.data ? operations(left.data.nodes, right.data.nodes) : []), [left.data, right.data])
  for (const side of [left, right]) if (side.isError) return <Failure error={side.error} onAgain={() => void side.refetch()} />
  if (!left.data || !right.data) return <Waiting what="Reading both traces …" />
  const t = telling(left.data, right.data, all)
  const widest = Math.max(...all.map((o) => Math.max(o.a.critical, o.b.critical)), 1)
  return (
    <>
      <p className={styles.verdict}>
        {t.longer === null ? 'Both took the same time.' : `${t.longer.toUpperCase()} took ${formatDuration(t.by)} longer.`}
        {t.operation && t.longer && (
          <>
            {' '}
            {formatDuration(t.part)} more of the critical path went to <b>{t.operation.name}</b> of {t.operation.service}.
          </>
        )}
        {(t.only.a > 0 || t.only.b > 0) && (
          <span className="quiet">
            {' '}
            Only in A: {plural(t.only.a, 'operation')}; only in B: {t.only.b}.
          </span>
        )}
      </p>
      <div className={styles.two}>
        <Head side="A" trace={left.data} />
        <Head side="B" trace={right.data} />
        <button type="button" className="button" onClick={() => go(`/compare?a=${b}&b=${a}`)}>
          Swap
        </button>
      </div>
      <div className={styles.scroll} role="region" aria-label="Operations of both" tabIndex={0}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <th scope="col">Difference</th>
              <th scope="col">Critical A</th>
              <th scope="col">Critical B</th>
              <th scope="col">Self A</th>
              <th scope="col">Self B</th>
              <th scope="col">Total A</th>
              <th scope="col">Total B</th>
              <th scope="col">Count A</th>
              <th scope="col">Count B</th>
            </tr>
          </thead>
          <tbody>
            {all.map((o) => (
              <tr key={o.service + '\n' + o.name}>
                <th scope="row">
                  <i style={{ background: colors.of(o.service, mode).bar }} />
                  {o.name} <span style={{ color: colors.of(o.service, mode).text }}>{o.service}</span>
                  {(o.a.errors > 0 || o.b.errors > 0) && (
                    <span className="error">
                      {' '}
                      ◆ {o.a.errors} / {o.b.errors} errors
                    </span>
                  )}
                </th>
                <td>
                  <b>{delta(o) === 0 ? '–' : (delta(o) > 0 ? '+' : '') + formatDuration(delta(o))}</b>
                </td>
                <Time sum={o.a} of="critical" widest={widest} />
                <Time sum={o.b} of="critical" widest={widest} />
                <Time sum={o.a} of="self" />
                <Time sum={o.b} of="self" />
                <Time sum={o.a} of="total" />
                <Time sum={o.b} of="total" />
                <td>{o.a.count || '–'}</td>
                <td>{o.b.count || '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

function Time({ sum, of, widest }: { sum: Sum; of: 'critical' | 'self' | 'total'; widest?: number }) {
  return (
    <td>
      {sum.count ? formatDuration(sum[of]) : <span className="quiet">–</span>}
      {widest !== undefined && <span className={styles.meter} style={{ width: `${(100 * sum[of]) / widest}%` }} aria-hidden="true" />}
    </td>
  )
}

function Head({ side, trace }: { side: string; trace: Waterfall }) {
  const { zone } = useSettings()
  return (
    <section className={styles.trace} aria-label={`Trace ${side}`}>
      <h2>
        <span className={styles.side}>{side}</span> <a {...link('/trace/' + trace.traceId)}>{trace.root.name || trace.traceId}</a> <span className="quiet">{trace.root.service}</span>
      </h2>
      <p>
        <b className="mono">{formatDuration(trace.durationNano)}</b> · {plural(trace.spanCount, 'span')} · {plural(trace.serviceCount, 'service')}
        {trace.errorCount > 0 && <span className="error"> · {plural(trace.errorCount, 'error')}</span>}
        <span className="quiet"> · {formatMoment(moment(trace.startUnixNano), zone)}</span>
      </p>
      {trace.verdict && <p>{trace.verdict.text}</p>}
      {trace.partial?.map((why) => (
        <p key={why} className="quiet">
          Something may be missing: {why}
        </p>
      ))}
    </section>
  )
}
