import { describe, expect, it } from 'vitest'
import type { QueryAnswer } from '../src/base/api'
import { atLeast, contrasts, percent } from '../src/views/compare/contrast'
import { operations, telling, type Waterfall, type WaterNode } from '../src/views/compare/operations'
import { compareQuery } from '../src/views/compare/question'

const scanned = { blocks: 0, blocksPruned: 0, blocksRead: 0, traces: 0, spans: 0, bytes: 0, elapsedNano: 0 }
const series = (type: string, name: string, value: string, ...values: (number | null)[]) => ({
  labels: [
    { name: '__meta_type', type: 'string', value: type },
    { name, type: value === 'nil' ? 'nil' : 'string', value },
  ],
  values,
})
const both = (name: string, value: string, selected: number, others: number) => [series('selection', name, value, selected), series('baseline', name, value, others)]

describe('what sets spans apart', () => {
  const answer: QueryAnswer = {
    query: '',
    scanned,
    series: [
      series('baseline', 'span.user.id', 'ann', 40, 10),
      series('baseline', 'span.user.id', 'bob', 1),
      series('baseline', 'span:name', 'GET', 60, 40),
      series('selection', 'span.user.id', 'bob', 8, 1),
      series('selection', 'span:name', 'GET', 10, null),
      series('selection_total', 'span:name', 'nil', 10),
      series('baseline_total', 'span:name', 'nil', 60, 40),
      series('selection_total', 'span.user.id', 'nil', 9),
      series('baseline_total', 'span.user.id', 'nil', 51),
    ],
  }
  it('comes first where shares differ most; what is equal is left out', () => {
    const c = contrasts(answer)
    expect([c.selected, c.others]).toEqual([10, 100])
    expect(c.rows.map((r) => [r.value.value, r.share, r.otherShare])).toEqual([
      ['bob', 0.9, 0.01],
      ['ann', 0, 0.5],
    ])
  })
  it('is not what chance explains: that comes behind, and is counted', () => {
    const c = contrasts({
      query: '',
      scanned,
      series: [
        series('selection_total', 'span:name', 'nil', 7),
        series('baseline_total', 'span:name', 'nil', 400),
        ...both('span.v', 'all of them', 7, 100),
        ...both('span.v', 'one of a few', 1, 0),
        ...both('span.v', 'none of a few', 0, 150),
        ...both('span.v', 'often there', 7, 240),
      ],
    })
    expect(c.rows.map((r) => r.value.value)).toEqual(['all of them', 'often there', 'none of a few', 'one of a few'])
    expect(c.sure).toBe(1)
  })
  it('is told by how much at least', () => {
    expect([atLeast(7, 7, 100, 400), atLeast(1, 7, 0, 400), atLeast(700, 7000, 0, 400_000), atLeast(0, 0, 0, 0)].map((d) => +d.toFixed(3))).toEqual([0.286, 0, 0.088, 0])
  })
  it('folds what other attributes say alike, and keeps values of one apart', () => {
    const c = contrasts({
      query: '',
      scanned,
      series: [
        series('selection_total', 'span:name', 'nil', 10),
        series('baseline_total', 'span:name', 'nil', 100),
        ...both('span:name', 'POST /pay', 10, 20),
        ...both('span.http.route', '/pay', 10, 20),
        ...both('span.url.path', '/pay', 10, 21),
        ...both('span:name', 'GET /', 0, 30),
        ...both('span.http.route', '/', 0, 30),
        ...both('span:name', 'GET /a', 0, 30),
      ],
    })
    expect(c.rows.map((r) => [r.value.value, ...r.same.map((o) => o.value.value)])).toEqual([['POST /pay', '/pay'], ['/pay'], ['GET /', '/'], ['GET /a']])
  })
  it('is nothing of an empty answer', () => expect(contrasts({ query: '', scanned, series: [] })).toEqual({ rows: [], sure: 0, selected: 0, others: 0 }))
  it('is written in per cent', () => expect([0, 0.0005, 0.013, 0.5, 1].map(percent)).toEqual(['0 %', '< 0.1 %', '1.3 %', '50 %', '100 %']))
  it('is asked for with the time of a box', () => {
    expect(compareQuery('{ kind = server }', 'status = error', null, null)).toBe('{ kind = server } | compare({ status = error })')
    expect(compareQuery('', '{ duration > 1s }', '5', '7')).toBe('{ } | compare({ duration > 1s }, 10, 5, 7)')
  })
})

describe('two traces', () => {
  const node = (name: string, durationNano: number, selfNano: number, criticalNano: number, status = 'unset'): WaterNode => ({ service: 's', name, durationNano, selfNano, criticalNano, status })
  const fall = (durationNano: number, nodes: WaterNode[]): Waterfall => ({
    traceId: 'x', startUnixNano: '0', durationNano, spanCount: nodes.length, serviceCount: 1, errorCount: 0, root: { service: 's', name: 'r' }, nodes,
  })
  const a = fall(100, [node('root', 100, 10, 10), node('db', 20, 20, 20), node('db', 30, 30, 30), node('old', 40, 40, 40)])
  const b = fall(900, [node('root', 900, 12, 12), node('db', 20, 20, 20), node('tax', 868, 868, 868, 'error')])
  const all = operations(a.nodes, b.nodes)
  it('are summed by operation, most telling first', () => {
    expect(all.map((o) => o.name)).toEqual(['tax', 'old', 'db', 'root'])
    expect(all[2]?.a).toEqual({ count: 2, total: 50, self: 50, critical: 50, errors: 0 })
    expect(all[0]?.b.errors).toBe(1)
  })
  it('are told in words', () => {
    const t = telling(a, b, all)
    expect([t.longer, t.by, t.operation?.name, t.part, t.only]).toEqual(['b', 800, 'tax', 868, { a: 1, b: 1 }])
    const back = telling(b, a, operations(b.nodes, a.nodes))
    expect([back.longer, back.operation?.name]).toEqual(['a', 'tax'])
  })
  it('leave out spans that are missing', () => expect(operations([{ ...node('gone', 0, 0, 0), missing: true }], [])).toEqual([]))
  it('do a hundred thousand spans at once', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => node('op' + (i % 500), i, i, 0))
    expect(operations(many, many)).toHaveLength(500)
  })
})
