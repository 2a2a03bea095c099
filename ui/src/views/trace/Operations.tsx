import { useMemo } from 'react'
import { formatDuration } from '../../base/time'
import { formatCount } from '../../timeline/label'
import { useModel } from '../../timeline/model'
import { type OperationKey, operationsOf, sortOperations } from '../../trace/operations'
import { change } from './state'
import styles from './Views.module.css'

const columns: [OperationKey, string, string][] = [
  ['operation', 'Operation', ''],
  ['count', 'Spans', ''],
  ['total', 'Total', 'all its spans together'],
  ['longest', 'Longest', ''],
  ['self', 'Self', 'covered by no child'],
  ['critical', 'Critical', 'what the request waited for'],
  ['errors', 'Errors', ''],
]

/** Operations is a table of the spans by service and name. */
export function Operations({ by }: { by: string }) {
  const { t, palette } = useModel()
  const up = by.startsWith('-')
  const key = columns.find(([k]) => k === (up ? by.slice(1) : by))?.[0] ?? 'critical'
  const all = useMemo(() => operationsOf(t), [t])
  const sorted = useMemo(() => sortOperations(t, all, key, up), [t, all, key, up])
  const most = Math.max(...all.map((o) => (key === 'operation' ? 0 : o[key])), 1)
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map(([k, name, title]) => (
              <th key={k} aria-sort={k !== key ? undefined : up !== (k === 'operation') ? 'ascending' : 'descending'} title={title}>
                <button type="button" onClick={() => change({ by: k === key && !up ? '-' + k : k }, true)}>
                  {name}
                  {k === key ? (up ? ' ▴' : ' ▾') : ''}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, 1000).map((o) => (
            <tr key={o.first}>
              <td>
                <i className={styles.dot} style={{ background: palette.core[o.service] }} />
                <span style={{ color: palette.core[o.service] }}>{t.services[o.service]}</span>{' '}
                <button type="button" className={styles.plain} title="Search these in the waterfall" onClick={() => change({ view: 'waterfall', by: '', q: t.names[o.name] ?? '' })}>
                  <bdi>{t.names[o.name] || '(no name)'}</bdi>
                </button>
              </td>
              <td>{formatCount(o.count)}</td>
              {(['total', 'longest', 'self', 'critical'] as const).map((k) => (
                <td key={k}>
                  {k === key && <i className={styles.share} style={{ width: `${(100 * o[k]) / most}%` }} />}
                  {o[k] > 0 ? formatDuration(o[k]) : '–'}
                </td>
              ))}
              <td className={o.errors ? 'error' : 'quiet'}>{o.errors || '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > 1000 && <p className="quiet">{formatCount(sorted.length - 1000)} more are not shown; sort by another column to see them.</p>}
    </div>
  )
}
