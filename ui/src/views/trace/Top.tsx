import { useState } from 'react'
import { type LogAnswer, safeURL } from '../../base/api'
import { link, permalink } from '../../base/location'
import { shared } from '../../base/shared'
import { useSettings } from '../../base/theme'
import { formatDuration, formatMoment, rfc3339 } from '../../base/time'
import { formatCount, percent, plural } from '../../timeline/label'
import type { Trace } from '../../trace/decode'
import { firstOf, remarksOf } from '../../trace/remarks'
import { Copy } from './Copy'
import { Share } from './Share'
import styles from './Top.module.css'

/** Top says what the trace is, why it was slow or failed, and what is remarkable about it. */
export function Top({ t, logs, arriving, goTo }: { t: Trace; logs: LogAnswer | undefined; arriving: boolean; goTo: (node: number) => void }) {
  const { zone } = useSettings()
  return (
    <header className={styles.top}>
      <div className={styles.line}>
        <h1 className={styles.title}>
          <bdi>{t.root.name || '(no name)'}</bdi> {t.root.service && <span className={styles.service}>· {t.root.service}</span>}
        </h1>
        <span className={styles.facts}>
          <b>{formatDuration(t.duration)}</b>
          <span>{plural(t.spanCount, 'span')}</span>
          <span>{plural(t.serviceCount, 'service')}</span>
          {t.errorCount > 0 && <span className="error">{plural(t.errorCount, 'error')}</span>}
          {arriving && (
            <span className={styles.live} role="status">
              <i className={styles.pulse} />
              still arriving
            </span>
          )}
        </span>
        <span className={styles.actions}>
          <time className="mono quiet" title={rfc3339(t.start)}>
            {formatMoment(t.start, zone)}
          </time>
          {!shared && (
            <a className={styles.action} {...link(`/compare?a=${t.id}`)}>
              Compare
            </a>
          )}
          {logs?.links?.map((l) => {
            const url = safeURL(l.url)
            return (
              url && (
                <a key={l.name} className={styles.action} href={url} target="_blank" rel="noopener noreferrer" title={`The logs of this trace in ${l.name}`}>
                  {l.name} ↗
                </a>
              )
            )
          })}
          <Copy className={styles.action} text={permalink} label="Copy link" />
          <Copy className={styles.action} text={() => t.id} label="Copy id" />
          {!shared && <Share t={t} />}
        </span>
      </div>
      {t.verdict && (
        <p className={styles.verdict}>
          <Verdict text={t.verdict.text} share={t.verdict.share} />{' '}
          <button type="button" className={styles.go} onClick={() => goTo(t.verdict?.node ?? 0)}>
            Go to it <kbd>b</kbd>
          </button>
        </p>
      )}
      {t.firstError && (
        <p className={styles.verdict}>
          <span className="error">{capital(t.firstError.text)}</span>{' '}
          <button type="button" className={styles.go} onClick={() => goTo(t.firstError?.node ?? 0)}>
            Go to it
          </button>
        </p>
      )}
      <Remarks t={t} missing={[...t.partial, ...missingLogs(logs)]} goTo={goTo} />
    </header>
  )
}

/** The share stands out, since it is what one reads first. */
function Verdict({ text, share }: { text: string; share: number }) {
  const head = percent(share)
  return text.startsWith(head) ? (
    <>
      <b>{head}</b>
      {text.slice(head.length)}
    </>
  ) : (
    text
  )
}

const capital = (s: string) => s.slice(0, 1).toUpperCase() + s.slice(1)

/** Why log records are missing. */
function missingLogs(logs: LogAnswer | undefined): string[] {
  if (!logs) return []
  const why = (logs.partial ?? []).map((w) => `log records: ${w}`)
  if (logs.next) why.push(`there are more log records than the oldest ${formatCount(logs.logs.length)}, which are shown; “everspan logs --trace” narrows them by severity and text`)
  return why
}

function Remarks({ t, missing, goTo }: { t: Trace; missing: string[]; goTo: (node: number) => void }) {
  const [open, setOpen] = useState('')
  const all = remarksOf(t)
  const shown = all.find((r) => r.flag === open)
  if (all.length === 0 && missing.length === 0) return null
  return (
    <div className={styles.remarks}>
      {all.map((r) => (
        <button key={r.flag} type="button" className={styles.chip} aria-expanded={open === r.flag} onClick={() => setOpen(open === r.flag ? '' : r.flag)}>
          {r.name}
        </button>
      ))}
      {shown && (
        <p className={styles.explain}>
          {shown.text}{' '}
          <button type="button" className={styles.go} onClick={() => goTo(firstOf(t, shown.flag))}>
            Show the first
          </button>
        </p>
      )}
      {missing.map((why) => (
        <p key={why} className={styles.partial}>
          <b>Not complete:</b> {why}
        </p>
      ))}
    </div>
  )
}
