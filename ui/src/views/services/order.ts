import type { Line } from './ask'

// The order of a table of services or operations.

export const sorts = ['name', 'calls', 'errors', 'p50', 'p95'] as const
export type Sort = (typeof sorts)[number]
export const usual: Sort = 'calls'

export const readSort = (text: string | null): Sort => sorts.find((s) => s === text) ?? usual

const figure = (l: Line, by: Sort): number => (by === 'errors' ? l.errors / Math.max(l.calls, 1) : by === 'name' ? 0 : (l[by] ?? -1))

/** Lines whose name contains the text, the greatest first, names from A to Z. */
export function ordered(lines: Line[], filter: string, by: Sort): Line[] {
  const text = filter.trim().toLowerCase()
  const kept = text ? lines.filter((l) => l.key.toLowerCase().includes(text)) : lines
  return kept.toSorted((a, b) => figure(b, by) - figure(a, by) || (by === 'name' ? 0 : b.calls - a.calls) || a.key.localeCompare(b.key))
}
