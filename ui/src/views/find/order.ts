import type { FoundTrace } from '../../base/api'

export type Sort = 'time' | 'duration'

/** The traces in the order of a list: the newest or the slowest first; the id decides between equals. */
export function sorted(traces: FoundTrace[], sort: Sort): FoundTrace[] {
  const by =
    sort === 'time'
      ? (a: FoundTrace, b: FoundTrace) => compare(b.startUnixNano, a.startUnixNano)
      : (a: FoundTrace, b: FoundTrace) => b.durationNano - a.durationNano
  return traces.toSorted((a, b) => by(a, b) || (a.traceId < b.traceId ? -1 : 1))
}

/** Compares decimal numbers that are not negative. */
function compare(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}
