import type { Trace } from '../trace/decode'
import { lowerBound } from '../trace/search'
import type { Tree } from '../trace/tree'
import { leastRun, type Runs } from './runs'

// Which rows the waterfall has, from the trace and what a person chose to see. It is one
// pass over the nodes, so it is made again whenever something changes.

export type Choice = {
  collapsed: ReadonlySet<number> // nodes
  opened: ReadonlySet<number> // heads of runs
  focus: number // node, -1 for all
  hidden: ReadonlySet<number> // services; what is below their spans moves up
  criticalOnly: boolean
}

export const everything: Choice = { collapsed: new Set(), opened: new Set(), focus: -1, hidden: new Set(), criticalOnly: false }

export const spanRow = 0
export const runRow = 1

/** Rows in drawing order. A run's row stands before its first span and has the same node. */
export type Rows = { count: number; node: Int32Array; depth: Int32Array; kind: Uint8Array; deepest: number }

export function rowsOf(t: Trace, tree: Tree, runs: Runs, c: Choice): Rows {
  const from = c.focus >= 0 ? c.focus : 0
  const to = c.focus >= 0 ? (tree.end[c.focus] ?? 0) : t.nodes
  const node = new Int32Array(2 * (to - from))
  const depth = new Int32Array(node.length)
  const kind = new Uint8Array(node.length)
  const below = new Int32Array(t.nodes) // the depth of a node's children
  const keep = c.criticalOnly ? onCriticalPath(t) : null
  let count = 0
  let deepest = 0
  const put = (i: number, d: number, k: number) => {
    node[count] = i
    depth[count] = d
    kind[count] = k
    count++
    if (d > deepest) deepest = d
  }
  for (let i = from; i < to; i++) {
    if (keep && !keep[i]) {
      i = (tree.end[i] ?? 0) - 1
      continue
    }
    const p = t.parent[i] ?? -1
    let d = i === from || p < from ? 0 : (below[p] ?? 0)
    if (c.hidden.has(t.service[i] ?? 0)) {
      below[i] = d
      continue
    }
    const head = runs.head[i] ?? i
    // Of a path there is one span of a run or a few; a run's row would hide it.
    if (!keep && i !== c.focus && (runs.count[head] ?? 0) >= leastRun) {
      if (head === i) {
        put(i, d, runRow)
        if (!c.opened.has(i)) {
          i = (runs.end[i] ?? 0) - 1
          continue
        }
      }
      d++
    }
    put(i, d, spanRow)
    below[i] = d + 1
    if (c.collapsed.has(i)) i = (tree.end[i] ?? 0) - 1
  }
  return { count, node: node.subarray(0, count), depth: depth.subarray(0, count), kind: kind.subarray(0, count), deepest }
}

/** By node: 1 if it or something below it is on the critical path. */
export function onCriticalPath(t: Trace): Uint8Array {
  const on = new Uint8Array(t.nodes)
  for (let i = t.nodes - 1; i >= 0; i--) {
    if ((t.critical[i] ?? 0) > 0) on[i] = 1
    const p = t.parent[i] ?? -1
    if (on[i] && p >= 0) on[p] = 1
  }
  return on
}

/** The row of a node, or if it is not drawn, the one that it is folded into; -1 for neither. */
export function rowOf(rows: Rows, node: number, kind = spanRow): number {
  let i = lowerBound(rows.node, node, 0, rows.count)
  if (i < rows.count && rows.node[i] === node) {
    if (kind === spanRow && rows.kind[i] === runRow && rows.node[i + 1] === node && i + 1 < rows.count) i++
    return i
  }
  return i - 1
}

/** The row that a row hangs from, -1 for a top. */
export function rowAbove(rows: Rows, row: number): number {
  const d = rows.depth[row] ?? 0
  for (let i = row - 1; i >= 0; i--) if ((rows.depth[i] ?? 0) < d) return i
  return -1
}

/** What must open so that a node is drawn. */
export function reveal(t: Trace, tree: Tree, runs: Runs, c: Choice, node: number): Choice {
  const collapsed = new Set(c.collapsed)
  const opened = new Set(c.opened)
  const hidden = new Set(c.hidden)
  hidden.delete(t.service[node] ?? 0)
  for (let i = node; i >= 0; i = t.parent[i] ?? -1) {
    if (i !== node) collapsed.delete(i)
    const head = runs.head[i] ?? i
    if ((runs.count[head] ?? 0) >= leastRun) opened.add(head)
  }
  const out = c.focus >= 0 && (node < c.focus || node >= (tree.end[c.focus] ?? 0))
  const criticalOnly = c.criticalOnly && onCriticalPath(t)[node] === 1
  return { collapsed, opened, hidden, focus: out ? -1 : c.focus, criticalOnly }
}
