import { describe, expect, it } from 'vitest'
import type { Series } from '../src/base/api'
import { flameByOperation, flameByTime } from '../src/trace/flame'
import { placeOf, walk } from '../src/trace/walk'
import { fullest, gridOf, walkCells } from '../src/views/find/metrics/grid'
import { makeTrace } from './trace-make'

// a has b, c and d; c and d overlap, so that they stand in two lanes; c has e. f is a second top.
const t = makeTrace([
  { name: 'a', depth: 0, begin: 0, length: 100 },
  { name: 'b', depth: 1, begin: 0, length: 20 },
  { name: 'c', depth: 1, begin: 30, length: 40 },
  { name: 'e', depth: 2, begin: 35, length: 10 },
  { name: 'd', depth: 1, begin: 40, length: 50 },
  { name: 'f', depth: 0, begin: 100, length: 10 },
])

describe('arrows in a flame graph by time', () => {
  const f = flameByTime(t, t.begin)
  const name = (frame: number) => (frame < 0 ? '' : (t.names[t.name[f.node[frame] ?? 0] ?? 0] ?? ''))
  const frame = (n: string) => [...f.node].findIndex((_, i) => name(i) === n)
  it.each([
    ['', 'ArrowDown', 'a'],
    ['', 'ArrowLeft', 'a'],
    ['a', 'ArrowDown', 'b'],
    ['a', 'ArrowUp', 'a'],
    ['a', 'ArrowRight', 'f'],
    ['f', 'ArrowLeft', 'a'],
    ['f', 'ArrowRight', 'f'],
    ['f', 'ArrowDown', 'f'],
    ['b', 'ArrowRight', 'c'],
    ['b', 'ArrowLeft', 'b'],
    ['c', 'ArrowRight', 'd'],
    ['d', 'ArrowLeft', 'c'],
    ['c', 'ArrowLeft', 'b'],
    ['c', 'ArrowDown', 'e'],
    ['e', 'ArrowUp', 'c'],
    ['e', 'ArrowRight', 'e'],
    ['d', 'ArrowUp', 'a'],
    ['d', 'Home', 'a'],
    ['d', 'Enter', ''],
    ['d', 'x', ''],
  ])('from “%s” by %s to “%s”', (from, key, to) => expect(name(walk(f, from ? frame(from) : -1, key))).toBe(to))
  it.each([
    ['a', { place: 1, of: 2, level: 1 }],
    ['d', { place: 3, of: 3, level: 2 }],
    ['e', { place: 1, of: 1, level: 3 }],
  ])('the place of %s', (n, want) => expect(placeOf(f, frame(n))).toEqual(want))
  it('every frame is reached, and the way back leads to the first', () => {
    const seen = new Set([0])
    for (const at of seen) for (const key of ['ArrowDown', 'ArrowRight']) seen.add(walk(f, at, key))
    expect(seen.size).toBe(f.count)
    for (let at of seen) {
      for (let n = 0; n < 20; n++) at = walk(f, walk(f, at, 'ArrowUp'), 'ArrowLeft')
      expect(at).toBe(0)
    }
  })
})

describe('arrows in a merged flame graph', () => {
  it('spans that begin alike are told apart by their order', () => {
    const alike = makeTrace([{ name: 'a', depth: 0, begin: 0, length: 9 }, ...['x', 'y', 'z'].map((name) => ({ name, depth: 1, begin: 3, length: 0 }))])
    const f = flameByOperation(alike)
    const way = ['ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight'].reduce<number[]>((all, key) => [...all, walk(f, all.at(-1) ?? -1, key)], [0])
    expect(new Set(way).size).toBe(4)
    expect(way.at(-1)).toBe(way.at(-2))
  })
  it('an empty one leads nowhere', () => expect(walk(flameByOperation(makeTrace([])), -1, 'ArrowDown')).toBe(-1))
})

describe('arrows in a heat map', () => {
  const bucket = (value: number, values: (number | null)[]): Series => ({ labels: [{ name: '__bucket', type: 'float', value: String(value) }], values })
  const g = gridOf({ series: [bucket(1, [1, 0, 7, null]), bucket(4, [0, 7, 0, 1])] }) // 2 is empty between them
  const at = (column: number, row: number) => ({ column, row })
  it('has all rows', () => expect([g.rows.map((r) => r.top), g.most, g.total]).toEqual([[1, 2, 4], 7, 16]))
  it.each([
    [null, 'ArrowUp', at(1, 2)],
    [at(1, 1), 'ArrowUp', at(1, 2)],
    [at(1, 2), 'ArrowUp', at(1, 2)],
    [at(1, 1), 'ArrowDown', at(1, 0)],
    [at(1, 0), 'ArrowDown', at(1, 0)],
    [at(0, 1), 'ArrowLeft', at(0, 1)],
    [at(2, 1), 'ArrowRight', at(3, 1)],
    [at(3, 1), 'ArrowRight', at(3, 1)],
    [at(2, 1), 'Home', at(0, 1)],
    [at(2, 1), 'End', at(3, 1)],
    [at(2, 1), 'Enter', null],
  ])('from %o by %s to %o', (from, key, to) => expect(walkCells(g, 4, from, key)).toEqual(to))
  it('begins in the fullest cell', () => {
    expect(fullest(g)).toEqual(at(1, 2))
    expect(fullest(gridOf({ series: [bucket(1, [0, null])] }))).toBeNull()
    expect(walkCells(gridOf({ series: [] }), 0, null, 'ArrowUp')).toBeNull()
  })
})
