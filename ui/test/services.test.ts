import { describe, expect, it } from 'vitest'
import type { QueryAnswer } from '../src/base/api'
import { filterOf, joinLines } from '../src/views/services/ask'
import { buildGraph, type Dependency, type Graph } from '../src/views/services/graph'
import { pathOf, place } from '../src/views/services/layout'
import { ordered, readSort, type Sort } from '../src/views/services/order'
import { around, busiest, readReach } from '../src/views/services/part'
import { rates } from '../src/views/services/rate'
import { share } from '../src/views/services/share'

const scanned = { blocks: 0, blocksPruned: 0, blocksRead: 0, traces: 0, spans: 0, bytes: 0, elapsedNano: 0 }
const answer = (...series: [Record<string, string>, ...(number | null)[]][]): QueryAnswer => ({
  query: '',
  times: ['1', '2'],
  scanned,
  series: series.map(([labels, ...values]) => ({
    labels: Object.entries(labels).map(([name, value]) => ({ name, type: value === 'nil' ? 'nil' : 'string', value })),
    values,
  })),
})
const of = 'resource.service.name'
const parent = 'parent.resource.service.name'

describe('lines', () => {
  const lines = joinLines(
    of,
    answer([{ [of]: 'a', 'span:status': 'unset' }, 30], [{ [of]: 'a', 'span:status': 'error' }, 10], [{ [of]: 'b', 'span:status': 'unset' }, 100]),
    answer([{ [of]: 'a', p: '0.5' }, 0.01], [{ [of]: 'a', p: '0.95' }, 0.2], [{ [of]: 'b', p: '0.5' }, null]),
    answer([{ [of]: 'a', 'span:status': 'error' }, 1, 2], [{ [of]: 'a', 'span:status': 'unset' }, 3, null]),
    10,
  )
  it('join counts, errors, quantiles and time, the busiest first', () => {
    expect(lines.map((l) => l.key)).toEqual(['b', 'a'])
    expect(lines[1]).toMatchObject({ calls: 40, errors: 10, rate: 4, p50: 0.01e9, p95: 0.2e9, spark: [4, 2], bad: [1, 2] })
    expect(lines[0]).toMatchObject({ p50: null, p95: null, spark: [] })
  })
  it('find operations by their canonical name', () => expect(joinLines('name', answer([{ 'span:name': 'GET /x' }, 1]))[0]?.key).toBe('GET /x'))
  it('quote the service', () => expect(filterOf('a"b')).toContain('"a\\"b"'))
  it('say shares', () => expect([share(0, 10), share(1, 10_000), share(5, 100), share(30, 100)]).toEqual(['0 %', '< 0.1 %', '5.0 %', '30 %']))
})

describe('the graph', () => {
  const peer = (from: string, more: Record<string, string>) => ({ [of]: from, 'span.db.system.name': 'nil', 'span.peer.service': 'nil', 'span.server.address': 'nil', ...more })
  const g = buildGraph(
    ['web', 'shop', 'mail'],
    new Map([['web', 10]]),
    [
      { parent: 'web', child: 'shop', callCount: 7 },
      { parent: 'shop', child: 'mail', callCount: 3 },
    ],
    {
      calls: answer(
        [{ [parent]: 'web', [of]: 'shop', 'span:kind': 'server', 'span:status': 'error' }, 2],
        [{ [parent]: 'shop', [of]: 'mail', 'span:kind': 'consumer', 'span:status': 'unset' }, 3],
      ),
      callTimes: answer([{ [parent]: 'web', [of]: 'shop', p: '0.95' }, 0.5]),
      peers: answer(
        [peer('shop', { 'span.db.system.name': 'sqlite', 'span.db.namespace': 'orders' }), 5],
        [peer('shop', { 'span.server.address': 'api.tax.example' }), 4],
        [peer('web', { 'span.server.address': 'shop' }), 1],
      ),
      queues: answer(
        [{ [of]: 'shop', 'span.messaging.destination.name': 'placed', 'span:kind': 'producer' }, 3],
        [{ [of]: 'mail', 'span.messaging.destination.name': 'placed', 'span:kind': 'consumer' }, 3],
      ),
    },
  )
  it('has services, databases, queues and the rest', () =>
    expect(g.nodes.map((n) => `${n.kind} ${n.name}`)).toEqual(['service web', 'service shop', 'service mail', 'database orders', 'external api.tax.example', 'queue placed']))
  it('joins counts, errors and times; what goes through a queue is there once', () =>
    expect(g.edges.map((e) => [e.from, e.to, e.calls, e.errors, e.p95])).toEqual([
      ['s:web', 's:shop', 7, 2, 0.5e9],
      ['s:shop', 'd:sqlite/orders', 5, 0, null],
      ['s:shop', 'x:api.tax.example', 4, 0, null],
      ['s:shop', 'q:placed', 3, 0, null],
      ['q:placed', 's:mail', 3, 0, null],
    ]))
  it('is placed from left to right, without two nodes in one place', () => {
    const p = place(g)
    const at = new Map(p.nodes.map((n) => [n.node.id, n]))
    expect((at.get('s:web')?.x ?? 0) < (at.get('s:shop')?.x ?? 0)).toBe(true)
    expect(new Set(p.nodes.map((n) => `${n.x},${n.y}`)).size).toBe(g.nodes.length)
    expect(pathOf(p.edges[0]?.points ?? [])).toMatch(/^M[\d.]+ [\d.]+[QL]/)
  })
  it('draws a circle of calls', () => {
    const round = buildGraph(['a', 'b'], new Map(), [{ parent: 'a', child: 'b', callCount: 1 }, { parent: 'b', child: 'a', callCount: 1 }], {})
    expect(place(round).edges).toHaveLength(2)
  })
})

