// What every format is made into: OTLP/JSON, in groups of spans that share a resource and a
// scope. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding

export type AnyValue = { stringValue: string } | { boolValue: boolean } | { intValue: string } | { doubleValue: number | string } | { bytesValue: string }
export type KeyValue = { key: string; value: AnyValue }
export type Event = { timeUnixNano: string; name: string; attributes: KeyValue[] }
export type Link = { traceId: string; spanId: string; attributes: KeyValue[] }
export type Scope = { name: string; version: string }

/** Span has times as decimal text, since a number can't hold them. A span of OTLP has more fields, which pass as they are. */
export type Span = {
  traceId: string
  spanId: string
  parentSpanId?: string
  traceState?: string
  flags?: number
  name?: string
  kind?: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes?: KeyValue[]
  droppedAttributesCount?: number
  events?: Event[]
  droppedEventsCount?: number
  links?: Link[]
  droppedLinksCount?: number
  status?: { code: number; message: string }
}
export type Group = { resource: unknown; schemaUrl?: string; scope: unknown; scopeSchemaUrl?: string; spans: Span[] }

/** Batch is what one document holds, and how many spans of it can't be sent, with the reason of the first. */
export type Batch = { groups: Group[]; left: number; why: string }

/** BadFile says what is wrong with a file, and the way out. */
export class BadFile extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message)
  }
}

export type Doc = Record<string, unknown>
export const isDoc = (v: unknown): v is Doc => typeof v === 'object' && v !== null && !Array.isArray(v)
export const listOf = (v: unknown): unknown[] => (Array.isArray(v) ? v : [])
export const docsOf = (v: unknown): Doc[] => listOf(v).filter(isDoc)
export const textOf = (v: unknown): string => (typeof v === 'string' ? v : typeof v === 'number' || typeof v === 'boolean' ? String(v) : '')

/** An id in hexadecimal of so many digits; '' if it is none, or all zeroes. */
export function idOf(v: unknown, digits: 16 | 32): string {
  const text = textOf(v).trim().toLowerCase()
  if (!/^[0-9a-f]+$/.test(text)) return ''
  // Zipkin and Jaeger leave zeroes out; some write 64-bit ids with 32 digits.
  const id = text.padStart(digits, '0').replace(/^0+(?=.)/, '').padStart(digits, '0')
  return id.length === digits && !/^0+$/.test(id) ? id : ''
}

/** Whole nanoseconds: a number, or decimal text; null if it is neither. */
export function wholeOf(v: unknown): bigint | null {
  if (typeof v === 'number') return Number.isFinite(v) ? BigInt(Math.trunc(v)) : null
  return typeof v === 'string' && /^\s*[+-]?\d+\s*$/.test(v) ? BigInt(v.trim().replace(/^\+/, '')) : null
}

/** Nanoseconds of microseconds; a fraction counts to the nanosecond. */
export function microsOf(v: unknown): bigint | null {
  if (typeof v === 'number' && !Number.isInteger(v)) return Number.isFinite(v) ? BigInt(Math.trunc(v)) * 1000n + BigInt(Math.round((v % 1) * 1000)) : null
  if (typeof v === 'string') {
    const m = /^\s*(-?)(\d+)(?:\.(\d+))?\s*$/.exec(v)
    if (!m) return null
    const n = BigInt(m[2] ?? '0') * 1000n + BigInt((m[3] ?? '').padEnd(3, '0').slice(0, 3))
    return m[1] ? -n : n
  }
  const n = wholeOf(v)
  return n === null ? null : n * 1000n
}

const latest = 2n ** 63n - 1n // ns, in the year 2262

/** Whether the store has room for a moment. */
export const inRange = (ns: bigint): boolean => ns >= 0n && ns <= latest

const int64 = (n: bigint) => n >= -(2n ** 63n) && n <= latest
export const text = (key: string, v: string): KeyValue => ({ key, value: { stringValue: v } })
export const whole = (key: string, n: bigint): KeyValue => (int64(n) ? { key, value: { intValue: String(n) } } : text(key, String(n)))
export const flag = (key: string, on: boolean): KeyValue => ({ key, value: { boolValue: on } })
export const double = (key: string, v: number): KeyValue => ({ key, value: { doubleValue: Number.isFinite(v) ? v : String(v) } })

const kinds = ['', 'internal', 'server', 'client', 'producer', 'consumer']

/** The number of a kind, 0 if it is none. */
export const kindOf = (name: string): number => Math.max(kinds.indexOf(name.toLowerCase()), 0)

/** Grouped gives the group of a key, which it makes when it is asked for first. */
export class Grouped {
  private readonly by = new Map<string, Group>()
  left = 0
  why = ''

  of(key: string, make: () => Omit<Group, 'spans'>): Group {
    let g = this.by.get(key)
    if (!g) this.by.set(key, (g = { ...make(), spans: [] }))
    return g
  }
  leave(why: string) {
    if (this.left++ === 0) this.why = why
  }
  batch(): Batch {
    return { groups: [...this.by.values()], left: this.left, why: this.why }
  }
}
