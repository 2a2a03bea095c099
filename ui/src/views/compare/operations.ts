// Two traces, operation by operation.

export type WaterNode = { service: string; name: string; durationNano: number; selfNano: number; criticalNano: number; status: string; missing?: boolean }
export type Waterfall = {
  traceId: string
  startUnixNano: string
  durationNano: number
  spanCount: number
  serviceCount: number
  errorCount: number
  root: { service: string; name: string }
  verdict?: { text: string }
  nodes: WaterNode[]
  partial?: string[]
}

export type Sum = { count: number; total: number; self: number; critical: number; errors: number }
export type Operation = { service: string; name: string; a: Sum; b: Sum }

const nothing = (): Sum => ({ count: 0, total: 0, self: 0, critical: 0, errors: 0 })
export const delta = (o: Operation): number => o.b.critical - o.a.critical

/** The operations of both traces; those first whose time on the critical path differs most, then by their own time. */
export function operations(a: WaterNode[], b: WaterNode[]): Operation[] {
  const all = new Map<string, Operation>()
  const add = (nodes: WaterNode[], side: 'a' | 'b') => {
    for (const n of nodes) {
      if (n.missing) continue
      const key = n.service + '\n' + n.name
      let o = all.get(key)
      if (!o) {
        o = { service: n.service, name: n.name, a: nothing(), b: nothing() }
        all.set(key, o)
      }
      const s = o[side]
      s.count++
      s.total += n.durationNano
      s.self += n.selfNano
      s.critical += n.criticalNano
      if (n.status === 'error') s.errors++
    }
  }
  add(a, 'a')
  add(b, 'b')
  return [...all.values()].toSorted(
    (x, y) => Math.abs(delta(y)) - Math.abs(delta(x)) || Math.abs(y.b.self - y.a.self) - Math.abs(x.b.self - x.a.self) || (x.name < y.name ? -1 : 1),
  )
}

export type Telling = { longer: 'a' | 'b' | null; by: number; operation: Operation | null; part: number; only: { a: number; b: number } }

/** The answer in numbers: which one took longer, by how much, and which operation explains most of it. */
export function telling(a: Waterfall, b: Waterfall, all: Operation[]): Telling {
  const by = b.durationNano - a.durationNano
  const sign = by < 0 ? -1 : 1
  const most = all.reduce<Operation | null>((best, o) => (sign * delta(o) > (best ? sign * delta(best) : 0) ? o : best), null)
  return {
    longer: by === 0 ? null : by > 0 ? 'b' : 'a',
    by: Math.abs(by),
    operation: most,
    part: most ? Math.abs(delta(most)) : 0,
    only: { a: all.filter((o) => o.a.count && !o.b.count).length, b: all.filter((o) => o.b.count && !o.a.count).length },
  }
}
