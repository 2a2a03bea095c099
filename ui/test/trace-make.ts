import { moment } from '../src/base/time'
import type { Stretch, Trace } from '../src/trace/decode'

export type Made = {
  name: string
  service?: string
  kind?: string
  depth: number
  begin: number
  length: number
  critical?: number
  error?: string
  flags?: string[]
  id?: number
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']
const flagNames = ['missing', 'duplicate', 'shared', 'selfParent', 'cycle', 'startsBeforeParent', 'endsAfterParent', 'negativeDuration']

/** A trace from nodes in drawing order, whose depths say what hangs where. */
export function makeTrace(nodes: Made[], path: Stretch[] = [], gaps: Stretch[] = []): Trace {
  const n = nodes.length
  const names: string[] = []
  const services: string[] = []
  const errors: string[] = ['']
  const number = (all: string[], s: string) => (all.includes(s) ? all.indexOf(s) : all.push(s) - 1)
  const t: Trace = {
    id: 'a'.repeat(32), start: moment('1000'), duration: Math.max(...nodes.map((m) => m.begin + m.length), 0),
    spanCount: n, serviceCount: 0, errorCount: nodes.filter((m) => m.error !== undefined).length,
    root: { node: 0, service: '', name: '', durationNano: nodes[0]?.length ?? 0 },
    verdict: null, firstError: null, partial: [], counts: {},
    nodes: n,
    parent: new Int32Array(n), depth: new Int32Array(n), children: new Int32Array(n),
    begin: new Float64Array(n), length: new Float64Array(n), self: new Float64Array(n), critical: new Float64Array(n),
    name: new Uint32Array(n), service: new Uint32Array(n), kind: new Uint8Array(n), status: new Uint8Array(n), flags: new Uint16Array(n),
    error: new Uint32Array(n), events: new Uint16Array(n), links: new Uint16Array(n), ids: new Uint8Array(8 * n),
    names, services, errors, kinds, flagNames,
    path: stretches(path), gaps: stretches(gaps),
    eventNode: new Int32Array(), eventTime: new Float64Array(), eventException: new Uint8Array(),
  }
  const above: number[] = []
  nodes.forEach((m, i) => {
    const parent = m.depth > 0 ? (above[m.depth - 1] ?? -1) : -1
    above[m.depth] = i
    t.parent[i] = parent
    t.depth[i] = m.depth
    if (parent >= 0) t.children[parent]!++
    t.begin[i] = m.begin
    t.length[i] = m.length
    t.self[i] = m.length
    if (parent >= 0) t.self[parent] = Math.max((t.self[parent] ?? 0) - m.length, 0)
    t.critical[i] = m.critical ?? 0
    t.name[i] = number(names, m.name)
    t.service[i] = number(services, m.service ?? 'svc')
    t.kind[i] = kinds.indexOf(m.kind ?? 'internal')
    if (m.error !== undefined) {
      t.status[i] = 2
      t.error[i] = number(errors, m.error)
    }
    for (const f of m.flags ?? []) t.flags[i]! |= 1 << flagNames.indexOf(f)
    new DataView(t.ids.buffer).setBigUint64(8 * i, BigInt(m.id ?? i + 1))
  })
  t.serviceCount = services.length
  return t
}

const stretches = (all: Stretch[]) => ({
  node: Int32Array.from(all, (s) => s.node),
  start: Float64Array.from(all, (s) => s.start),
  duration: Float64Array.from(all, (s) => s.duration),
})

/** name:depth:begin:length, one a word; quick to write, quick to read. */
export const plain = (text: string): Made[] =>
  text.trim().split(/\s+/).map((w) => {
    const [name = '', depth, begin, length] = w.split(':')
    return { name, depth: Number(depth ?? 0), begin: Number(begin ?? 0), length: Number(length ?? 10) }
  })
