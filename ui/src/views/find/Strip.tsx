import type { FoundTrace } from '../../base/api'
import { colors } from '../../base/color'
import styles from './List.module.css'

/** Strip shows the services of a trace: a piece each, as long as its share of spans, with their count. */
export function Strip({ trace, mode }: { trace: FoundTrace; mode: 'light' | 'dark' }) {
  const all = trace.services ?? []
  const text = all.map((s) => `${s.service}: ${s.spanCount} ${s.spanCount === 1 ? 'span' : 'spans'}${s.errorCount ? `, ${s.errorCount} with errors` : ''}`).join('\n')
  return (
    <span className={styles.strip} title={text}>
      <span className="hidden">{text}</span>
      {all.slice(0, 12).map((s) => (
        <span
          key={s.service}
          aria-hidden="true"
          className={styles.piece}
          data-error={s.errorCount > 0 ? '' : undefined}
          style={{ flexGrow: s.spanCount, background: colors.of(s.service, mode).bar }}
        >
          {s.spanCount}
        </span>
      ))}
    </span>
  )
}
