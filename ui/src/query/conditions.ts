import { lex, type Token } from './lex'

// A query that is one filter, { a && b && c }, can be taken apart at its &&. Others are
// only narrowed, by a filter behind them.

/** The conditions of a query that is a single filter; null if it is more than that. */
export function conditions(text: string): string[] | null {
  const tokens = lex(text)
  if (tokens.length === 0) return []
  if (tokens[0]?.text !== '{' || closing(tokens, 0) !== tokens.length - 1) return null
  const inner = tokens.slice(1, -1)
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (let i = 0; i <= inner.length; i++) {
    const t = inner[i]
    if (t?.kind === 'bracket') depth += t.text === '(' || t.text === '{' ? 1 : -1
    if (t && depth === 0 && t.text === '||') return inner.length ? [piece(text, inner, 0, inner.length)] : []
    if (!t || (depth === 0 && t.text === '&&')) {
      if (i > from) parts.push(piece(text, inner, from, i))
      from = i + 1
    }
  }
  return parts
}

function piece(text: string, tokens: Token[], from: number, to: number): string {
  return text.slice(tokens[from]?.from ?? 0, tokens[to - 1]?.to ?? 0)
}

function closing(tokens: Token[], open: number): number {
  let depth = 0
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]?.kind !== 'bracket') continue
    depth += tokens[i]?.text === '{' || tokens[i]?.text === '(' ? 1 : -1
    if (depth === 0) return i
  }
  return -1
}

/** A filter of conditions. */
export function filter(all: string[]): string {
  const safe = all.map((c) => (all.length > 1 && lex(c).some((t) => t.text === '||') && !wrapped(c) ? `(${c})` : c))
  return all.length ? `{ ${safe.join(' && ')} }` : '{ }'
}

function wrapped(c: string): boolean {
  const tokens = lex(c)
  return tokens[0]?.text === '(' && closing(tokens, 0) === tokens.length - 1
}

/** The query narrowed by a condition: within its filter, or by one behind it. */
export function narrow(text: string, ...more: string[]): string {
  const have = conditions(text)
  if (have) {
    const fresh = more.filter((c) => !have.includes(c))
    return filter([...have.filter((c) => !fresh.some((m) => replaces(m, c))), ...fresh])
  }
  return `${text.trim()} | ${filter(more)}`
}

/** A bound replaces a bound of the same field in the same direction. */
function replaces(fresh: string, old: string): boolean {
  const [a, b] = [lex(fresh), lex(old)]
  return a.length === 3 && b.length === 3 && a[0]?.text === b[0]?.text && /^[<>]=?$/.test(a[1]?.text ?? '') && a[1]?.text[0] === b[1]?.text[0]
}

/** Whether the query counts over time rather than finding traces. */
export function isMetrics(text: string): boolean {
  const tokens = lex(text)
  return tokens.some((t, i) => t.kind === 'word' && tokens[i + 1]?.text === '(' && /^(rate|compare|\w+_over_time)$/.test(t.text))
}
