import type { Trace } from './decode'

// Clocks of different machines disagree. Where a span of another service lies outside the
// time of its parent, this puts it, and all below it, back inside: in the middle, since the
// way there and the way back are taken to last the same; at its parent's start if it lasts
// longer than that. Consumers work on their own time and stay.

export type Adjusted = {
  begin: Float64Array
  shift: Float64Array // by node: what was added
  moved: number // how many spans
  most: number // the greatest shift, ns
}

export function adjustClocks(t: Trace): Adjusted {
  const n = t.nodes
  const begin = new Float64Array(n)
  const shift = new Float64Array(n)
  const consumer = t.kinds.indexOf('consumer')
  let moved = 0
  let most = 0
  for (let i = 0; i < n; i++) {
    const p = t.parent[i] ?? -1
    let by = p < 0 ? 0 : (shift[p] ?? 0) // below what moved, everything moves
    const at = (t.begin[i] ?? 0) + by
    if (p >= 0 && t.service[i] !== t.service[p] && t.kind[i] !== consumer && !missing(t, p)) {
      const from = begin[p] ?? 0
      const room = (t.length[p] ?? 0) - (t.length[i] ?? 0)
      if (at < from || at > from + room) {
        const to = room < 0 ? from : from + room / 2
        // A longer child that starts within its parent may just outlast it.
        if (room >= 0 || at < from) by += to - at
      }
    }
    shift[i] = by
    begin[i] = (t.begin[i] ?? 0) + by
    if (by !== 0) moved++
    if (Math.abs(by) > most) most = Math.abs(by)
  }
  return { begin, shift, moved, most }
}

const missing = (t: Trace, node: number) => ((t.flags[node] ?? 0) & (1 << t.flagNames.indexOf('missing'))) !== 0

/** From the first begin to the last end: adjusted spans may leave the edges of a trace empty. */
export function extentOf(begin: Float64Array, length: Float64Array): [number, number] {
  let from = Infinity
  let to = 0
  for (let i = 0; i < begin.length; i++) {
    from = Math.min(from, begin[i] ?? 0)
    to = Math.max(to, (begin[i] ?? 0) + (length[i] ?? 0))
  }
  return from < to ? [from, to] : [0, to]
}
