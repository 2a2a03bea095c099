// A trace comes as columns (internal/api/columns.go): a header in JSON and, behind it, typed
// arrays, one entry a node in drawing order. Nothing is parsed for each span, so that a
// million of them are there at once.

import { type Moment, moment } from '../base/time'

export type Stretch = { node: number; start: number; duration: number }
export type Verdict = { node: number; share: number; class: string; text: string }

/** Trace is a trace in drawing order: a parent stands before its children. Times are ns from `start`. */
export type Trace = {
  id: string
  start: Moment
  duration: number
  spanCount: number
  serviceCount: number
  errorCount: number
  root: { node: number; service: string; name: string; durationNano: number }
  verdict: Verdict | null
  firstError: { node: number; text: string } | null
  partial: string[]
  counts: Record<string, number> // what is remarkable: roots, missingParents, cycles …

  nodes: number
  parent: Int32Array // -1 for a top
  depth: Int32Array
  children: Int32Array // how many
  begin: Float64Array
  length: Float64Array
  self: Float64Array // covered by no child
  critical: Float64Array // its own on the critical path
  name: Uint32Array // number in names
  service: Uint32Array // number in services
  kind: Uint8Array // number in kinds
  status: Uint8Array // 0 unset, 1 ok, 2 error
  flags: Uint16Array // bits, see flagNames
  error: Uint32Array // number in errors, 0 is none
  events: Uint16Array // how many
  links: Uint16Array
  ids: Uint8Array // eight bytes a node

  names: string[]
  services: string[]
  errors: string[]
  kinds: string[]
  flagNames: string[]

  path: Stretches // the critical path, in order of time
  gaps: Stretches // what no span covers, in drawing order

  eventNode: Int32Array // the events, in drawing order of their spans
  eventTime: Float64Array
  eventException: Uint8Array // 1 if it is one
}

export type Stretches = { node: Int32Array; start: Float64Array; duration: Float64Array }

type Header = {
  traceId: string
  startUnixNano: string
  durationNano: number
  spanCount: number
  serviceCount: number
  errorCount: number
  root: { node: number; service: string; name: string; durationNano: number }
  verdict?: { node: number; share: number; class: string; text: string } | null
  firstError?: { node: number; text: string } | null
  partial?: string[] | null
  flags: Record<string, number>
  names: string[]
  services: string[]
  errors: string[]
  kinds: string[]
  flagNames: string[]
  nodes: number
  columns: { name: string; type: 'i32' | 'u32' | 'f64' | 'u8' | 'u16'; offset: number; length: number }[]
}

const arrays = { i32: Int32Array, u32: Uint32Array, f64: Float64Array, u8: Uint8Array, u16: Uint16Array }

export class BadTrace extends Error {}

/** Decodes an answer of GET /api/v1/traces/{id}/columns. */
export function decodeTrace(buffer: ArrayBuffer): Trace {
  const head = new DataView(buffer)
  if (buffer.byteLength < 16 || head.getUint32(0, true) !== 0x43545645 || head.getUint32(4, true) !== 1) {
    throw new BadTrace('not a trace in columns of version 1')
  }
  const size = head.getUint32(8, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 16, size))) as Header
  const data = (16 + size + 7) & ~7
  const columns = new Map<string, ArrayBufferView>()
  for (const c of header.columns) {
    columns.set(c.name, new arrays[c.type](buffer, data + c.offset, c.length))
  }
  const get = <T extends ArrayBufferView>(name: string): T => {
    const c = columns.get(name)
    if (!c) throw new BadTrace(`no column ${name}`)
    return c as T
  }
  const stretches = (name: string): Stretches => ({ node: get(name + 'Node'), start: get(name + 'Start'), duration: get(name + 'Duration') })
  return {
    id: header.traceId,
    start: moment(header.startUnixNano),
    duration: header.durationNano,
    spanCount: header.spanCount,
    serviceCount: header.serviceCount,
    errorCount: header.errorCount,
    root: header.root,
    verdict: header.verdict ?? null,
    firstError: header.firstError ?? null,
    partial: header.partial ?? [],
    counts: header.flags,
    nodes: header.nodes,
    parent: get('parent'),
    depth: get('depth'),
    children: get('children'),
    begin: get('begin'),
    length: get('length'),
    self: get('self'),
    critical: get('critical'),
    name: get('name'),
    service: get('service'),
    kind: get('kind'),
    status: get('status'),
    flags: get('flags'),
    error: get('error'),
    events: get('events'),
    links: get('links'),
    ids: get('ids'),
    names: header.names,
    services: header.services,
    errors: header.errors,
    kinds: header.kinds,
    flagNames: header.flagNames,
    path: stretches('path'),
    gaps: stretches('gap'),
    // A server of the version before sends no moments of events.
    eventNode: columns.has('eventNode') ? get('eventNode') : new Int32Array(),
    eventTime: columns.has('eventTime') ? get('eventTime') : new Float64Array(),
    eventException: columns.has('eventException') ? get('eventException') : new Uint8Array(),
  }
}

/** The id of a node's span, in hexadecimal. */
export function spanId(t: Trace, node: number): string {
  let s = ''
  for (let i = 8 * node; i < 8 * node + 8; i++) s += (t.ids[i] ?? 0).toString(16).padStart(2, '0')
  return s
}

export const nameOf = (t: Trace, node: number): string => t.names[t.name[node] ?? 0] ?? ''
export const serviceOf = (t: Trace, node: number): string => t.services[t.service[node] ?? 0] ?? ''
export const kindOf = (t: Trace, node: number): string => t.kinds[t.kind[node] ?? 0] ?? ''
export const errorOf = (t: Trace, node: number): string => t.errors[t.error[node] ?? 0] ?? ''
export const isError = (t: Trace, node: number): boolean => t.status[node] === 2

/** The names of a node's flags: missing, duplicate, selfParent, cycle, startsBeforeParent … */
export function flagsOf(t: Trace, node: number): string[] {
  const bits = t.flags[node] ?? 0
  return t.flagNames.filter((_, i) => bits & (1 << i))
}

/** The node of a span id, -1 if there is none. */
export function nodeOf(t: Trace, id: string): number {
  const want = id.padStart(16, '0').toLowerCase()
  for (let n = 0; n < t.nodes; n++) if (spanId(t, n) === want) return n
  return -1
}
