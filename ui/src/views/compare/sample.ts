import { conditions, filter } from '../../query/conditions'
import { type Operation as Own, operationsOf } from '../../trace/operations'
import type { Trace } from '../../trace/decode'
import type { Operation, Sum } from './operations'

// Two sets of traces, operation by operation: the newest of each are read and averaged.

export const sampled = 40 // traces of each set

export type Ask = { q: string; from: string | null; to: string | null } // the times are those of the address; null is the whole range

/**
 * The questions for the traces of the selection and for those of the rest; null if the
 * query is more than a filter, of which there is no opposite. A selection by time alone
 * has what was before it as its rest.
 */
export function questions(base: string, set: string, from: string | null, to: string | null): { rest: Ask; selection: Ask } | null {
  const [of, chosen] = [conditions(base), conditions(set.trim().startsWith('{') ? set : `{ ${set} }`)]
  if (!of || !chosen) return null
  const selection = { q: filter([...of, ...chosen]), from, to }
  if (chosen.length > 0) return { selection, rest: { q: filter([...of, `!(${chosen.join(' && ')})`]), from: null, to: null } }
  return from ? { selection, rest: { q: filter(of), from: null, to: from } } : null
}

/** The mean trace of each set, by operation; those first whose part of the critical path differs most. */
export function means(rest: Trace[], selection: Trace[]): Operation[] {
  const all = new Map<string, Operation>()
  for (const [side, traces] of [['a', rest], ['b', selection]] as const) {
    for (const t of traces) {
      for (const o of operationsOf(t)) {
        const [service, name] = [t.services[o.service] ?? '', t.names[o.name] ?? '']
        const key = service + '\n' + name
        let one = all.get(key)
        if (!one) all.set(key, (one = { service, name, a: nothing(), b: nothing() }))
        add(one[side], o, 1 / traces.length)
      }
    }
  }
  const by = (o: Operation) => Math.abs(o.b.critical - o.a.critical)
  return [...all.values()].toSorted((x, y) => by(y) - by(x) || Math.abs(y.b.self - y.a.self) - Math.abs(x.b.self - x.a.self) || (x.name < y.name ? -1 : 1))
}

const nothing = (): Sum => ({ count: 0, total: 0, self: 0, critical: 0, errors: 0 })

function add(to: Sum, o: Own, share: number) {
  to.count += share * o.count
  to.total += share * o.total
  to.self += share * o.self
  to.critical += share * o.critical
  to.errors += share * o.errors
}

/** The mean duration, ns. */
export const meanDuration = (traces: Trace[]): number => traces.reduce((n, t) => n + t.duration, 0) / Math.max(traces.length, 1)
