import { describe, expect, it } from 'vitest'
import type { FoundTrace, QueryAnswer } from '../src/base/api'
import { moment } from '../src/base/time'
import { join } from '../src/views/find/ask'
import { bytes } from '../src/views/find/Cost'
import { examples } from '../src/views/find/examples'
import { looser } from '../src/views/find/loosen'
import { formatValue, roundTop, seriesName } from '../src/views/find/metrics/values'
import { sorted } from '../src/views/find/order'
import { boundsOf, boxOf, clockTicks, dotsOf, durationAt, durationTicks, heat, margin, nearest, plotOf, stepTo, timeAt, within, xOf, yOf } from '../src/views/find/plot'
import { bounds, parseMoment, rangeParams, readRange, sinceNanos, wider, writeRange } from '../src/views/find/range'
import { conditionOf, counted, tracesOf } from '../src/query/derive'
import { placeAt } from '../src/query/context'

const t0 = 1_795_458_000_000_000_000n
const trace = (id: string, second: number, ms: number, errors = 0): FoundTrace => ({
  traceId: id,
  startUnixNano: String(t0 + BigInt(second) * 1_000_000_000n),
  durationNano: ms * 1e6,
  service: 'a',
  name: 'n',
  spanCount: 1,
  errorCount: errors,
  services: null,
  spanSets: null,
})
const all = [trace('a', 0, 1), trace('b', 50, 100), trace('c', 100, 1000)]
const size = { width: 600, height: 240 }

describe('the plot', () => {
  const p = plotOf(all, moment(String(t0 + 100_000_000_000n)), size)
  it('holds every trace within its margins', () => {
    const d = dotsOf(p, all)
    for (let i = 0; i < 3; i++) {
      expect(d.x[i]).toBeGreaterThanOrEqual(margin.left)
      expect(d.x[i]).toBeLessThanOrEqual(size.width - margin.right)
      expect(d.y[i]).toBeGreaterThanOrEqual(margin.top)
      expect(d.y[i]).toBeLessThanOrEqual(size.height - margin.bottom)
    }
  })
  it('goes to and fro between places and values', () => {
    const m = moment(String(t0 + 30_000_000_000n))
    expect(Number(timeAt(p, xOf(p, m)) - m)).toBeLessThan(1e4)
    expect(durationAt(p, yOf(p, 5e7))).toBeCloseTo(5e7, -3)
  })
  it('a box means the traces in it', () => {
    const d = dotsOf(p, all)
    const box = boxOf((d.x[2] ?? 0) + 5, (d.y[2] ?? 0) - 5, (d.x[1] ?? 0) - 5, (d.y[1] ?? 0) + 5)
    expect(within(d, box)).toEqual([1, 2])
    const b = boundsOf(p, box)
    expect(b.from < moment(all[1]?.startUnixNano ?? '') && b.to >= moment(all[2]?.startUnixNano ?? '')).toBe(true)
    expect(b.min).toBeLessThan(100e6)
    expect(b.max).toBeGreaterThan(1000e6)
  })
  it('finds the dot nearby', () => {
    const d = dotsOf(p, all)
    expect(nearest(d, (d.x[1] ?? 0) + 3, d.y[1] ?? 0, 10)).toBe(1)
    expect(nearest(d, 300, 5, 2)).toBe(-1)
  })
  it('counts for a heat map', () => {
    const h = heat({ x: new Float32Array([1, 2, 25]), y: new Float32Array([1, 3, 12]) }, { width: 30, height: 20 }, 10)
    expect([...h.counts]).toEqual([2, 0, 0, 0, 0, 1])
    expect(h.most).toBe(2)
  })
  it('has a width with one trace, and with none', () => {
    for (const some of [[trace('a', 0, 0)], []]) {
      const one = plotOf(some, moment(String(t0)), size)
      expect(one.high - one.low).toBeGreaterThanOrEqual(1)
      expect(one.time.span()).toBeGreaterThan(0)
    }
  })
  it('ticks are round', () => {
    expect(durationTicks(6, 9, 5)).toEqual([1e6, 1e7, 1e8, 1e9])
    const ticks = clockTicks(moment(String(t0)), moment(String(t0 + 60_000_000_000n)), 4, 0)
    expect(ticks.map((t) => Number((t - t0) / 1_000_000_000n) % 15)).toEqual(ticks.map(() => 0))
  })
})

describe('the time', () => {
  it.each([
    ['', { since: '1h' }],
    ['since=15m', { since: '15m' }],
    ['since=7d', { since: '168h' }],
    ['since=never', { since: '1h' }],
    ['from=1795458000', { from: t0, to: null }],
    [`from=${t0}&to=2026-11-23T18:21:00.5Z`, { from: t0, to: 1_795_458_060_500_000_000n }],
  ])('of ?%s', (q, want) => expect(readRange(new URLSearchParams(q))).toEqual(want))
  it('goes through the address', () => {
    const r = readRange(new URLSearchParams(`from=${t0 + 7n}&to=${t0 + 9n}`))
    const w = Object.entries(writeRange(r)).filter((e): e is [string, string] => e[1] !== null)
    expect(readRange(new URLSearchParams(w))).toEqual(r)
  })
  it('keeps nanoseconds for the server', () =>
    expect(rangeParams({ from: moment(String(t0 + 7n)), to: null })).toEqual({ from: '2026-11-23T18:20:00.000000007Z' }))
  it('widens step by step', () => {
    expect(wider({ since: '15m' })).toEqual({ since: '1h' })
    expect(wider({ since: '168h' })).toBeNull()
    expect(Number(bounds({ since: '1h' }, moment(String(t0))).from)).toBe(Number(t0 - 3600_000_000_000n))
  })
  it('reads spans of time', () => expect([sinceNanos('1h30m'), sinceNanos('x'), parseMoment('x')]).toEqual([5400e9, null, null]))
})

