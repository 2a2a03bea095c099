import { type Moment, moment, now } from '../../base/time'

// The time that is searched: back from now, or from and to. It lives in the address.

export type Range = { since: string; from?: undefined; to?: undefined } | { since?: undefined; from: Moment; to: Moment | null }

export const choices: [string, string][] = [
  ['15m', '15 min'],
  ['1h', '1 h'],
  ['6h', '6 h'],
  ['24h', '24 h'],
  ['168h', '7 days'],
]

const sizes: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86400e9 }

/** Nanoseconds of a span of time as the address has it: 15m, 1h30m, 7d. */
export function sinceNanos(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|[smhd]))+$/.test(text)) return null
  let sum = 0
  for (const m of text.matchAll(/([\d.]+)(ns|us|µs|ms|[smhd])/g)) sum += Number(m[1]) * (sizes[m[2] ?? ''] ?? 0)
  return sum || null
}

/** A moment of the address: nanoseconds (19 digits), seconds, or RFC 3339. */
export function parseMoment(text: string | null): Moment | null {
  if (!text) return null
  if (/^\d{15,19}$/.test(text)) return moment(text)
  if (/^\d+(\.\d+)?$/.test(text)) {
    const [s = '0', f = ''] = text.split('.')
    return moment(s + f.padEnd(9, '0').slice(0, 9))
  }
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) return null
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? ''
  return moment(String(Math.floor(ms / 1000)) + fraction.padEnd(9, '0').slice(0, 9))
}

/** The range that an address asks for; an hour when it says nothing, or nothing sensible. */
export function readRange(query: URLSearchParams): Range {
  const from = parseMoment(query.get('from'))
  if (from !== null) return { from, to: parseMoment(query.get('to')) }
  const since = query.get('since') ?? ''
  if (since === '7d') return { since: '168h' }
  return { since: sinceNanos(since) ? since : '1h' }
}

/** Parameters of the address for a range. */
export function writeRange(r: Range): Record<string, string | null> {
  if (r.since !== undefined) return { since: r.since === '1h' ? null : r.since, from: null, to: null }
  return { since: null, from: String(r.from), to: r.to === null ? null : String(r.to) }
}

/** Parameters of the API: since in hours, moments in seconds with nine digits. */
export function rangeParams(r: Range): Record<string, string> {
  if (r.since !== undefined) return { since: r.since.replace(/(\d+)d/g, (_, d: string) => Number(d) * 24 + 'h') }
  const out: Record<string, string> = { from: seconds(r.from) }
  if (r.to !== null) out.to = seconds(r.to)
  return out
}

/** A moment in RFC 3339: seconds as a number would lose nanoseconds on the way. */
function seconds(m: Moment): string {
  return new Date(Number(m / 1_000_000_000n) * 1000).toISOString().replace('.000Z', '') + '.' + String(m % 1_000_000_000n).padStart(9, '0') + 'Z'
}

/** The ends of a range, as of a moment. */
export function bounds(r: Range, at: Moment = now()): { from: Moment; to: Moment } {
  if (r.since === undefined) return { from: r.from, to: r.to ?? at }
  return { from: (at - BigInt(Math.round(sinceNanos(r.since) ?? 3600e9))) as Moment, to: at }
}

/** The next wider range to try; null if there is none. */
export function wider(r: Range): Range | null {
  const { from, to } = bounds(r)
  const length = Number(to - from)
  const next = choices.find(([c]) => (sinceNanos(c) ?? 0) > length * 1.01)
  return next ? { since: next[0] } : null
}

export function rangeText(r: Range): string {
  if (r.since === undefined) return 'the chosen time'
  const n = sinceNanos(r.since) ?? 0
  const choice = choices.find(([c]) => sinceNanos(c) === n)
  return 'the last ' + (choice ? choice[1].replace('1 h', 'hour').replace(' h', ' hours').replace('min', 'minutes') : r.since)
}
