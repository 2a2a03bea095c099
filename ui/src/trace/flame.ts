import type { Trace } from './decode'

// Flame graphs: frames with a place from left to right and a lane from top to bottom.

export type Frames = {
  count: number
  from: Float64Array
  to: Float64Array
  lane: Uint16Array
  node: Int32Array // the span, or the first of its kind
  lanes: number
  most: number // the right end
  spans: Int32Array // how many a frame stands for
  parent: Int32Array // frame
  left: number // spans that found no lane
}

const mostLanes = 300

/**
 * By time: a span stands where it happened, under its parent, and spans that overlap are put
 * into lanes of their own. Lanes only fill from left to right, which may leave room, but
 * needs no more than a look at each lane.
 */
export function flameByTime(t: Trace, begin: Float64Array): Frames {
  const n = t.nodes
  const f = empty(n, t.duration)
  const filled = new Float64Array(mostLanes).fill(-Infinity)
  const laneOf = new Int16Array(n).fill(-1)
  const frameOf = new Int32Array(n).fill(-1)
  for (let i = 0; i < n; i++) {
    const p = t.parent[i] ?? -1
    const from = begin[i] ?? 0
    const to = from + (t.length[i] ?? 0)
    let lane = p < 0 ? 0 : (laneOf[p] ?? -1) + 1
    if (p >= 0 && lane === 0) lane = mostLanes // its parent found none
    while (lane < mostLanes && (filled[lane] ?? 0) > from) lane++
    if (lane >= mostLanes) {
      f.left++
      continue
    }
    filled[lane] = to
    laneOf[i] = lane
    frameOf[i] = f.count
    put(f, from, to, lane, i, 1, p < 0 ? -1 : (frameOf[p] ?? -1))
  }
  return f
}

type Merged = { key: number; node: number; self: number; total: number; spans: number; children: Map<number, Merged> }

/**
 * By self time, merged by operation: spans of the same name under the same names are one
 * frame, as wide as the time that they and those below them worked themselves.
 */
export function flameByOperation(t: Trace): Frames {
  const root: Merged = { key: -1, node: -1, self: 0, total: 0, spans: 0, children: new Map() }
  const at: Merged[] = []
  let frames = 0
  for (let i = 0; i < t.nodes; i++) {
    const p = t.parent[i] ?? -1
    const above = (p >= 0 && at[p]) || root
    const key = (t.service[i] ?? 0) * t.names.length + (t.name[i] ?? 0)
    let m = above.children.get(key)
    if (!m) {
      m = { key, node: i, self: 0, total: 0, spans: 0, children: new Map() }
      above.children.set(key, m)
      frames++
    }
    m.self += t.self[i] ?? 0
    m.spans++
    at[i] = m
  }
  const all: Merged[] = [root]
  for (let i = 0; i < all.length; i++) for (const c of all[i]?.children.values() ?? []) all.push(c)
  for (const m of all.toReversed()) {
    m.total = m.self
    for (const c of m.children.values()) m.total += c.total
  }
  const f = empty(frames, root.total)
  const stack: { m: Merged; from: number; lane: number; parent: number }[] = [{ m: root, from: 0, lane: -1, parent: -1 }]
  for (let s = stack.pop(); s; s = stack.pop()) {
    let frame = s.parent
    if (s.lane >= 0) {
      if (s.lane >= mostLanes) {
        f.left += s.m.spans
        continue
      }
      frame = f.count
      put(f, s.from, s.from + s.m.total, s.lane, s.m.node, s.m.spans, s.parent)
    }
    // The stack gives the last first: pushed from right to left, frames come from left to right.
    let to = s.from + s.m.total - s.m.self
    for (const c of [...s.m.children.values()].sort((a, b) => a.total - b.total || b.node - a.node)) {
      to -= c.total
      stack.push({ m: c, from: to, lane: s.lane + 1, parent: frame })
    }
  }
  return f
}

function empty(n: number, most: number): Frames {
  return {
    count: 0,
    from: new Float64Array(n),
    to: new Float64Array(n),
    lane: new Uint16Array(n),
    node: new Int32Array(n),
    spans: new Int32Array(n),
    parent: new Int32Array(n),
    lanes: 0,
    most,
    left: 0,
  }
}

function put(f: Frames, from: number, to: number, lane: number, node: number, spans: number, parent: number) {
  const i = f.count++
  f.from[i] = from
  f.to[i] = to
  f.lane[i] = lane
  f.node[i] = node
  f.spans[i] = spans
  f.parent[i] = parent
  f.lanes = Math.max(f.lanes, lane + 1)
}

/** The frame at a place, -1 if there is none; the later one, which is drawn on top. */
export function frameAt(f: Frames, at: number, lane: number): number {
  for (let i = f.count - 1; i >= 0; i--) {
    if (f.lane[i] === lane && (f.from[i] ?? 0) <= at && at <= (f.to[i] ?? 0)) return i
  }
  return -1
}
