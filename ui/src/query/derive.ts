import type { Attr } from '../base/api'
import { narrow } from './conditions'
import { lex } from './lex'
import { quote } from './quote'
import { metrics } from './words'

// From series back to the traces that they count.

export type Counted = { base: string; call: string; argument: string }

/** The filter that a metrics query counts, and its function; null if it computes with several. */
export function counted(q: string): Counted | null {
  const tokens = lex(q)
  const calls = tokens.flatMap((t, i) => (t.kind === 'word' && metrics.has(t.text) && tokens[i + 1]?.text === '(' ? [i] : []))
  const at = calls[0]
  if (calls.length !== 1 || at === undefined || tokens[at - 1]?.text !== '|' || tokens[0]?.text !== '{') return null
  const base = q.slice(0, tokens[at - 1]?.from).trim()
  const close = tokens.findIndex((t, i) => i > at && (t.text === ')' || t.text === ','))
  const argument = q.slice(tokens[at + 1]?.to, tokens[close]?.from).trim()
  return { base, call: tokens[at]?.text ?? '', argument }
}

/** A label of a series as a condition; null for those that are no field, such as p. */
export function conditionOf(a: Attr): string | null {
  if (a.name.startsWith('__') || !/[.:]|^(name|kind|status|statusMessage|rootName|rootServiceName)$/.test(a.name)) return null
  if (a.type === 'nil') return `${a.name} = nil`
  return `${a.name} = ${a.type === 'string' ? quote(a.value) : a.value}`
}

/** The query for the traces that a series counts; null if it can't be told. */
export function tracesOf(q: string, labels: Attr[], ...more: string[]): string | null {
  const c = counted(q)
  if (!c) return null
  const all = [...labels.map(conditionOf).filter((x) => x !== null), ...more]
  return all.length ? narrow(c.base, ...all) : c.base
}
