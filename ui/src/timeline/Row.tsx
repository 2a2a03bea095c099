import { memo } from 'react'
import { formatDuration } from '../base/time'
import { errorOf, isError, nameOf, serviceOf, type Trace } from '../trace/decode'
import { hasFlag, type Tree } from '../trace/tree'
import { formatCount, plural, shortService } from './label'
import { runRow } from './rows'
import { isCall, type Runs } from './runs'
import styles from './Waterfall.module.css'

export type RowProps = {
  t: Trace
  tree: Tree
  runs: Runs
  row: number
  node: number
  kind: number
  depth: number
  indent: number
  y: number
  current: boolean
  open: boolean // its span is in the panel
  expanded: boolean
  match: boolean
  color: string
  gap: string
}

/** A row of the waterfall as text; its bar is drawn on the canvas over it. */
export const Row = memo(function Row(p: RowProps) {
  const { t, node } = p
  const run = p.kind === runRow
  const parent = run || (t.children[node] ?? 0) > 0
  const service = serviceOf(t, node)
  const failed = run ? (p.runs.errors[node] ?? 0) > 0 : isError(t, node)
  const missing = hasFlag(t, node, 'missing')
  const count = p.runs.count[node] ?? 0
  const below = (p.tree.end[node] ?? 0) - node - 1
  return (
    <div
      id={`row-${p.row}`}
      role="treeitem"
      aria-level={p.depth + 1}
      aria-posinset={p.tree.place[node]}
      aria-setsize={p.tree.siblings[node]}
      aria-expanded={parent ? p.expanded : undefined}
      aria-selected={p.current}
      data-row={p.row}
      className={styles.row}
      data-current={p.current || undefined}
      data-open={p.open || undefined}
      style={{ transform: `translateY(${p.y}px)` }}
    >
      <span className={styles.tree}>
        <span className={styles.guides} style={{ width: p.depth * p.indent, backgroundSize: `${p.indent}px 100%` }} />
        <span className={styles.twist} aria-hidden="true" data-act={parent ? 'twist' : undefined}>
          {parent ? (p.expanded ? '▾' : '▸') : ''}
        </span>
        <span className={styles.dot} style={{ background: p.color }} />
        {failed && <span className={styles.bang} aria-hidden="true">!</span>}
        {service && (
          <span className={styles.service} style={{ color: p.color }}>
            {shortService(service)}
          </span>
        )}{' '}
        <span className={p.match ? `${styles.name} ${styles.match}` : styles.name} title={missing ? missingText : run && isCall(t, node) ? callsText(count) + nameOf(t, node) : nameOf(t, node)}>
          {run ? (
            <>
              <b>{formatCount(count)} ×</b> <bdi>{nameOf(t, node)}</bdi>
            </>
          ) : missing ? (
            <i className="quiet">parent not received</i>
          ) : (
            <bdi>{nameOf(t, node) || '(no name)'}</bdi>
          )}
        </span>
        {!run && (t.links[node] ?? 0) > 0 && (
          <span className={styles.folded} title={`Links to ${plural(t.links[node] ?? 0, 'span')}`}>
            <span aria-hidden="true">↗</span>
            <span className="hidden">, links to {plural(t.links[node] ?? 0, 'span')}</span>
          </span>
        )}
        {!run && parent && !p.expanded && <span className={styles.folded}>+{formatCount(below)}</span>}
      </span>
      <span className="hidden">{drawn(p, run, failed)}</span>
    </div>
  )
})

const missingText =
  'Spans below name this parent, but it was not received: it is still on its way, was dropped, or its service does not send. Its time is that of its children.'

const callsText = (n: number) => `${n} calls that are alike, one after the other; often one call could do (N+1):\n`

/** What the canvas shows of a row, for those who don't see it. */
function drawn(p: RowProps, run: boolean, failed: boolean): string {
  const { t, node } = p
  if (run) {
    const errors = p.runs.errors[node] ?? 0
    return `, ${formatDuration(p.runs.total[node] ?? 0)} in all${errors ? `, ${plural(errors, 'error')}` : ''}`
  }
  return `, ${formatDuration(t.length[node] ?? 0)}${failed ? `, error ${errorOf(t, node)}` : ''}${p.gap}${(t.critical[node] ?? 0) > 0 ? ', on the critical path' : ''}`
}
