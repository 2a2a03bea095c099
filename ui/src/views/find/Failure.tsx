import { Problem } from '../../base/api'
import styles from './Find.module.css'

/** What went wrong, and what to do. */
export function Failure({ error, onAgain }: { error: Error; onAgain: () => void }) {
  const p = error instanceof Problem ? error : null
  const hint = p?.hint ?? ''
  return (
    <div className={styles.failure} role="alert">
      <p>
        <b className="error">{error.message}</b>
      </p>
      {hint && (hint.includes('^') ? <pre>{hint}</pre> : <p className="quiet">{hint}</p>)}
      {p?.status !== 400 && (
        <button type="button" className="button" onClick={onAgain}>
          Try again
        </button>
      )}
    </div>
  )
}

/** A line while the server does not answer; what was there stays. */
export function Unreachable({ attempts }: { attempts: number }) {
  return (
    <p className={styles.unreachable} role="status">
      The server does not answer. Trying again{attempts > 1 ? ` (${attempts})` : ''} …
    </p>
  )
}
