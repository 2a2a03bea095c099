import type { Trace } from '../trace/decode'
import type { Tree } from '../trace/tree'

// Runs of alike siblings: five or more in a row with the same service and name, as a loop
// that asks a database once an item makes them. They are drawn as one row that opens.

export const leastRun = 5

export type Runs = {
  head: Int32Array // by node: the first of its run
  count: Int32Array // by head: how many
  end: Int32Array // by head: the first node behind the run and all below it
  total: Float64Array // by head: ns of all
  errors: Int32Array // by head
  critical: Float64Array // by head: ns of the run's spans and those below them on the critical path
}

export function runsOf(t: Trace, tree: Tree): Runs {
  const n = t.nodes
  const r: Runs = {
    head: new Int32Array(n),
    count: new Int32Array(n),
    end: new Int32Array(n),
    total: new Float64Array(n),
    errors: new Int32Array(n),
    critical: new Float64Array(n),
  }
  const last = new Int32Array(n + 1).fill(-1) // by parent + 1: the sibling before
  const missing = 1 << t.flagNames.indexOf('missing')
  for (let i = 0; i < n; i++) {
    const p = (t.parent[i] ?? -1) + 1
    const before = last[p] ?? -1
    last[p] = i
    let h = i
    if (before >= 0 && t.name[before] === t.name[i] && t.service[before] === t.service[i] && !((t.flags[i] ?? 0) & missing)) {
      h = r.head[before] ?? i
    }
    r.head[i] = h
    r.count[h] = (r.count[h] ?? 0) + 1
    r.end[h] = tree.end[i] ?? 0
    r.total[h] = (r.total[h] ?? 0) + (t.length[i] ?? 0)
    if (t.status[i] === 2) r.errors[h] = (r.errors[h] ?? 0) + 1
  }
  for (let h = 0; h < n; h++) {
    if ((r.count[h] ?? 0) < leastRun) continue
    let sum = 0
    for (let i = h; i < (r.end[h] ?? 0); i++) sum += t.critical[i] ?? 0
    r.critical[h] = sum
  }
  return r
}

/** Whether a node is part of a run that is long enough to be drawn as one. */
export const inRun = (r: Runs, node: number): boolean => (r.count[r.head[node] ?? 0] ?? 0) >= leastRun

/** Whether the spans of a run are calls, which could have been one. */
export const isCall = (t: Trace, head: number): boolean => t.kinds[t.kind[head] ?? 0] === 'client'
