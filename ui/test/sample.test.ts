import { expect, test } from 'vitest'
import { means, questions } from '../src/views/compare/sample'
import { decodeTrace } from '../src/trace/decode'

test.each([
  ['{ nestedSetParent < 0 }', '{ status = error }', null, null, '{ nestedSetParent < 0 && status = error }', '{ nestedSetParent < 0 && !(status = error) }'],
  ['{ }', 'duration > 1s', null, null, '{ duration > 1s }', '{ !(duration > 1s) }'],
  ['{ a = 1 || b = 2 }', '{ c = 3 && d = 4 }', null, null, '{ (a = 1 || b = 2) && c = 3 && d = 4 }', '{ (a = 1 || b = 2) && !(c = 3 && d = 4) }'],
  ['{ a = 1 }', '{ b = 2 || c = 3 }', '5', '9', '{ a = 1 && (b = 2 || c = 3) }', '{ a = 1 && (!(b = 2 || c = 3)) }'],
])('%s and %s', (base, set, from, to, selection, rest) => {
  expect(questions(base, set, from, to)).toEqual({ selection: { q: selection, from, to }, rest: { q: rest, from: null, to: null } })
})

test('a selection by time alone has what was before it as its rest', () => {
  expect(questions('{ a = 1 }', '{ }', '5', '9')).toEqual({ selection: { q: '{ a = 1 }', from: '5', to: '9' }, rest: { q: '{ a = 1 }', from: null, to: '5' } })
})

test.each([
  ['{ a = 1 } >> { b = 2 }', '{ c = 3 }'],
  ['{ a = 1 }', '{ }'],
  ['{ a = 1 }', '{ b = 2 } | count() > 1'],
])('there is no opposite of %s and %s', (base, set) => expect(questions(base, set, null, null)).toBeNull())

test('means count an operation that only some traces have', () => {
  const one = trace([['cart', 'load', 100, 100], ['cart', 'load', 300, 0]])
  const other = trace([['bank', 'pay', 50, 50]])
  const all = means([one, other], [other])
  expect(all.map((o) => [o.name, o.a.count, o.a.self, o.a.critical, o.b.count, o.b.critical])).toEqual([
    ['load', 1, 200, 50, 0, 0],
    ['pay', 0.5, 25, 25, 1, 50],
  ])
})

function trace(nodes: [string, string, number, number][]) {
  const [services, names] = [[...new Set(nodes.map((n) => n[0]))], [...new Set(nodes.map((n) => n[1]))]]
  const t = { nodes: nodes.length, services, names, service: [], name: [], length: [], self: [], critical: [], status: [], duration: 1 } as Record<string, unknown>
  for (const [service, name, self, critical] of nodes) {
    for (const [k, v] of Object.entries({ service: services.indexOf(service), name: names.indexOf(name), length: self, self, critical, status: 0 })) (t[k] as number[]).push(v)
  }
  return t as unknown as ReturnType<typeof decodeTrace>
}
