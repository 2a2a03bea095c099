import type { Trace } from './decode'

// The spans of a trace by what they do: one row for each name of each service.

export type Operation = {
  service: number
  name: number
  count: number
  total: number // ns, all its spans together
  longest: number
  self: number
  critical: number
  errors: number
  first: number // node
}

export function operationsOf(t: Trace): Operation[] {
  const all = new Map<number, Operation>()
  for (let i = 0; i < t.nodes; i++) {
    const service = t.service[i] ?? 0
    const name = t.name[i] ?? 0
    const key = service * t.names.length + name
    let o = all.get(key)
    if (!o) {
      o = { service, name, count: 0, total: 0, longest: 0, self: 0, critical: 0, errors: 0, first: i }
      all.set(key, o)
    }
    const length = t.length[i] ?? 0
    o.count++
    o.total += length
    o.longest = Math.max(o.longest, length)
    o.self += t.self[i] ?? 0
    o.critical += t.critical[i] ?? 0
    if (t.status[i] === 2) o.errors++
  }
  return [...all.values()]
}

export type OperationKey = 'operation' | 'count' | 'total' | 'longest' | 'self' | 'critical' | 'errors'

/** Sorted by one column, the largest first (names: a to z), or the other way round. */
export function sortOperations(t: Trace, all: Operation[], by: OperationKey, up: boolean): Operation[] {
  const text = (o: Operation) => `${t.services[o.service]} ${t.names[o.name]}`
  const sorted = all.toSorted((a, b) => (by === 'operation' ? text(a).localeCompare(text(b)) : b[by] - a[by] || a.first - b.first))
  return up ? sorted.reverse() : sorted
}
