import { useMemo, useState } from 'react'
import { OpenFile } from '../import/OpenFile'
import { examples, randomHex } from './examples'
import styles from './FirstTrace.module.css'

/** Nothing has been received yet: how to send the first span. The view turns into the first trace by itself. */
export function FirstTrace() {
  const all = useMemo(() => examples(window.location.origin, randomHex, Date.now()), [])
  const [at, setAt] = useState(0)
  const [copied, setCopied] = useState(false)
  const one = all[at]
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      window.setTimeout(() => setCopied(false), 2000)
    } catch {
      setCopied(false)
    }
  }
  return (
    <section className={styles.first}>
      <h2>No span has arrived yet</h2>
      <p>
        This server takes OTLP at <code>{window.location.origin}/v1/traces</code>, on the port of this page. The first trace shows here by
        itself.
      </p>
      <div className={styles.tabs} role="tablist" aria-label="Language">
        {all.map((e, i) => (
          <button
            key={e.name}
            type="button"
            role="tab"
            id={`tab-${i}`}
            aria-controls="first-code"
            aria-selected={i === at}
            tabIndex={i === at ? 0 : -1}
            onClick={() => setAt(i)}
            onKeyDown={(k) => {
              const step = k.key === 'ArrowRight' ? 1 : k.key === 'ArrowLeft' ? -1 : 0
              if (!step) return
              const next = (i + step + all.length) % all.length
              setAt(next)
              document.getElementById(`tab-${next}`)?.focus()
            }}
          >
            {e.name}
          </button>
        ))}
      </div>
      {one && (
        <div id="first-code" role="tabpanel" aria-labelledby={`tab-${at}`} className={styles.panel}>
          <p className="quiet">{one.about}</p>
          <pre tabIndex={0}>{one.code}</pre>
          <button type="button" className="button" onClick={() => void copy(one.code)}>
            {copied ? 'Copied' : 'Copy'}
          </button>
        </div>
      )}
      <p className={styles.file}>
        <span>Or drop a file with traces anywhere on this page: OTLP, Jaeger or Zipkin JSON.</span> <OpenFile />
      </p>
      <p className={styles.waiting} role="status">
        <span className={styles.pulse} aria-hidden="true" /> Waiting for the first span
      </p>
    </section>
  )
}
