import { useQueryClient } from '@tanstack/react-query'
import { conditions, narrow } from '../../query/conditions'
import { writeDuration } from '../../query/quote'
import { OpenFile } from '../import/OpenFile'
import { slowest } from './ask'
import styles from './Find.module.css'
import type { Sort } from './List'
import type { Range } from './range'

type Props = { q: string; range: Range; sort: Sort; onChange: (c: Record<string, string | null>) => void }

/** Chips are the questions that are asked most. */
export function Chips({ q, range, sort, onChange }: Props) {
  const client = useQueryClient()
  const have = conditions(q)
  const simple = have !== null
  const errors = have?.includes('status = error') ?? false
  const slow = sort === 'duration' && (have?.some((c) => c.startsWith('trace:duration >=')) ?? false)
  const without = (start: string) => {
    const rest = (have ?? []).filter((c) => !c.startsWith(start))
    return rest.length ? `{ ${rest.join(' && ')} }` : null
  }
  return (
    <div className={styles.chips}>
      <button type="button" className={styles.chip} aria-pressed={!q && sort === 'time'} onClick={() => onChange({ q: null, sort: null })}>
        Newest
      </button>
      <button
        type="button"
        className={styles.chip}
        aria-pressed={slow}
        title="The slowest hundredth of traces, slowest first"
        disabled={!simple}
        onClick={() => {
          if (slow) onChange({ q: without('trace:duration >='), sort: null })
          else {
            void slowest(client, range)
              .catch(() => null)
              .then((ns) => onChange({ q: ns ? narrow(q || '{ }', `trace:duration >= ${writeDuration(ns, 'down')}`) : q || null, sort: 'duration' }))
          }
        }}
      >
        Slowest
      </button>
      <button
        type="button"
        className={styles.chip}
        aria-pressed={errors}
        disabled={!simple}
        onClick={() => onChange({ q: errors ? without('status = error') : narrow(q || '{ }', 'status = error') })}
      >
        Errors
      </button>
      <button type="button" className={styles.chip} aria-pressed={q === rates} onClick={() => onChange({ q: q === rates ? null : rates })}>
        Rate by service
      </button>
      <button type="button" className={styles.chip} aria-pressed={q === heat} onClick={() => onChange({ q: q === heat ? null : heat })}>
        Durations
      </button>
      <OpenFile className={styles.chip} />
    </div>
  )
}

const rates = '{ kind = server || kind = consumer } | rate() by(resource.service.name)'
const heat = '{ nestedSetParent < 0 } | histogram_over_time(trace:duration)'
