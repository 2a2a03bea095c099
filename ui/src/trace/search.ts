import { spanId, type Trace } from './decode'

/**
 * The nodes that a text occurs in, in drawing order: in the name, the service, the error, in
 * any case, or at the start of the id. Names and services are asked once, however many
 * spans have them.
 */
export function searchTrace(t: Trace, text: string): Int32Array {
  const want = text.trim().toLowerCase()
  if (!want) return new Int32Array()
  const has = (s: string) => s.toLowerCase().includes(want)
  const names = t.names.map(has)
  const services = t.services.map(has)
  const errors = t.errors.map(has)
  const hex = /^[0-9a-f]{4,16}$/.test(want)
  const found = new Int32Array(t.nodes)
  let n = 0
  for (let i = 0; i < t.nodes; i++) {
    const error = t.error[i] ?? 0
    if (
      names[t.name[i] ?? 0] ||
      services[t.service[i] ?? 0] ||
      (error > 0 && errors[error]) ||
      (hex && spanId(t, i).startsWith(want))
    ) {
      found[n++] = i
    }
  }
  return found.slice(0, n)
}

/** The place of the first entry that is not less than a value, in a sorted array. */
export function lowerBound(sorted: ArrayLike<number>, value: number, from = 0, to = sorted.length): number {
  while (from < to) {
    const mid = (from + to) >> 1
    if ((sorted[mid] ?? 0) < value) from = mid + 1
    else to = mid
  }
  return from
}

/** The next entry behind a value (or before it), around the end if need be; -1 of nothing. */
export function nextOf(sorted: Int32Array, value: number, back = false): number {
  if (sorted.length === 0) return -1
  if (back) {
    const i = lowerBound(sorted, value) - 1
    return sorted[i < 0 ? sorted.length - 1 : i] ?? -1
  }
  const i = lowerBound(sorted, value + 1)
  return sorted[i >= sorted.length ? 0 : i] ?? -1
}
