import { memo } from 'react'
import type { FoundTrace } from '../../base/api'
import { colors } from '../../base/color'
import { link } from '../../base/location'
import { formatDuration, formatMoment, moment, type Zone } from '../../base/time'
import styles from './List.module.css'
import { Matched } from './Matched'
import { Strip } from './Strip'

type Props = {
  trace: FoundTrace
  longest: number
  mode: 'light' | 'dark'
  zone: Zone
  plain: boolean
  picked: boolean
  onPick: (id: string, on: boolean) => void
}

/** Row is a trace of the list. */
export const Row = memo(function Row({ trace: t, longest, mode, zone, plain, picked, onPick }: Props) {
  const start = moment(t.startUnixNano)
  const color = colors.of(t.service, mode)
  return (
    <li className={styles.row}>
      <label className={styles.tick}>
        <input type="checkbox" checked={picked} aria-label={`Pick ${t.name} of ${t.service} to compare`} onChange={(e) => onPick(t.traceId, e.target.checked)} />
      </label>
      <a className={styles.what} {...link('/trace/' + t.traceId)}>
        <span className={styles.dot} style={{ background: color.bar }} aria-hidden="true" />
        <span className={styles.name}>{t.name || '(no name)'}</span>
        <span className={styles.service} style={{ color: color.text }}>
          {t.service}
        </span>
      </a>
      <time className={styles.start} title={formatMoment(start, zone, 9)}>
        {formatMoment(start, zone)}
      </time>
      <span className={styles.duration}>
        <span className={styles.bar} aria-hidden="true">
          <span style={{ width: `${Math.max((100 * t.durationNano) / longest, 0.5)}%`, background: color.bar }} />
        </span>
        <span>{formatDuration(t.durationNano)}</span>
      </span>
      <span className={styles.number}>
        {t.spanCount}
        <span className={styles.unit}> {t.spanCount === 1 ? 'span' : 'spans'}</span>
      </span>
      <span className={styles.number} data-none={t.errorCount ? undefined : ''}>
        {t.errorCount > 0 && (
          <span className="error">
            <span aria-hidden="true">◆ </span>
            {t.errorCount}
            <span className={styles.unit}> {t.errorCount === 1 ? 'error' : 'errors'}</span>
          </span>
        )}
      </span>
      <span className={styles.services}>
        <Strip trace={t} mode={mode} />
      </span>
      {!plain && <Matched trace={t} />}
    </li>
  )
})
