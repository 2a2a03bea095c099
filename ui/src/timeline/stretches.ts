import type { Stretches } from '../trace/decode'

// Stretches of time by node: those of node n are entries first[n] to first[n+1], in order of
// time. So a row draws its own without looking at the others.

export type ByNode = { first: Int32Array; from: Float64Array; to: Float64Array }

/** shift is what was added to each node's begin, if clocks were adjusted. */
export function byNode(nodes: number, s: Stretches, shift: Float64Array | null = null): ByNode {
  const first = new Int32Array(nodes + 1)
  const n = s.node.length
  for (let i = 0; i < n; i++) first[(s.node[i] ?? 0) + 1]!++
  for (let i = 0; i < nodes; i++) first[i + 1]! += first[i] ?? 0
  const at = first.slice()
  const from = new Float64Array(n)
  const to = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const node = s.node[i] ?? 0
    const k = at[node]!++
    from[k] = (s.start[i] ?? 0) + (shift?.[node] ?? 0)
    to[k] = (from[k] ?? 0) + (s.duration[i] ?? 0)
  }
  return { first, from, to }
}

export const nothing = (nodes: number): ByNode => ({ first: new Int32Array(nodes + 1), from: new Float64Array(), to: new Float64Array() })
