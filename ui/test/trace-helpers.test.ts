import { expect, test } from 'vitest'
import { pixels, Scale } from '../src/base/scale'
import { nanos } from '../src/base/time'
import { raster } from '../src/timeline/minimap'
import { marksOf, markFrom } from '../src/timeline/marks'
import { crossedBy } from '../src/trace/crossed'
import { flameByOperation, flameByTime, frameAt } from '../src/trace/flame'
import { attribute, literal, quote } from '../src/trace/literal'
import { operationsOf, sortOperations } from '../src/trace/operations'
import { firstOf, remarksOf } from '../src/trace/remarks'
import { lowerBound, nextOf, searchTrace } from '../src/trace/search'
import { adjustClocks, extentOf } from '../src/trace/skew'
import { rankText } from '../src/views/trace/Rank'
import { type Made, makeTrace, plain } from './trace-make'

const shop: Made[] = [
  { name: 'POST /checkout', service: 'gateway', depth: 0, begin: 0, length: 100 },
  { name: 'validate', service: 'auth', depth: 1, begin: 0, length: 10 },
  { name: 'calculate', service: 'pricing', depth: 1, begin: 20, length: 60, error: 'Timeout of tax' },
  { name: 'GET tax', service: 'pricing', depth: 2, begin: 30, length: 40 },
]

test.each([
  ['checkout', [0]],
  ['PRICING', [2, 3]],
  ['tax', [2, 3]],
  ['  ', []],
  ['nothing of it', []],
  ['00000000', [0, 1, 2, 3]],
  ['0000000000000004', [3]],
  ['000', []], // three digits are not an id
])('search for %j', (text, want) => {
  expect([...searchTrace(makeTrace(shop), text)]).toEqual(want)
})

test.each([
  [-1, false, 2],
  [2, false, 5],
  [9, false, 2],
  [2, true, 9],
  [-1, true, 9],
  [6, true, 5],
])('the match next to %d, back %j', (at, back, want) => {
  expect(nextOf(Int32Array.of(2, 5, 9), at, back)).toBe(want)
})
test('of nothing there is no next', () => expect(nextOf(new Int32Array(), 3)).toBe(-1))
test('lower bounds', () => expect([0, 1, 2, 3, 9].map((v) => lowerBound([1, 2, 2, 5], v))).toEqual([0, 0, 1, 3, 4]))

test.each<[string, Made[], number[]]>([
  ['inside: as it came', [{ name: 'c', service: 'a', depth: 0, begin: 0, length: 100 }, { name: 's', service: 'b', depth: 1, begin: 10, length: 50 }], [0, 0]],
  ['before: to the middle', [{ name: 'c', service: 'a', depth: 0, begin: 1000, length: 100 }, { name: 's', service: 'b', depth: 1, begin: 0, length: 50 }], [0, 1025]],
  ['all below goes along', [{ name: 'c', service: 'a', depth: 0, begin: 1000, length: 100 }, { name: 's', service: 'b', depth: 1, begin: 0, length: 50 }, { name: 'db', service: 'b', depth: 2, begin: 5, length: 5 }], [0, 1025, 1025]],
  ['behind', [{ name: 'c', service: 'a', depth: 0, begin: 0, length: 100 }, { name: 's', service: 'b', depth: 1, begin: 500, length: 50 }], [0, -475]],
  ['longer, before: to the start', [{ name: 'c', service: 'a', depth: 0, begin: 100, length: 10 }, { name: 's', service: 'b', depth: 1, begin: 50, length: 50 }], [0, 50]],
  ['longer, starts within: as it came', [{ name: 'c', service: 'a', depth: 0, begin: 0, length: 10 }, { name: 's', service: 'b', depth: 1, begin: 5, length: 50 }], [0, 0]],
  ['the same service', [{ name: 'c', service: 'a', depth: 0, begin: 100, length: 10 }, { name: 's', service: 'a', depth: 1, begin: 0, length: 5 }], [0, 0]],
  ['a consumer', [{ name: 'p', service: 'a', depth: 0, begin: 0, length: 10 }, { name: 's', service: 'b', kind: 'consumer', depth: 1, begin: 500, length: 5 }], [0, 0]],
  ['under a placeholder', [{ name: 'p', service: '', depth: 0, begin: 0, length: 10, flags: ['missing'] }, { name: 's', service: 'b', depth: 1, begin: 500, length: 5 }], [0, 0]],
])('clocks, %s', (_, nodes, want) => {
  const t = makeTrace(nodes)
  const a = adjustClocks(t)
  expect([...a.shift]).toEqual(want)
  expect([...a.begin]).toEqual(want.map((by, i) => (nodes[i]?.begin ?? 0) + by))
  expect(a.moved).toBe(want.filter((by) => by !== 0).length)
})

