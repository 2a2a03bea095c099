import { colors } from '../../base/color'
import { link } from '../../base/location'
import { useMode } from '../../base/theme'
import { formatDuration } from '../../base/time'
import { narrow } from '../../query/conditions'
import { quote, writeDuration } from '../../query/quote'
import { findURL } from '../find/metrics/Table'
import { formatValue } from '../find/metrics/values'
import type { Range } from '../find/range'
import { filterOf, type Line } from './ask'
import { share } from './share'
import { Sparkline } from './Sparkline'
import styles from './Services.module.css'

type Props = { lines: Line[]; service: string | null; range: Range; to: (key: string) => string | null }

/** Lines is a table of services or operations. Every number leads to its traces. */
export function Lines({ lines, service, range, to }: Props) {
  const mode = useMode()
  const what = service === null ? 'Service' : 'Operation'
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">{what}</th>
          <th scope="col">Requests</th>
          <th scope="col">Errors</th>
          <th scope="col">p50</th>
          <th scope="col">p95</th>
          <th scope="col" className={styles.wide}>
            Over time
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map((l) => {
          const filter = service === null ? filterOf(l.key) : narrow(filterOf(service), `name = ${quote(l.key)}`)
          const href = (...more: string[]) => link(findURL(more.length ? narrow(filter, ...more) : filter, range))
          const color = colors.of(service ?? l.key, mode)
          const inner = to(l.key)
          return (
            <tr key={l.key}>
              <th scope="row">
                {service === null && <i className={styles.dot} style={{ background: color.bar }} />}
                {inner ? <a {...link(inner)}>{l.key || '(no name)'}</a> : <a {...href()}>{l.key || '(no name)'}</a>}
              </th>
              <td>
                <a {...href()} title={`${l.calls} requests`}>
                  {formatValue(l.rate, '1/s')}
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
  )
}
