import type { Frames } from './flame'

// How arrows go through a flame graph: along the tree, as it is drawn.

const before = (f: Frames, a: number, b: number) => (f.from[a] ?? 0) - (f.from[b] ?? 0) || a - b

/** The frame that a key leads to from another, itself if there is none; from nowhere the first. -1 for other keys. */
export function walk(f: Frames, at: number, key: string): number {
  if (!/^(Arrow(Up|Down|Left|Right)|Home)$/.test(key) || f.count === 0) return -1
  if (at < 0 || at >= f.count || key === 'Home') return 0
  const parent = f.parent[at] ?? -1
  if (key === 'ArrowUp') return parent < 0 ? at : parent
  const of = key === 'ArrowDown' ? at : parent
  const side = key === 'ArrowDown' ? 0 : key === 'ArrowRight' ? 1 : -1
  let best = -1
  for (let i = 0; i < f.count; i++) {
    if (f.parent[i] !== of || i === at || side * before(f, i, at) < 0) continue
    // The nearest one: on the left the last of those before, else the first.
    if (best < 0 || (side < 0 ? before(f, i, best) > 0 : before(f, i, best) < 0)) best = i
  }
  return best < 0 ? at : best
}

/** Where a frame stands among those with the same parent, in order of time, from 1; and how deep in the tree. */
export function placeOf(f: Frames, at: number): { place: number; of: number; level: number } {
  let [place, of, level] = [1, 0, 1]
  for (let i = 0; i < f.count; i++) {
    if (f.parent[i] !== f.parent[at]) continue
    of++
    if (before(f, i, at) < 0) place++
  }
  for (let p = f.parent[at] ?? -1; p >= 0; p = f.parent[p] ?? -1) level++
  return { place, of, level }
}
