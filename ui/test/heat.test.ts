import { expect, test } from 'vitest'
import { heatOf, heatQuery } from '../src/views/find/heat'
import { plotOf, xOf, yOf } from '../src/views/find/plot'
import { moment } from '../src/base/time'

test.each([
  ['{ }', '{ nestedSetParent < 0 } | histogram_over_time(trace:duration)'],
  ['', '{ nestedSetParent < 0 } | histogram_over_time(trace:duration)'],
  ['{ status = error }', '{ status = error } | histogram_over_time(trace:duration)'],
])('of %s', (q, want) => expect(heatQuery(q)).toBe(want))

test('cells end at the time of their sample, and reach from half a bucket to its top', () => {
  const bucket = (value: string, values: (number | null)[]) => ({ labels: [{ name: '__bucket', type: 'double', value }], values })
  const heat = heatOf({ times: ['60000000000', '120000000000'], stepNano: 60e9, series: [bucket('0.5', [3, null]), bucket('2', [0, 9])] })
  expect(heat).toEqual({
    most: 9,
    total: 12,
    cells: [
      { from: 0n, to: 60_000_000_000n, least: 0.25e9, most: 0.5e9, count: 3 },
      { from: 60_000_000_000n, to: 120_000_000_000n, least: 1e9, most: 2e9, count: 9 },
    ],
  })
  // The plot holds them all.
  const plot = plotOf([], moment('120000000000'), { width: 800, height: 220 }, heat.cells)
  for (const c of heat.cells) {
    expect(xOf(plot, c.from)).toBeGreaterThanOrEqual(52)
    expect(xOf(plot, c.to)).toBeLessThanOrEqual(788)
    expect(yOf(plot, c.most)).toBeGreaterThanOrEqual(8)
    expect(yOf(plot, c.least)).toBeLessThanOrEqual(198)
  }
})
