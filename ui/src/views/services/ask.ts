import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { type Attr, getJSON, type QueryAnswer, type Series } from '../../base/api'
import { quote } from '../../query/quote'
import { queryURL } from '../find/ask'
import { bounds, type Range, rangeParams } from '../find/range'

// Numbers of services and their operations: metrics of the spans that take requests.

const most = 10_000 // series: what the server gives at once
export const entry = 'kind = server || kind = consumer'

export type Line = { key: string; calls: number; errors: number; rate: number; p50: number | null; p95: number | null; spark: number[]; bad: number[] }

/** One answer of a metrics query; step 0 is a single value of the whole time. */
export function useMetric(q: string, range: Range, step: string | null, enabled = true) {
  return useQuery({
    queryKey: ['metric', q, rangeParams(range), step],
    queryFn: ({ signal }) => getJSON<QueryAnswer>(queryURL(q, { ...rangeParams(range), series: String(most), ...(step ? { step } : {}) }), signal),
    placeholderData: keepPreviousData,
    enabled,
  })
}

const value = (s: Series, i = 0): number => (typeof s.values[i] === 'number' ? s.values[i] : 0)
export const label = (labels: Attr[], name: string): string => {
  const a = labels.find((l) => l.name === name || l.name === 'span:' + name)
  return !a || a.type === 'nil' ? '' : a.value
}

/** The filter of what takes requests, of all services or of one. */
export const filterOf = (service: string | null): string =>
  service === null ? `{ ${entry} }` : `{ resource.service.name = ${quote(service)} && (${entry}) }`

/** The services, or the operations of one: a line each, the busiest first. */
export function useLines(service: string | null, range: Range) {
  const by = service === null ? 'resource.service.name' : 'name'
  const filter = filterOf(service)
  const totals = useMetric(`${filter} | count_over_time() by(${by}, status)`, range, '0s')
  const quantiles = useMetric(`${filter} | quantile_over_time(duration, .5, .95) by(${by})`, range, '0s')
  const length = Number(bounds(range).to - bounds(range).from) / 1e9
  const spark = useMetric(`${filter} | count_over_time() by(${by}, status)`, range, `${Math.max(Math.ceil(length / 60), 1)}s`)
  const lines = useMemo(() => joinLines(by, totals.data, quantiles.data, spark.data, length), [by, totals.data, quantiles.data, spark.data, length])
  return { lines, totals, quantiles, spark }
}

/** Joins the three answers to lines. */
export function joinLines(by: string, totals?: QueryAnswer, quantiles?: QueryAnswer, spark?: QueryAnswer, seconds = 1): Line[] {
  const all = new Map<string, Line>()
  const get = (labels: Attr[]): Line => {
    const key = label(labels, by)
    let l = all.get(key)
    if (!l) {
      l = { key, calls: 0, errors: 0, rate: 0, p50: null, p95: null, spark: [], bad: [] }
      all.set(key, l)
    }
    return l
  }
  const failed = (s: Series) => s.labels.some((l) => l.name.endsWith('status') && l.value === 'error')
  for (const s of totals?.series ?? []) {
    const l = get(s.labels)
    l.calls += value(s)
    if (failed(s)) l.errors += value(s)
    l.rate = l.calls / seconds
  }
  for (const s of quantiles?.series ?? []) {
    const v = s.values[0]
    if (typeof v === 'number') get(s.labels)[Number(label(s.labels, 'p')) < 0.9 ? 'p50' : 'p95'] = v * 1e9
  }
  for (const s of spark?.series ?? []) {
    const l = all.get(label(s.labels, by))
    if (!l) continue
    // The last step goes on still: it would look like a fall.
    const whole = s.values.length > 3 && Number(spark?.times?.at(-1) ?? 0) / 1e6 > Date.now() ? s.values.length - 1 : s.values.length
    for (let i = 0; i < whole; i++) {
      l.spark[i] = (l.spark[i] ?? 0) + value(s, i)
      l.bad[i] = (l.bad[i] ?? 0) + (failed(s) ? value(s, i) : 0)
    }
  }
  return [...all.values()].toSorted((a, b) => b.calls - a.calls || (a.key < b.key ? -1 : 1))
}