describe('a map that is too large', () => {
  const g = buildGraph([], new Map(), [['a', 'b', 9], ['b', 'c', 8], ['c', 'd', 7], ['x', 'c', 1], ['a', 'y', 2], ['d', 'a', 3]].map(([parent, child, callCount]) => ({ parent, child, callCount }) as Dependency), {})
  const names = (part: Graph) => part.nodes.map((n) => n.name).toSorted().join('')
  const calls = (part: Graph) => part.edges.map((e) => e.from.slice(2) + e.to.slice(2)).join(' ')
  it('is shown around a service: what leads to it and from it, not what else its callers call', () => {
    expect(names(around(g, 's:c', '1'))).toBe('bcdx')
    expect(calls(around(g, 's:c', '1'))).toBe('bc cd xc')
    expect(calls(around(g, 's:b', '1'))).toBe('ab bc')
    expect(names(around(g, 's:b', '2'))).toBe('abcd')
    expect(names(around(g, 's:x', 'all'))).toBe('abcdxy') // round the circle
  })
  it('goes as far as the address says', () => expect(['2', 'all', '9', null].map(readReach)).toEqual(['2', 'all', '1', '1']))
  it('has the busiest, and the one in the middle', () => {
    expect(names(busiest(g, 3))).toBe('abc')
    expect(calls(busiest(g, 3))).toBe('ab bc')
    expect(names(busiest(g, 3, 's:x'))).toBe('bcx')
    expect(busiest(g, 6)).toBe(g)
  })
  it('is placed without numbers', () => {
    const p = place(g, true)
    expect(p.nodes).toHaveLength(6)
    expect(p.width).toBeLessThan(place(g).width)
  })
})

describe('a table of services', () => {
  const line = (key: string, calls: number, errors: number, p50: number | null) => ({ key, calls, errors, rate: 0, p50, p95: null, spark: [], bad: [] })
  const lines = [line('mail', 5, 1, 10), line('Shop', 50, 2, null), line('auth', 5, 0, 30)]
  const keys = (filter: string, by: Sort) => ordered(lines, filter, by).map((l) => l.key).join(' ')
  it('is sorted by a column', () => {
    expect(keys('', 'calls')).toBe('Shop auth mail')
    expect(keys('', 'errors')).toBe('mail Shop auth') // by their share
    expect(keys('', 'p50')).toBe('auth mail Shop')
    expect(keys('', 'name')).toBe('auth mail Shop')
  })
  it('is filtered by a part of the name', () => expect(keys(' sHo', 'calls')).toBe('Shop'))
  it('has its order from the address', () => expect([readSort('p95'), readSort('x'), readSort(null)]).toEqual(['p95', 'calls', 'calls']))
})

describe('rates', () => {
  const all = (...by: number[]) => by.map(rates(by))
  it('have the unit in which the largest is at least 1', () => {
    expect(all(1.28, 0.317, 0)).toEqual(['1.28/s', '0.317/s', '0/s'])
    expect(all(0.0283, 1 / 180)).toEqual(['1.7/min', '0.333/min'])
    expect(all(1 / 180)).toEqual(['20/h'])
    expect(all(1e-9)).toEqual(['0.0000036/h'])
    expect(all(0)).toEqual(['0/s'])
    expect(rates([])(2)).toBe('2/s')
  })
})
