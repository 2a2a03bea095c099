import { numbers } from './values'
import type { Answer } from './Metrics'

// The cells of a heat map, and how arrows go through them.

export type Grid = { rows: { top: number; values: (number | null)[] }[]; most: number; total: number }
export type Cell = { column: number; row: number }

/** The buckets as rows from the least to the greatest, empty ones between them as well. */
export function gridOf(answer: Pick<Answer, 'series'>): Grid {
  const by = new Map<number, (number | null)[]>()
  for (const s of answer.series ?? []) by.set(Math.round(Math.log2(Number(s.labels[0]?.value) || 1)), numbers(s))
  const keys = [...by.keys()]
  const rows: Grid['rows'] = []
  for (let k = Math.min(...keys); k <= Math.max(...keys); k++) rows.push({ top: 2 ** k, values: by.get(k) ?? [] })
  let [most, total] = [0, 0]
  for (const r of rows) for (const v of r.values) [most, total] = [Math.max(most, v ?? 0), total + (v ?? 0)]
  return { rows, most, total }
}

/** The cell with the most spans, the latest of several; null if there is none. */
export function fullest(g: Grid): Cell | null {
  let [best, most]: [Cell | null, number] = [null, 0]
  g.rows.forEach((r, row) => r.values.forEach((v, column) => (v ?? 0) > 0 && (v ?? 0) >= most && ((best = { column, row }), (most = v ?? 0))))
  return best
}

/** The cell that a key leads to, from nowhere the fullest; null for other keys. Greater buckets are up. */
export function walkCells(g: Grid, columns: number, at: Cell | null, key: string): Cell | null {
  const steps: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1], Home: [-Infinity, 0], End: [Infinity, 0] }
  const by = steps[key]
  if (!by || !columns || !g.rows.length) return null
  if (!at) return fullest(g) ?? { column: 0, row: 0 }
  const within = (n: number, count: number) => Math.min(Math.max(n, 0), count - 1)
  return { column: within(at.column + by[0], columns), row: within(at.row + by[1], g.rows.length) }
}