describe('pages', () => {
  const scanned = { blocks: 2, blocksPruned: 1, blocksRead: 1, traces: 3, spans: 10, bytes: 5, elapsedNano: 7 }
  const one: QueryAnswer = { query: '', traces: [trace('a', 2, 1), trace('b', 1, 1)], next: 'x', scanned, partial: ['late'] }
  const two: QueryAnswer = { query: '', traces: [trace('b', 1, 1), trace('c', 0, 9)], scanned, partial: ['late'] }
  it('join to one answer', () => {
    const f = join([one, two])
    expect(f.traces.map((t) => t.traceId)).toEqual(['a', 'b', 'c'])
    expect(f.cost).toEqual({ spans: 20, traces: 6, bytes: 10, elapsedNano: 14, blocks: 2, blocksPruned: 1 })
    expect(f.partial).toEqual(['late'])
  })
  it('are sorted by time or duration', () => {
    const f = join([one, two])
    expect(sorted(f.traces, 'duration')[0]?.traceId).toBe('c')
    expect(sorted(f.traces.toReversed(), 'time').map((t) => t.traceId)).toEqual(['a', 'b', 'c'])
  })
})

describe('words and numbers', () => {
  it('loosens', () => {
    expect(looser('{ a = 1 && b = 2 }').map((l) => l.query)).toEqual(['{ b = 2 }', '{ a = 1 }'])
    expect(looser('{ a = 1 } | count() > 2').map((l) => l.query)).toEqual(['{ a = 1 }'])
    expect(looser('{ }')).toEqual([])
  })
  it('names series', () => {
    const a = (name: string, value: string, type = 'string') => ({ name, type, value })
    expect(seriesName([a('resource.service.name', 'x'), a('p', '0.95', 'float')])).toBe('x · p95')
    expect(seriesName([a('span.db.system', 'nil', 'nil')])).toBe('no db.system')
    expect(seriesName([])).toBe('all')
  })
  it('writes values', () => {
    expect([formatValue(0.0123, 's'), formatValue(12.345, '1/s'), formatValue(12345, ''), formatValue(0, '')]).toEqual(['12.3 ms', '12.3/s', '12\u202f345', '0'])
    expect([bytes(12), bytes(2_000_000)]).toEqual(['12 bytes', '2.00 MB'])
    expect([roundTop([1.1, null]), roundTop([]), roundTop([99])]).toEqual([1.5, 1, 120])
  })
  it('goes from a series to its traces', () => {
    const q = '{ kind = server } | quantile_over_time(duration, .5) by(resource.service.name)'
    expect(counted(q)).toEqual({ base: '{ kind = server }', call: 'quantile_over_time', argument: 'duration' })
    expect(tracesOf(q, [{ name: 'resource.service.name', type: 'string', value: 'a"b' }, { name: 'p', type: 'float', value: '0.5' }])).toBe(
      '{ kind = server && resource.service.name = "a\\"b" }',
    )
    expect(tracesOf('({ } | rate()) / ({ } | rate())', [])).toBeNull()
    expect(conditionOf({ name: 'span.x', type: 'nil', value: 'nil' })).toBe('span.x = nil')
  })
  it('examples name this server', () => {
    for (const e of examples('http://h:1', (n) => 'ab'.repeat(n), 1000)) expect(e.code).toContain('http://h:1')
  })
})

describe('what completion offers', () => {
  it.each([
    ['{ ', 'name'],
    ['{ resource.serv', 'name'],
    ['{ name = ', 'value'],
    ['{ name = "GE', 'value'],
    ['{ name = "x" ', 'operator'],
    ['{ name = "x" && ', 'name'],
    ['{ } | ra', 'stage'],
    ['{ } | rate() by(', 'name'],
    ['{ } ', 'filter'],
  ])('at the end of %j is a %s', (text, want) => expect(placeAt(text, text.length).want).toBe(want))
  it('narrows values by the conditions before', () => {
    const p = placeAt('{ resource.service.name = "x" && name = "', 41)
    expect(p).toMatchObject({ want: 'value', name: 'name', others: '{ resource.service.name = "x" }' })
  })
})

describe('arrows over the dots', () => {
  const size = { width: 864, height: 230 } // 800 by 200 within the margins
  it.each([
    [{ x: 400, y: 100 }, 'ArrowLeft', { x: 380, y: 100 }],
    [{ x: 400, y: 100 }, 'ArrowUp', { x: 400, y: 90 }],
    [{ x: margin.left + 5, y: 100 }, 'ArrowLeft', { x: margin.left, y: 100 }],
    [{ x: 850, y: 100 }, 'ArrowRight', { x: 852, y: 100 }],
    [{ x: 400, y: 205 }, 'ArrowDown', { x: 400, y: 208 }],
    [{ x: 400, y: 100 }, 'Enter', null],
  ])('from %o by %s to %o', (at, key, to) => expect(stepTo(size, at, key)).toEqual(to))
})
