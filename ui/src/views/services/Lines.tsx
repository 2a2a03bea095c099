import { useMemo, useState } from 'react'
import { colors } from '../../base/color'
import { go, link, withQuery } from '../../base/location'
import { useMode } from '../../base/theme'
import { formatDuration } from '../../base/time'
import { narrow } from '../../query/conditions'
import { quote, writeDuration } from '../../query/quote'
import { formatCount, plural } from '../../timeline/label'
import { findURL } from '../find/metrics/Table'
import type { Range } from '../find/range'
import { filterOf, type Line } from './ask'
import { ordered, type Sort, usual } from './order'
import { rates } from './rate'
import { share } from './share'
import { Sparkline } from './Sparkline'
import styles from './Services.module.css'

type Props = { lines: Line[]; service: string | null; range: Range; filter: string; sort: Sort; to: (key: string) => string | null }

const first = 200

/** Lines is a table of services or operations. Every number leads to its traces. */
export function Lines({ lines: all, service, range, filter, sort, to }: Props) {
  const mode = useMode()
  const [shown, setShown] = useState(first)
  const what = service === null ? 'Service' : 'Operation'
  const lines = useMemo(() => ordered(all, filter, sort), [all, filter, sort])
  const rate = rates(all.map((l) => l.rate))
  const heads: [Sort, string][] = [['name', what], ['calls', 'Requests'], ['errors', 'Errors'], ['p50', 'p50'], ['p95', 'p95']]
  return (
    <>
      {(all.length > 12 || filter) && (
        <div className={styles.bar}>
          <input
            className="input"
            type="search"
            aria-label={`Filter the ${what.toLowerCase()}s`}
            placeholder={`Filter ${formatCount(all.length)} ${what.toLowerCase()}s`}
            value={filter}
            onChange={(e) => go(withQuery({ filter: e.target.value }), true)}
          />
          {filter.trim() !== '' && <span className="quiet" role="status">{lines.length ? `${formatCount(lines.length)} of ${formatCount(all.length)}` : `No ${what.toLowerCase()} has this in its name.`}</span>}
        </div>
      )}
      <table className={styles.table}>
        <thead>
          <tr>
            {heads.map(([by, name]) => (
              <th key={by} scope="col" aria-sort={by !== sort ? undefined : by === 'name' ? 'ascending' : 'descending'}>
                <button type="button" onClick={() => go(withQuery({ sort: by === usual ? null : by }), true)}>
                  {name}
                  {by === sort && <span aria-hidden="true"> {by === 'name' ? '▴' : '▾'}</span>}
                </button>
              </th>
            ))}
            <th scope="col" className={styles.wide}>
              Over time
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.slice(0, shown).map((l) => {
            const spans = service === null ? filterOf(l.key) : narrow(filterOf(service), `name = ${quote(l.key)}`)
            const href = (...more: string[]) => link(findURL(more.length ? narrow(spans, ...more) : spans, range))
            const color = colors.of(service ?? l.key, mode)
            const inner = to(l.key)
            return (
              <tr key={l.key}>
                <th scope="row">
                  {service === null && <i className={styles.dot} style={{ background: color.bar }} />}
                  {inner ? <a {...link(inner)}>{l.key || '(no name)'}</a> : <a {...href()}>{l.key || '(no name)'}</a>}
                </th>
                <td>
                  <a {...href()} title={plural(l.calls, 'request')}>
                    {rate(l.rate)}
                  </a>
                </td>
                <td>{l.errors ? <a className="error" {...href('status = error')}>{share(l.errors, l.calls)}</a> : <span className="quiet">0 %</span>}</td>
                <td>{l.p50 === null ? '–' : <a {...href(`duration >= ${writeDuration(l.p50, 'down')}`)}>{formatDuration(l.p50)}</a>}</td>
                <td>{l.p95 === null ? '–' : <a {...href(`duration >= ${writeDuration(l.p95, 'down')}`)}>{formatDuration(l.p95)}</a>}</td>
                <td className={styles.wide}>
                  {l.spark.length > 1 && <Sparkline values={l.spark} bad={l.bad} color={color.core} label={`Requests of ${l.key} over time, at most ${Math.max(...l.spark)} a step`} />}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
      {lines.length > shown && (
        <button type="button" className="button" onClick={() => setShown(lines.length)}>
          Show {formatCount(lines.length - shown)} more
        </button>
      )}
    </>
  )
}
