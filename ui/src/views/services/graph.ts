import type { QueryAnswer } from '../../base/api'
import { label } from './ask'

// The graph of who calls whom, of the calls that the server counts and of spans that call
// something from which no span came: databases, queues, and what is not instrumented.

export type NodeKind = 'service' | 'database' | 'queue' | 'external'
export type MapNode = { id: string; kind: NodeKind; name: string; detail: string; calls: number; query: string }
export type MapEdge = { from: string; to: string; calls: number; errors: number; p95: number | null; query: string }
export type Graph = { nodes: MapNode[]; edges: MapEdge[] }
export type Dependency = { parent: string; child: string; callCount: number }

const q = JSON.stringify
const service = 'resource.service.name'
const parent = 'parent.resource.service.name'
const peerLabels = ['span.db.system.name', 'span.db.system', 'span.db.namespace', 'span.peer.service', 'span.server.address', 'span.messaging.destination.name']
const lonely = '{ kind = server || kind = consumer } !< { kind = client }'

/** The metrics queries behind the map. */
export const questions = {
  calls: `{ ${parent} != ${service} } | count_over_time() by(${parent}, ${service}, kind, status)`,
  callTimes: `{ ${parent} != ${service} } | quantile_over_time(duration, .95) by(${parent}, ${service})`,
  peers: `${lonely} | count_over_time() by(${service}, ${peerLabels.join(', ')}, status)`,
  peerTimes: `${lonely} | quantile_over_time(duration, .95) by(${service}, ${peerLabels.join(', ')})`,
  queues: `{ (kind = producer || kind = consumer) && span.messaging.destination.name != nil } | count_over_time() by(${service}, span.messaging.destination.name, kind, status)`,
}
export type Answers = Partial<Record<keyof typeof questions, QueryAnswer>>

export class Builder {
  private readonly nodes = new Map<string, MapNode>()
  private readonly edges = new Map<string, MapEdge>()
  private readonly known: Set<string>

  constructor(services: string[], calls: Map<string, number>) {
    this.known = new Set(services)
    for (const s of services) this.service(s, calls.get(s) ?? 0)
  }

  private service(name: string, calls = 0): string {
    return this.node({ id: 's:' + name, kind: 'service', name, detail: '', calls, query: `{ ${service} = ${q(name)} }` })
  }

  private node(n: MapNode): string {
    const old = this.nodes.get(n.id)
    if (old) old.calls = Math.max(old.calls, n.calls)
    else this.nodes.set(n.id, n)
    return n.id
  }

  private edge(from: string, to: string, query: string): MapEdge {
    const key = from + '\n' + to
    let e = this.edges.get(key)
    if (!e) {
      e = { from, to, calls: 0, errors: 0, p95: null, query }
      this.edges.set(key, e)
    }
    return e
  }

  private call(from: string, to: string): MapEdge {
    const [a, b] = [this.service(from), this.service(to)]
    this.known.add(from).add(to)
    return this.edge(a, b, `{ ${parent} = ${q(from)} && ${service} = ${q(to)} }`)
  }

  dependencies(all: Dependency[]) {
    for (const d of all) if (d.parent !== d.child) this.call(d.parent, d.child).calls += d.callCount
  }

  /** Calls between services: how many failed; the count where the server has no other. */
  calls(a?: QueryAnswer) {
    const counted = new Set([...this.edges].filter(([, e]) => e.calls > 0).map(([k]) => k))
    for (const s of a?.series ?? []) {
      const [from, to] = [label(s.labels, parent), label(s.labels, service)]
      const n = number(s.values[0])
      const kind = label(s.labels, 'kind')
      if (!from || !to || !n || kind === 'consumer') continue
      const e = this.call(from, to)
      if (!counted.has(e.from + '\n' + e.to)) e.calls += n
      if (failed(s.labels)) e.errors += n
    }
  }

  callTimes(a?: QueryAnswer) {
    for (const s of a?.series ?? []) {
      const e = this.edges.get(`s:${label(s.labels, parent)}\ns:${label(s.labels, service)}`)
      const v = s.values[0]
      if (e && typeof v === 'number') e.p95 = v * 1e9
    }
  }

