import type { Attr, Series } from '../../../base/api'
import { formatDuration } from '../../../base/time'
import { formatCount } from '../../../timeline/label'

// Numbers and names of series as people read them.

export function formatValue(v: number, unit: string): string {
  if (unit === 's') return formatDuration(v * 1e9)
  const size = Math.abs(v)
  const text = size === 0 ? '0' : size >= 1000 ? formatCount(Math.round(v)) : String(Number(v.toPrecision(3)))
  return unit === '1/s' ? text + '/s' : unit ? `${text} ${unit}` : text
}

/** The name of a series: the values of its labels. */
export function seriesName(labels: Attr[]): string {
  if (!labels.length) return 'all'
  return labels
    .map((a) => {
      if (a.name === 'p') return 'p' + Number((Number(a.value) * 100).toPrecision(4))
      if (a.type === 'nil') return `no ${a.name.replace(/^(span|resource)\./, '')}`
      return a.type === 'string' && a.value === '' ? '(empty)' : a.value
    })
    .join(' · ')
}

const num = (v: unknown): number | null => (typeof v === 'number' && Number.isFinite(v) ? v : null)
export const numbers = (s: Series): (number | null)[] => s.values.map(num)

/** The greatest value of all series, and a round number above it for the axis. */
export function roundTop(values: Iterable<number | null>): number {
  let most = 0
  for (const v of values) most = Math.max(most, v ?? 0)
  if (most <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(most))
  return ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((m) => m * power >= most * 1.02) ?? 12) * power
}

/** A round number above for durations, whose units are not tens. */
export function ticksTo(top: number): number[] {
  return [0, top / 4, top / 2, (3 * top) / 4, top]
}
