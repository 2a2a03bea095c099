import { useMemo, useState } from 'react'
import type { FoundTrace } from '../../base/api'
import { go } from '../../base/location'
import { useMode, useSettings } from '../../base/theme'
import styles from './List.module.css'
import { Row } from './Row'
import { sorted, type Sort } from './order'

export type { Sort }
type Props = {
  traces: FoundTrace[]
  sort: Sort
  plain: boolean // every span matches: those that do are not worth naming
  more: boolean
  loading: boolean
  onMore: () => void
  onSort: (s: Sort) => void
}
const first = 100

/** List has a row for each trace. Two of them can be ticked, and compared. */
export function List({ traces, sort, plain, more, loading, onMore, onSort }: Props) {
  const [picked, setPicked] = useState<string[]>([])
  const [shown, setShown] = useState(first)
  const mode = useMode()
  const { zone } = useSettings()
  const rows = useMemo(() => sorted(traces, sort), [traces, sort])
  const longest = useMemo(() => traces.reduce((n, t) => Math.max(n, t.durationNano), 1), [traces])
  const pick = (id: string, on: boolean) => setPicked((old) => (on ? [...old, id].slice(-2) : old.filter((p) => p !== id)))
  return (
    <section className={styles.list} aria-label="Traces">
      <div className={styles.head}>
        <span className={styles.tick} />
        <span className={styles.what}>Trace</span>
        <SortBy name="Start" of="time" sort={sort} onSort={onSort} className={styles.start} />
        <SortBy name="Duration" of="duration" sort={sort} onSort={onSort} className={styles.duration} />
        <span className={styles.number}>Spans</span>
        <span className={styles.number}>Errors</span>
        <span className={styles.services}>Services</span>
      </div>
      <ol>
        {rows.slice(0, shown).map((t) => (
          <Row key={t.traceId} trace={t} longest={longest} mode={mode} zone={zone} plain={plain} picked={picked.includes(t.traceId)} onPick={pick} />
        ))}
      </ol>
      {sort === 'duration' && more && <p className="quiet">Slowest of the newest {traces.length} traces; there are more.</p>}
      {(rows.length > shown || more) && (
        <button
          type="button"
          className="button"
          disabled={loading && rows.length <= shown}
          onClick={() => {
            setShown(shown + first)
            if (rows.length <= shown + first && more) onMore()
          }}
        >
          {loading && rows.length <= shown ? 'Loading …' : 'Load more'}
        </button>
      )}
      {picked.length > 0 && (
        <div className={styles.picked} role="status">
          {picked.length === 1 ? 'Pick another trace to compare it with.' : 'Two traces picked.'}
          {picked.length === 2 && (
            <button type="button" className="button primary" onClick={() => go(`/compare?a=${picked[0]}&b=${picked[1]}`)}>
              Compare
            </button>
          )}
          <button type="button" className="button" onClick={() => setPicked([])}>
            Clear
          </button>
        </div>
      )}
    </section>
  )
}

function SortBy({ name, of, sort, onSort, className }: { name: string; of: Sort; sort: Sort; onSort: (s: Sort) => void; className: string | undefined }) {
  return (
    <button type="button" className={`${styles.sort} ${className}`} aria-pressed={sort === of} onClick={() => onSort(of)}>
      {name}
      <span aria-hidden="true">{sort === of ? ' ↓' : ''}</span>
    </button>
  )
}