  /** Client spans without a child that took the request. */
  peers(a?: QueryAnswer, times?: QueryAnswer) {
    for (const s of a?.series ?? []) {
      const e = this.peer(s.labels, number(s.values[0]))
      if (!e) continue
      e.calls += number(s.values[0])
      if (failed(s.labels)) e.errors += number(s.values[0])
    }
    for (const s of times?.series ?? []) {
      const e = this.peer(s.labels, 0)
      const v = s.values[0]
      if (e && typeof v === 'number') e.p95 = Math.max(e.p95 ?? 0, v * 1e9)
    }
  }

  private peer(labels: QueryLabels, calls: number): MapEdge | null {
    const from = label(labels, service)
    if (!from || label(labels, 'span.messaging.destination.name')) return null
    const system = label(labels, 'span.db.system.name') || label(labels, 'span.db.system')
    const named = label(labels, 'span.peer.service') || label(labels, 'span.server.address')
    if (!system && !named) return null
    if (!system && this.known.has(named)) return null // its span is late, or lost
    const name = system ? label(labels, 'span.db.namespace') || named || system : named
    const id = system ? `d:${system}/${name}` : 'x:' + name
    const field = system
      ? label(labels, 'span.db.system.name') ? `span.db.system.name = ${q(system)}` : `span.db.system = ${q(system)}`
      : label(labels, 'span.peer.service') ? `span.peer.service = ${q(name)}` : `span.server.address = ${q(name)}`
    this.service(from)
    const to = this.node({ id, kind: system ? 'database' : 'external', name, detail: system || 'not instrumented', calls: 0, query: `{ ${field} }` })
    const node = this.nodes.get(to)
    if (node) node.calls += calls
    return this.edge('s:' + from, to, `{ ${service} = ${q(from)} && ${field} }`)
  }

  /** Producers and consumers meet at their queue; the call that goes through it is not drawn twice. */
  queues(a?: QueryAnswer) {
    const ends = new Map<string, { from: Set<string>; to: Set<string> }>()
    for (const s of a?.series ?? []) {
      const [of, name] = [label(s.labels, service), label(s.labels, 'span.messaging.destination.name')]
      const n = number(s.values[0])
      if (!of || !name || !n) continue
      const produced = (label(s.labels, 'kind')) === 'producer'
      const field = `span.messaging.destination.name = ${q(name)}`
      const queue = this.node({ id: 'q:' + name, kind: 'queue', name, detail: 'queue', calls: 0, query: `{ ${field} }` })
      const node = this.nodes.get(queue)
      if (node) node.calls += n
      const side = this.service(of)
      const query = `{ ${service} = ${q(of)} && ${field} }`
      const e = produced ? this.edge(side, queue, query) : this.edge(queue, side, query)
      e.calls += n
      if (failed(s.labels)) e.errors += n
      const end = ends.get(name) ?? { from: new Set(), to: new Set() }
      ends.set(name, end)
      end[produced ? 'from' : 'to'].add(side)
    }
    for (const { from, to } of ends.values()) {
      for (const f of from) for (const t of to) if (this.edges.get(f + '\n' + t)?.p95 == null || !this.direct.has(f + '\n' + t)) this.edges.delete(f + '\n' + t)
    }
  }

  /** Pairs of services with calls that go through no queue. */
  readonly direct = new Set<string>()

  done(): Graph {
    return { nodes: [...this.nodes.values()], edges: [...this.edges.values()].filter((e) => e.calls > 0) }
  }
}

type QueryLabels = Parameters<typeof label>[0]
const number = (v: unknown): number => (typeof v === 'number' ? v : 0)
const failed = (labels: QueryLabels): boolean => labels.some((l) => l.name.endsWith('status') && l.value === 'error')

/** The graph of all answers. */
export function buildGraph(services: string[], counts: Map<string, number>, dependencies: Dependency[], a: Answers): Graph {
  const b = new Builder(services, counts)
  b.dependencies(dependencies)
  b.calls(a.calls)
  for (const s of a.calls?.series ?? []) {
    const kind = label(s.labels, 'kind')
    if (kind !== 'consumer') b.direct.add(`s:${label(s.labels, parent)}\ns:${label(s.labels, service)}`)
  }
  b.callTimes(a.callTimes)
  b.peers(a.peers, a.peerTimes)
  b.queues(a.queues)
  return b.done()
}
