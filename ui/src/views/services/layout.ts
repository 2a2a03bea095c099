import { Graph as Dagre, layout } from '@dagrejs/dagre'
import type { Graph, MapEdge, MapNode } from './graph'

export type Placed = {
  width: number
  height: number
  nodes: { node: MapNode; x: number; y: number; width: number; height: number }[]
  edges: { edge: MapEdge; points: { x: number; y: number }[]; x: number; y: number }[]
}

/** The size of a node: as long as its name, the higher the more traffic; from afar there is only the name. */
export function sizeOf(n: MapNode, most: number, far = false): { width: number; height: number } {
  if (far) return { width: Math.min(Math.max(n.name.length, 6) * 8.3 + 32, 250), height: 26 }
  return { width: Math.min(Math.max(n.name.length * 8.5, n.detail ? n.detail.length * 6.5 : 90) + 44, 270), height: 38 + 42 * Math.sqrt(n.calls / Math.max(most, 1)) }
}

/** Places the graph from left to right; from afar calls have no numbers, and no room for them. */
export function place(graph: Graph, far = false): Placed {
  const g = new Dagre()
  g.setGraph({ rankdir: 'LR', ...(far ? { nodesep: 8, ranksep: 60, edgesep: 4 } : { nodesep: 28, ranksep: 120, edgesep: 18 }), marginx: 16, marginy: 16 })
  g.setDefaultEdgeLabel(() => ({}))
  const most = graph.nodes.reduce((n, x) => Math.max(n, x.calls), 1)
  for (const n of graph.nodes) g.setNode(n.id, sizeOf(n, most, far))
  for (const e of graph.edges) g.setEdge(e.from, e.to, far ? {} : { width: 96, height: 30, labelpos: 'c' })
  layout(g)
  const size = g.graph() as { width?: number; height?: number }
  return {
    width: size.width ?? 0,
    height: size.height ?? 0,
    nodes: graph.nodes.map((node) => {
      const { x, y, width, height } = g.node(node.id) as { x: number; y: number; width: number; height: number }
      return { node, x, y, width, height }
    }),
    edges: graph.edges.map((edge) => {
      const e = g.edge(edge.from, edge.to) as { points: { x: number; y: number }[]; x?: number; y?: number }
      return { edge, points: e.points, x: e.x ?? 0, y: e.y ?? 0 }
    }),
  }
}

/** A smooth path through points. */
export function pathOf(points: { x: number; y: number }[]): string {
  const [first, ...rest] = points
  if (!first) return ''
  let d = `M${first.x.toFixed(1)} ${first.y.toFixed(1)}`
  for (let i = 0; i < rest.length - 1; i++) {
    const [p, next] = [rest[i], rest[i + 1]]
    if (!p || !next) continue
    const end = i === rest.length - 2 ? next : { x: (p.x + next.x) / 2, y: (p.y + next.y) / 2 }
    d += `Q${p.x.toFixed(1)} ${p.y.toFixed(1)} ${end.x.toFixed(1)} ${end.y.toFixed(1)}`
  }
  if (rest.length === 1 && rest[0]) d += `L${rest[0].x.toFixed(1)} ${rest[0].y.toFixed(1)}`
  return d
}
