// Moments are nanoseconds since the Unix epoch, which a number can't hold; offsets and
// durations are nanoseconds as numbers, exact up to 104 days. The brands keep them apart,
// and both apart from pixels.

export type Moment = bigint & { readonly brand: 'moment' }
export type Nanos = number & { readonly brand: 'nanos' }

export const moment = (text: string): Moment => BigInt(text) as Moment
export const nanos = (n: number): Nanos => n as Nanos
export const after = (m: Moment, n: Nanos): Moment => (m + BigInt(Math.round(n))) as Moment
export const between = (from: Moment, to: Moment): Nanos => Number(to - from) as Nanos
export const now = (): Moment => (BigInt(Date.now()) * 1_000_000n) as Moment

const units: [number, string][] = [
  [3600e9, 'h'],
  [60e9, 'min'],
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
]

/** A duration with three significant digits and a unit: 1.76 s, 12.3 ms, 840 µs. */
export function formatDuration(n: number): string {
  if (n < 0) return '−' + formatDuration(-n)
  if (n === 0) return '0 s'
  if (n >= 120e9) {
    const s = Math.round(n / 1e9)
    return s >= 7200 ? `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min` : `${Math.floor(s / 60)} min ${s % 60} s`
  }
  for (const [size, unit] of units.slice(2)) {
    if (n >= size * 0.9995 || unit === 'ns') {
      const v = n / size
      const digits = v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2
      return `${unit === 'ns' ? Math.round(v) : v.toFixed(digits)} ${unit}`
    }
  }
  return ''
}

export type Zone = 'local' | 'utc'

const two = (n: number) => String(n).padStart(2, '0')

/** A moment as 2026-11-23 08:15:04.120, in local time or UTC. */
export function formatMoment(m: Moment, zone: Zone, digits = 3): string {
  const d = new Date(Number(m / 1_000_000n))
  const [y, mo, da, h, mi, s] =
    zone === 'utc'
      ? [d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate(), d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()]
      : [d.getFullYear(), d.getMonth(), d.getDate(), d.getHours(), d.getMinutes(), d.getSeconds()]
  const fraction = digits > 0 ? '.' + String(((m % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n).padStart(9, '0').slice(0, digits) : ''
  return `${y}-${two(mo + 1)}-${two(da)} ${two(h)}:${two(mi)}:${two(s)}${fraction}`
}

/** A moment in RFC 3339, UTC, to the nanosecond. */
export function rfc3339(m: Moment): string {
  return formatMoment(m, 'utc', 9).replace(' ', 'T') + 'Z'
}