test('a flame graph by time puts what overlaps into lanes', () => {
  const t = makeTrace(plain('root:0:0:100 a:1:0:50 b:1:25:50 c:1:80:10'))
  const f = flameByTime(t, t.begin)
  expect([...f.lane]).toEqual([0, 1, 2, 1])
  expect(f.lanes).toBe(3)
  expect([frameAt(f, 30, 1), frameAt(f, 30, 2), frameAt(f, 60, 1), frameAt(f, 5, 0)]).toEqual([1, 2, -1, 0])
})

test('a flame graph of more at once than there are lanes says so', () => {
  const nodes: Made[] = [{ name: 'root', depth: 0, begin: 0, length: 1e6 }]
  for (let i = 0; i < 1000; i++) nodes.push({ name: 'a', depth: 1, begin: i, length: 1e5 })
  const t = makeTrace(nodes)
  const f = flameByTime(t, t.begin)
  expect(f.count + f.left).toBe(1001)
  expect(f.left).toBeGreaterThan(0)
})

test('a flame graph by operation merges and goes from left to right', () => {
  const t = makeTrace(plain('root:0:0:100 a:1:0:10 b:1:10:50 a:1:60:20 x:2:60:5'))
  const f = flameByOperation(t)
  const text = Array.from({ length: f.count }, (_, i) => `${t.names[t.name[f.node[i] ?? 0] ?? 0]}×${f.spans[i]} ${f.lane[i]}: ${f.from[i]}-${f.to[i]}`)
  // root itself 20, b 50, a 10 + 15 itself and x 5 below it.
  expect(text).toEqual(['root×1 0: 0-100', 'b×1 1: 0-50', 'a×2 1: 50-80', 'x×1 2: 50-55'])
})

test('operations', () => {
  const t = makeTrace([...shop, { name: 'GET tax', service: 'pricing', depth: 2, begin: 70, length: 5, error: '' }])
  const all = sortOperations(t, operationsOf(t), 'count', false)
  expect(all[0]).toMatchObject({ count: 2, total: 45, longest: 40, errors: 1, first: 3 })
  expect(sortOperations(t, all, 'total', false).map((o) => o.total)).toEqual([100, 60, 45, 10])
  expect(sortOperations(t, all, 'total', true).map((o) => o.total)).toEqual([10, 45, 60, 100])
  expect(sortOperations(t, all, 'operation', false).map((o) => t.services[o.service])).toEqual(['auth', 'gateway', 'pricing', 'pricing'])
})

test('services that a trace crossed', () => {
  const t = makeTrace([
    ...shop,
    { name: 'lookup', service: 'auth', depth: 3, begin: 31, length: 1 },
    { name: 'call back', service: 'gateway', depth: 4, begin: 31, length: 1, error: 'x' },
  ])
  const g = crossedBy(t)
  const name = (b: number) => t.services[g.boxes[b]?.service ?? 0]
  expect(g.boxes.map((b) => [t.services[b.service], b.layer, b.spans])).toEqual([['gateway', 0, 2], ['auth', 2, 2], ['pricing', 1, 2]])
  expect(g.arrows.map((a) => [name(a.from), name(a.to), a.calls, a.errors])).toEqual([
    ['gateway', 'auth', 1, 0],
    ['gateway', 'pricing', 1, 1],
    ['pricing', 'auth', 1, 0],
    ['auth', 'gateway', 1, 1],
  ])
})

