import styles from './Find.module.css'

/** Why an answer is not complete, and how to get the rest; nothing if it is. */
export function Partial({ why, empty = false }: { why: string[]; empty?: boolean }) {
  if (!why.length) return null
  return (
    <div className={styles.partial} role="status">
      <b>{empty ? 'Nothing was found, but not everything was looked at.' : 'This answer is not complete.'}</b>
      <ul>
        {why.map((w) => (
          <li key={w}>{w}</li>
        ))}
      </ul>
      <span className="quiet">The server’s log has more.</span>
    </div>
  )
}
