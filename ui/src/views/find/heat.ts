import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { getJSON, type QueryAnswer } from '../../base/api'
import { type Moment, moment } from '../../base/time'
import { conditions } from '../../query/conditions'
import { queryURL } from './ask'
import { gridOf } from './metrics/grid'
import { type Range, rangeParams } from './range'

// When there are more traces than the list has, the server counts all of them by time and
// duration, and the picture shows how many are where.

export type HeatCell = { from: Moment; to: Moment; least: number; most: number; count: number } // durations in ns
export type Heat = { cells: HeatCell[]; most: number; total: number }

/** The question behind the heat: of every trace its root, or the spans that match. */
export const heatQuery = (q: string): string => (conditions(q)?.length === 0 ? '{ nestedSetParent < 0 }' : q) + ' | histogram_over_time(trace:duration)'

export function heatOf(answer: Pick<QueryAnswer, 'series' | 'times' | 'stepNano'>): Heat {
  const grid = gridOf(answer)
  const step = BigInt(answer.stepNano ?? 0)
  const times = (answer.times ?? []).map(moment)
  const cells: HeatCell[] = []
  for (const row of grid.rows) {
    row.values.forEach((count, i) => {
      const to = times[i]
      if (count && to !== undefined) cells.push({ from: (to - step) as Moment, to, least: (row.top / 2) * 1e9, most: row.top * 1e9, count })
    })
  }
  return { cells, most: grid.most, total: grid.total }
}

export function useHeat(q: string, range: Range, enabled: boolean): Heat | null {
  const { data } = useQuery({
    queryKey: ['heat', q, rangeParams(range)],
    queryFn: ({ signal }) => getJSON<QueryAnswer>(queryURL(heatQuery(q), rangeParams(range)), signal),
    placeholderData: keepPreviousData,
    enabled,
  })
  return useMemo(() => (enabled && data ? heatOf(data) : null), [enabled, data])
}
