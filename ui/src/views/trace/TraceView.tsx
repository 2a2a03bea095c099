import { useEffect, useState } from 'react'
import { Problem } from '../../base/api'
import { link } from '../../base/location'
import { Loaded } from './Loaded'
import styles from './TraceView.module.css'
import { useTrace } from './useTrace'

/** TraceView shows one trace, or why it can't. */
export function TraceView({ id }: { id: string }) {
  const { data, error, refetch, failureCount, arriving } = useTrace(id)
  if (data) return <Loaded t={data} arriving={arriving} lost={error !== null} />
  if (error) return <Wrong id={id} error={error} again={() => void refetch()} />
  return <Loading lost={failureCount > 0} />
}

/** Nothing for 200 ms, then the outline of the view, after two seconds words. */
function Loading({ lost }: { lost: boolean }) {
  const [stage, setStage] = useState(0)
  useEffect(() => {
    const timers = [setTimeout(() => setStage(1), 200), setTimeout(() => setStage(2), 2000)]
    return () => timers.forEach(clearTimeout)
  }, [])
  if (stage === 0 && !lost) return null
  return (
    <div className={styles.skeleton} aria-busy="true">
      <i style={{ width: '40%', height: 28 }} />
      <i style={{ width: '70%', height: 20 }} />
      <i style={{ width: '100%', height: 48 }} />
      {[96, 80, 60, 70, 30, 55, 40, 20].map((w, i) => (
        <i key={i} style={{ width: `${w * 0.6}%`, height: 12, marginLeft: `${i * 2}%` }} />
      ))}
      {lost ? (
        <p role="status">The server does not answer. This page keeps trying.</p>
      ) : (
        stage === 2 && (
          <p role="status">
            Reading the trace … <a {...link('/')}>Cancel</a>
          </p>
        )
      )}
    </div>
  )
}

function Wrong({ id, error, again }: { id: string; error: Error; again: () => void }) {
  const unknown = error instanceof Problem && error.status === 404
  return (
    <div className={styles.wrong} role="alert">
      <h1>{unknown ? 'This trace is not here' : 'The trace could not be read'}</h1>
      <p className="mono">{id}</p>
      {unknown ? (
        <ul>
          <li>It may be on its way: SDKs send spans some seconds after they end. This page asks again for a quarter of a minute.</li>
          <li>It may not have been sampled, or its service does not send to this server.</li>
          <li>It may be older than what is kept here.</li>
        </ul>
      ) : (
        <p>
          {error.message}. {error instanceof Problem && error.hint}
        </p>
      )}
      <p className={styles.ways}>
        <button type="button" className="button primary" onClick={again}>
          Try again
        </button>
        <a {...link('/')}>Find traces</a>
      </p>
    </div>
  )
}
