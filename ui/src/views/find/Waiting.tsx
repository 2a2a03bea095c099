import { useEffect, useState } from 'react'
import styles from './Waiting.module.css'

/** Nothing before 200 ms, then a skeleton; after 2 s what is being done, and how to stop it. */
export function Waiting({ what, onCancel, rows = 8 }: { what: string; onCancel?: (() => void) | undefined; rows?: number }) {
  const stage = useStage()
  if (stage === 0) return null
  return (
    <div className={styles.waiting} role="status">
      <span className="hidden">{what}</span>
      {stage === 2 && (
        <p>
          {what}{' '}
          {onCancel && (
            <button type="button" className="button" onClick={onCancel}>
              Cancel
            </button>
          )}
        </p>
      )}
      <div className={styles.block} aria-hidden="true" />
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className={styles.row} aria-hidden="true" />
      ))}
    </div>
  )
}

function useStage(): 0 | 1 | 2 {
  const [stage, set] = useState<0 | 1 | 2>(0)
  useEffect(() => {
    const a = window.setTimeout(() => set(1), 200)
    const b = window.setTimeout(() => set(2), 2000)
    return () => {
      window.clearTimeout(a)
      window.clearTimeout(b)
    }
  }, [])
  return stage
}
