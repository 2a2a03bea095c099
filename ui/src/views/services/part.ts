import type { Graph } from './graph'

// A part of the map that can be read, of one that is too large.

/** How far the map goes around a service, as in the address: 1, 2, 3, or all. */
export const reaches = ['1', '2', '3', 'all'] as const
export type Reach = (typeof reaches)[number]

export const readReach = (text: string | null): Reach => reaches.find((r) => r === text) ?? '1'

/**
 * What a request passes within some steps before and behind a node: who calls it and whom
 * it calls, and so on; not what else its callers call.
 */
export function around(graph: Graph, id: string, reach: Reach): Graph {
  const steps = reach === 'all' ? Infinity : Number(reach)
  const nodes = new Set([id])
  const edges = new Set<Graph['edges'][number]>()
  for (const [near, far] of [['from', 'to'], ['to', 'from']] as const) {
    const seen = new Set([id])
    let border = seen
    for (let step = 0; step < steps && border.size; step++) {
      const next = new Set<string>()
      for (const e of graph.edges) {
        if (!border.has(e[near])) continue
        edges.add(e)
        if (!seen.has(e[far])) next.add(e[far])
      }
      for (const n of next) seen.add(n)
      border = next
    }
    for (const n of seen) nodes.add(n)
  }
  return { nodes: graph.nodes.filter((n) => nodes.has(n.id)), edges: graph.edges.filter((e) => edges.has(e)) }
}

/** The nodes with the most calls, in and out, and the calls between them; one is always among them. */
export function busiest(graph: Graph, most: number, always = ''): Graph {
  if (graph.nodes.length <= most) return graph
  const calls = new Map<string, number>()
  for (const e of graph.edges) for (const n of [e.from, e.to]) calls.set(n, (calls.get(n) ?? 0) + e.calls)
  const traffic = (id: string): number => (id === always ? Infinity : (calls.get(id) ?? 0))
  const kept = new Set(graph.nodes.toSorted((a, b) => traffic(b.id) - traffic(a.id) || b.calls - a.calls).slice(0, most).map((n) => n.id))
  return { nodes: graph.nodes.filter((n) => kept.has(n.id)), edges: graph.edges.filter((e) => kept.has(e.from) && kept.has(e.to)) }
}
