import type { LogRecord } from '../../base/api'
import { between, formatDuration, type Moment, moment } from '../../base/time'
import { isErrorLog } from '../../timeline/marks'
import { Attributes } from './Attributes'
import { Part } from './Panel'
import styles from './Panel.module.css'

const most = 200

/** The log records that were written within a span. */
export function Logs({ logs, start }: { logs: LogRecord[]; start: Moment }) {
  return (
    <Part name="Logs" count={logs.length} hideEmpty>
      {logs.slice(0, most).map((l, i) => (
        <details key={i} className={styles.log}>
          <summary>
            <span className="mono quiet">+{formatDuration(between(start, moment(l.timeUnixNano)))}</span>{' '}
            <span className={isErrorLog(l.severity) ? 'error' : 'quiet'}>{l.severityText || l.severity}</span> <bdi>{l.body || l.eventName}</bdi>
          </summary>
          <Attributes scope="span" all={l.attributes} />
        </details>
      ))}
      {logs.length > most && <p className={styles.note}>{logs.length - most} more are not shown here.</p>}
    </Part>
  )
}
