// How TraceQL writes texts, names and durations.

/** A text in quotes, with the escapes of Go, which are those of JSON. */
export const quote = (text: string): string => JSON.stringify(text.replace(/\p{Surrogate}/gu, '\ufffd'))

/** What a literal in quotes or backticks means; null if it is none. */
export function unquote(literal: string): string | null {
  if (literal.length >= 2 && literal.startsWith('`') && literal.endsWith('`')) return literal.slice(1, -1)
  if (literal.length < 2 || !literal.startsWith('"') || !literal.endsWith('"')) return null
  try {
    return JSON.parse(literal) as string
  } catch {
    return null // an escape that Go has and JSON hasn't
  }
}

const special = /[\s\p{Cc}{}()=~!<>&|^,+*%"`']/u
const scope = /^(span|resource|event|link|instrumentation|parent|parent\.span|parent\.resource)\./

/** An attribute's name as TraceQL writes it: span.http.route, span."with blanks". */
export function quoteName(scoped: string): string {
  const m = scope.exec(scoped)
  const head = m ? m[0] : scoped.startsWith('.') ? '.' : ''
  const name = scoped.slice(head.length)
  return head + (special.test(name) ? quote(name) : name)
}

/** A text that matches itself in a regular expression. */
export const quotePattern = (text: string): string => text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')

const units: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86400e9, w: 604800e9 }

/** Nanoseconds of a duration such as 1h30m or 250ms; null if it is none. A bare number is milliseconds. */
export function parseDuration(text: string): number | null {
  const t = text.trim().replace(/\s+/g, '').replace(/min/g, 'm')
  if (/^\d+(\.\d+)?$/.test(t)) return Number(t) * 1e6
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d|w))+$/.test(t)) return null
  let sum = 0
  for (const m of t.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w)/g)) sum += Number(m[1]) * (units[m[2] ?? ''] ?? 0)
  return sum
}

/** A duration as TraceQL writes it, rounded to three digits: down for a lower bound, up for an upper one. */
export function writeDuration(ns: number, round: 'down' | 'up' | 'near' = 'near'): string {
  if (ns <= 0) return '0s'
  const [size, unit] = ([[1e9, 's'], [1e6, 'ms'], [1e3, 'us'], [1, 'ns']] as const).find(([s]) => ns >= s) ?? [1, 'ns']
  const value = ns / size
  const step = unit === 'ns' ? 1 : 10 ** (Math.floor(Math.log10(value)) - 2)
  const f = round === 'down' ? Math.floor : round === 'up' ? Math.ceil : Math.round
  return Number((f(Number((value / step).toFixed(6))) * step).toPrecision(12)) + unit
}
