import type { Shared } from '../../base/shared'
import { useSettings } from '../../base/theme'
import { formatMoment, moment } from '../../base/time'
import app from '../App.module.css'
import { Choices } from '../Choices'
import header from '../Header.module.css'
import { Mark } from '../Mark'
import { TraceView } from '../trace/TraceView'
import styles from './SharedTrace.module.css'

/** SharedTrace is the page of a shared file: one trace, and what was left out of it. */
export function SharedTrace({ shared }: { shared: Shared }) {
  const { zone } = useSettings()
  const left = [...(shared.without ?? []), ...(shared.logs ? [] : ['log records'])]
  return (
    <div className={app.app}>
      <header className={header.header}>
        <span className={`${header.brand} ${styles.brand}`}>
          <Mark />
          <span>Everspan</span>
        </span>
        <p className={styles.about}>
          A trace as it was on {formatMoment(moment(shared.madeUnixNano), zone)}.{' '}
          {left.length > 0 && <>Left out: {left.map((a) => a.replace(/^\./, '')).join(', ')}. </>}
          <a href={`${shared.from}/trace/${shared.traceId}`} target="_blank" rel="noopener noreferrer">
            Open it on its server
          </a>
        </p>
        <Choices />
      </header>
      <main className={app.main}>
        <TraceView id={shared.traceId} />
      </main>
    </div>
  )
}
