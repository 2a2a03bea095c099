import { go, usePlace, withQuery } from '../../base/location'

export type View = 'waterfall' | 'flame' | 'operations' | 'services'
export const views: [View, string][] = [
  ['waterfall', 'Waterfall'],
  ['flame', 'Flame graph'],
  ['operations', 'Operations'],
  ['services', 'Services'],
]

/** What the address of a trace says beside its id. */
export type TraceState = {
  span: string // see keyOf
  view: View
  from: number | null // the window, ns from the start
  to: number | null
  focus: string
  hide: string[] // services
  folded: string[] // keys of spans whose children are folded
  unrolled: string[] // keys of the first spans of runs that are unrolled
  q: string
  critical: boolean // critical path only
  adjust: boolean // clocks
  by: string // how the flame graph is laid out, and by what operations are sorted
}

export function readState(q: URLSearchParams): TraceState {
  const number = (name: string) => {
    const text = q.get(name)
    const n = Number(text)
    return text && Number.isFinite(n) && n >= 0 ? n : null
  }
  const view = views.find(([v]) => v === q.get('view'))?.[0] ?? 'waterfall'
  const from = number('from')
  const to = number('to')
  const window = from !== null && to !== null && to > from
  return {
    span: q.get('span') ?? '',
    view,
    from: window ? from : null,
    to: window ? to : null,
    focus: q.get('focus') ?? '',
    hide: (q.get('hide') ?? '').split(',').filter(Boolean).map(decode),
    folded: keys(q.get('folded')),
    unrolled: keys(q.get('unrolled')),
    q: q.get('q') ?? '',
    critical: q.get('critical') === '1',
    adjust: q.get('adjust') === '1',
    by: q.get('by') ?? '',
  }
}

const keys = (text: string | null) => (text ?? '').split(',').filter(Boolean)

// Names may have commas in them.
const encode = (s: string) => s.replace(/[%,]/g, (c) => (c === '%' ? '%25' : '%2C'))
const decode = (s: string) => s.replace(/%25|%2C/g, (c) => (c === '%25' ? '%' : ','))

export function addressOf(change: Partial<TraceState>): string {
  const q: Record<string, string | null> = {}
  for (const [k, v] of Object.entries(change) as [keyof TraceState, unknown][]) {
    if (k === 'view') q[k] = v === 'waterfall' ? null : String(v)
    else if (k === 'hide') q[k] = (v as string[]).map(encode).join(',')
    else if (Array.isArray(v)) q[k] = v.join(',')
    else if (typeof v === 'boolean') q[k] = v ? '1' : null
    else if (typeof v === 'number') q[k] = String(Math.round(v))
    else q[k] = v === null ? null : String(v)
  }
  return withQuery(q)
}

export const change = (c: Partial<TraceState>, replace = false) => go(addressOf(c), replace)

export const useTraceState = (): TraceState => readState(usePlace().query)
