import type { FoundTrace } from '../../base/api'
import { link } from '../../base/location'
import { between, formatDuration, moment } from '../../base/time'
import styles from './List.module.css'

const same = new Set(['name', 'span:name', 'duration', 'span:duration', 'trace:duration', 'traceDuration', 'trace:id', 'nestedSetParent', 'nestedSetLeft', 'nestedSetRight', 'status', 'span:status'])

/** Matched has the spans that a query found in a trace, with the values of what it names. */
export function Matched({ trace }: { trace: FoundTrace }) {
  const start = moment(trace.startUnixNano)
  const sets = trace.spanSets ?? []
  return (
    <ul className={styles.matched} aria-label="Spans found">
      {sets.slice(0, 4).map((set, i) => (
        // Spansets have no identity but their place.
        <li key={i}>
          {[...(set.group ?? []), ...(set.scalars ?? [])].map((a) => (
            <span key={a.name} className={styles.value}>
              {a.name} = {a.value}
            </span>
          ))}
          {set.spans.map((s) => (
            <a key={s.spanId} {...link(`/trace/${trace.traceId}?span=${s.spanId}`)} title={`${formatDuration(between(start, moment(s.startUnixNano)))} after the start`}>
              <span className={styles.name}>{s.name}</span> <span className="mono">{formatDuration(s.durationNano)}</span>
              {(s.attributes ?? [])
                .filter((a) => !same.has(a.name) && a.type !== 'nil')
                .slice(0, 4)
                .map((a, k) => (
                  <span key={a.name + String(k)} className={styles.value}>
                    {a.name.replace(/^(span|resource|event|link|instrumentation)\./, '')}={a.value}
                  </span>
                ))}
            </a>
          ))}
          {set.matched > set.spans.length && <span className="quiet">and {set.matched - set.spans.length} more</span>}
        </li>
      ))}
    </ul>
  )
}
