import { formatDuration } from '../../base/time'
import { formatCount } from '../../timeline/label'
import type { Found } from './ask'
import styles from './Find.module.css'

export function bytes(n: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let i = 0
  while (n >= 999.5 && i < units.length - 1) {
    n /= 1000
    i++
  }
  return `${i === 0 ? n : n.toPrecision(3)} ${units[i]}`
}

/** What a query cost. */
export function Cost({ found, more }: { found: Found; more: boolean }) {
  const { cost } = found
  const said = [
    found.traces.length ? `${formatCount(found.traces.length)}${more ? '+' : ''} ${found.traces.length === 1 ? 'trace' : 'traces'}` : '',
    `${formatCount(cost.spans)} spans examined`,
    cost.blocks ? `${formatCount(cost.blocks - cost.blocksPruned)} of ${formatCount(cost.blocks)} blocks read` : '',
    cost.bytes ? bytes(cost.bytes) : '',
    formatDuration(cost.elapsedNano),
  ].filter(Boolean)
  return (
    <footer className={styles.cost}>
      <p className="quiet">{said.join(' · ')}</p>
    </footer>
  )
}