test.each([
  ['string', 'a "b" \\ c\n\u0001é', '"a \\"b\\" \\\\ c\\n\\x01é"'],
  ['int', '-42', '-42'],
  ['double', '1.5e9', '1.5e9'],
  ['double', 'NaN', null],
  ['int', '1 || true', null],
  ['bool', 'true', 'true'],
  ['bool', 'maybe', null],
  ['bytes', '3q2+7w==', '"3q2+7w=="'],
  ['json', '["a"]', null],
])('a value of type %s, %j, in TraceQL', (type, value, want) => {
  expect(literal(type, value)).toBe(want)
})
test('names of attributes in TraceQL', () => {
  expect(['http.route', 'feature-flag', 'with blank "q"', '5xx', 'a=b', ''].map((n) => attribute('span', n))).toEqual([
    'span.http.route', 'span.feature-flag', 'span."with blank \\"q\\""', 'span."5xx"', 'span."a=b"', 'span.""',
  ])
  expect(quote('')).toBe('""')
})

test('remarks', () => {
  const t = makeTrace(plain('a:0 b:1 c:0 d:0').map((m, i) => (i === 3 ? { ...m, flags: ['missing'] } : m)))
  t.counts = { roots: 3, missingParents: 1, cycles: 0, duplicates: 0, outsideParent: 2, negativeDurations: 0 }
  expect(remarksOf(t).map((r) => r.name)).toEqual(['2 roots', '1 missing parent', '2 spans outside their parents'])
  expect(['top', 'missing', 'cycle', 'outside'].map((f) => firstOf(t, f))).toEqual([2, 3, -1, -1])
})

test('marks by node, in order of time', () => {
  const m = marksOf(3, [{ node: 2, time: 9, kind: 0 }, { node: 0, time: 1, kind: 2 }, { node: 2, time: 4, kind: 1 }, { node: 7, time: 0, kind: 0 }, { node: -1, time: 0, kind: 0 }])
  expect([...m.first]).toEqual([0, 1, 1, 3])
  expect([...m.time]).toEqual([1, 4, 9])
  expect([markFrom(m, 2, 0), markFrom(m, 2, 5), markFrom(m, 1, 0)]).toEqual([1, 2, 1])
})

test('the minimap has a pixel for each span, however short', () => {
  const t = makeTrace(plain('root:0:0:100 a:1:99:0 b:1:200:0'))
  const map = raster(t, Float64Array.of(0, 99, 500), 10, 3)
  expect([...map.subarray(0, 5)]).toEqual([1, 1, 1, 1, 1])
  expect(map.subarray(10, 20).reduce((a, b) => a + b, 0)).toBe(1)
  expect(map[29]).toBe(1) // beyond the end: at the edge
})

test('zoom keeps what is under the pointer, and stays within the trace', () => {
  const s = new Scale(nanos(0), nanos(1000), pixels(500))
  const z = s.zoomed(0.5, pixels(100), nanos(0), nanos(1000))
  expect([z.from, z.to, z.time(100)]).toEqual([100, 600, s.time(100)])
  const out = z.zoomed(10, pixels(100), nanos(0), nanos(1000))
  expect([out.from, out.to]).toEqual([0, 1000])
  const moved = z.moved(pixels(10_000), nanos(0), nanos(1000))
  expect([moved.from, moved.to]).toEqual([500, 1000])
  let deep = s
  for (let i = 0; i < 100; i++) deep = deep.zoomed(0.5, pixels(250), nanos(0), nanos(1000))
  expect(deep.span()).toBeGreaterThanOrEqual(10)
})

test.each([
  [[5, 20], [10, 5], [5, 25]],
  [[0], [0], [0, 0]],
])('the extent of %j and %j', (begin, length, want) => {
  expect(extentOf(Float64Array.from(begin), Float64Array.from(length))).toEqual(want)
})

test.each([
  [1, 0, 0, 'None of its kind in the last hour to compare it with.'],
  [200, 197, 2, 'Slower than 98 % of its kind in the last hour (200).'],
  [200, 2, 197, 'Faster than 98 % of its kind in the last hour (200).'],
  [1200, 0, 0, 'As long as the others of its kind in the last hour (1\u202f200).'],
])('of %d, %d shorter and %d longer', (all, shorter, longer, want) => {
  expect(rankText(all, shorter, longer)).toBe(want)
})
