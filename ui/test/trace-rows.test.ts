import { expect, test } from 'vitest'
import { type Choice, everything, reveal, rowAbove, rowOf, rowsOf, runRow, spanRow } from '../src/timeline/rows'
import { runsOf } from '../src/timeline/runs'
import { byNode } from '../src/timeline/stretches'
import { keyOf, nodeOfKey, treeOf } from '../src/trace/tree'
import { type Made, makeTrace, plain } from './trace-make'

const shop = plain('root:0:0:100 auth:1:0:10 load:1:10:20 db:2:12:5 pay:1:30:60 tax:2:31:50')
const loop: Made[] = [...plain('root:0:0:100 a:1 q:1 q:1 q:1 q:1 q:1 z:1')]
const deepLoop = plain('root:0 c:1 x:2 c:1 x:2 c:1 x:2 c:1 x:2 c:1 x:2')

function draw(nodes: Made[], change: Partial<Choice>): string[] {
  const t = makeTrace(nodes)
  const tree = treeOf(t)
  const rows = rowsOf(t, tree, runsOf(t, tree), { ...everything, ...change })
  return Array.from(rows.node, (n, i) => `${rows.depth[i]}${rows.kind[i] === runRow ? '*' : ''}${t.names[t.name[n] ?? 0]}`)
}

test.each<[string, Made[], Partial<Choice>, string]>([
  ['all', shop, {}, '0root 1auth 1load 2db 1pay 2tax'],
  ['a folded node', shop, { collapsed: new Set([2]) }, '0root 1auth 1load 1pay 2tax'],
  ['a folded root', shop, { collapsed: new Set([0]) }, '0root'],
  ['one below', shop, { focus: 4 }, '0pay 1tax'],
  ['a run', loop, {}, '0root 1a 1*q 1z'],
  ['an opened run', loop, { opened: new Set([2]) }, '0root 1a 1*q 2q 2q 2q 2q 2q 1z'],
  ['a run with spans below', deepLoop, {}, '0root 1*c'],
  ['that opened', deepLoop, { opened: new Set([1]) }, '0root 1*c 2c 3x 2c 3x 2c 3x 2c 3x 2c 3x'],
  ['four are no run', plain('r:0 q:1 q:1 q:1 q:1'), {}, '0r 1q 1q 1q 1q'],
  ['others between are no run', plain('r:0 q:1 q:1 q:1 p:1 q:1 q:1'), {}, '0r 1q 1q 1q 1p 1q 1q'],
  ['one span', plain('only:0'), {}, '0only'],
  ['no span', [], {}, ''],
  ['several roots', plain('a:0 b:1 c:0'), {}, '0a 1b 0c'],
  ['five alike roots', plain('a:0 a:0 a:0 a:0 a:0'), {}, '0*a'],
])('rows of %s', (_, nodes, change, want) => {
  expect(draw(nodes, change).join(' ')).toBe(want)
})

test('what is below a hidden service moves up', () => {
  const nodes: Made[] = [
    { name: 'root', service: 'a', depth: 0, begin: 0, length: 9 },
    { name: 'proxy', service: 'mesh', depth: 1, begin: 0, length: 9 },
    { name: 'work', service: 'b', depth: 2, begin: 0, length: 9 },
  ]
  expect(draw(nodes, { hidden: new Set([1]) })).toEqual(['0root', '1work'])
  expect(draw(nodes, { hidden: new Set([0, 1]) })).toEqual(['0work'])
})

test('the critical path only, with all above it', () => {
  const nodes = plain('root:0 a:1 b:2 c:1')
  nodes[2] = { ...nodes[2]!, critical: 5 }
  expect(draw(nodes, { criticalOnly: true })).toEqual(['0root', '1a', '2b'])
})

test('a node is found in its row, or in what it is folded into', () => {
  const t = makeTrace(loop)
  const tree = treeOf(t)
  const runs = runsOf(t, tree)
  const folded = rowsOf(t, tree, runs, everything)
  expect([0, 1, 2, 4, 7].map((n) => rowOf(folded, n))).toEqual([0, 1, 2, 2, 3])
  const open = rowsOf(t, tree, runs, { ...everything, opened: new Set([2]) })
  expect([rowOf(open, 2, runRow), rowOf(open, 2, spanRow), rowOf(open, 4)]).toEqual([2, 3, 5])
  expect([rowAbove(open, 5), rowAbove(open, 2), rowAbove(open, 0)]).toEqual([2, 0, -1])
})

test('reveal opens what hides a node, and nothing else', () => {
  const t = makeTrace(deepLoop)
  const tree = treeOf(t)
  const runs = runsOf(t, tree)
  const c = reveal(t, tree, runs, { ...everything, collapsed: new Set([0, 3, 5]), focus: 5 }, 4)
  expect([...c.collapsed]).toEqual([5])
  expect([...c.opened]).toEqual([1])
  expect(c.focus).toBe(-1)
  expect(rowOf(rowsOf(t, tree, runs, c), 4)).toBe(5)
})

test('a run sums its spans', () => {
  const nodes = loop.map((m, i) => (i === 3 ? { ...m, error: 'no', critical: 4 } : m))
  const t = makeTrace(nodes)
  const r = runsOf(t, treeOf(t))
  expect([r.count[2], r.end[2], r.total[2], r.errors[2], r.critical[2]]).toEqual([5, 7, 50, 1, 4])
})

test('the tree, from drawing order', () => {
  const t = makeTrace(shop)
  const tree = treeOf(t)
  expect([...tree.end]).toEqual([6, 2, 4, 4, 6, 6])
  expect([...tree.place]).toEqual([1, 1, 2, 1, 3, 1])
  expect([...tree.siblings]).toEqual([1, 3, 3, 1, 3, 1])
})

test('spans that share an id have addresses of their own', () => {
  const nodes = plain('root:0 a:1 b:1').map((m, i) => ({ ...m, id: i === 0 ? 1 : 2, flags: i === 0 ? [] : ['duplicate'] }))
  const t = makeTrace(nodes)
  expect([0, 1, 2].map((n) => keyOf(t, n))).toEqual(['0000000000000001', '0000000000000002', '0000000000000002.2'])
  expect(['1', '2', '2.2', '0000000000000002.3', '', 'x'].map((k) => nodeOfKey(t, k))).toEqual([0, 1, 2, -1, -1, -1])
})

test('stretches by node', () => {
  const s = byNode(3, { node: Int32Array.of(2, 0, 2), start: Float64Array.of(5, 0, 8), duration: Float64Array.of(1, 2, 3) }, Float64Array.of(0, 0, 100))
  expect([...s.first]).toEqual([0, 1, 1, 3])
  expect([...s.from]).toEqual([0, 105, 108])
  expect([...s.to]).toEqual([2, 106, 111])
})

test('a hundred thousand rows', () => {
  const nodes: Made[] = [{ name: 'root', depth: 0, begin: 0, length: 1e6 }]
  for (let i = 1; i < 100_000; i++) nodes.push({ name: `n${i % 50}`, depth: 1 + (i % 7), begin: i, length: 5 })
  const t = makeTrace(nodes)
  const tree = treeOf(t)
  const rows = rowsOf(t, tree, runsOf(t, tree), everything)
  expect([rows.count, rows.deepest]).toEqual([100_000, 7])
})
