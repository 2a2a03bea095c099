import { link } from '../../../base/location'
import { tracesOf } from '../../../query/derive'
import { type Range, writeRange } from '../range'
import type { Answer } from './Metrics'
import styles from './Metrics.module.css'
import { formatValue, numbers, seriesName } from './values'

/** The address of the traces that a query finds. */
export function findURL(q: string, range: Range): string {
  const params = new URLSearchParams({ q })
  for (const [k, v] of Object.entries(writeRange(range))) if (v !== null) params.set(k, v)
  return '/?' + params.toString()
}

/** Table has the one value of each series, the greatest first. */
export function Table({ answer, q, range }: { answer: Answer; q: string; range: Range }) {
  const rows = (answer.series ?? []).map((s) => ({ labels: s.labels, value: numbers(s)[0] ?? null })).toSorted((a, b) => (b.value ?? 0) - (a.value ?? 0))
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">Series</th>
          <th scope="col">Value</th>
          <th scope="col">
            <span className="hidden">Traces</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((r, i) => {
          const to = tracesOf(q, r.labels)
          return (
            <tr key={seriesName(r.labels) + String(i)}>
              <th scope="row">{seriesName(r.labels)}</th>
              <td className="mono">{r.value === null ? '–' : formatValue(r.value, answer.unit ?? '')}</td>
              <td>{to && <a {...link(findURL(to, range))}>Traces</a>}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
