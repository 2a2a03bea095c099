import { lex, type Token } from './lex'
import { quoteName } from './quote'

// What may stand at a place of a query: a name, a value of a name, or a stage.

export type Place =
  | { want: 'name'; from: number }
  | { want: 'value'; from: number; name: string; op: string; quoted: boolean; others: string }
  | { want: 'stage'; from: number }
  | { want: 'operator'; from: number }
  | { want: 'filter'; from: number }

const comparison = /^(=|!=|=~|!~|<|<=|>|>=)$/

/** What is wanted at a place of a text. */
export function placeAt(text: string, at: number): Place {
  const tokens = lex(text)
  const before = tokens.filter((t) => t.from < at)
  const last = before.at(-1)
  const typing = last && last.to >= at && !['operator', 'bracket'].includes(last.kind) ? last : null
  const done = typing ? before.slice(0, -1) : before
  const from = typing ? typing.from : at
  const prev = done.at(-1)
  const { braces, brackets, by } = inside(done)
  if (braces === 0 && brackets > 0) return { want: by ? 'name' : 'stage', from }
  if (braces === 0) return prev?.text === '|' || (!!typing && prev?.text !== '}' && !!prev) ? { want: 'stage', from } : { want: 'filter', from }
  const name = done.at(-2)
  if (prev?.kind === 'operator' && comparison.test(prev.text) && name && /attribute|field|word/.test(name.kind)) {
    return { want: 'value', from, name: name.text, op: prev.text, quoted: /^["`]/.test(typing?.text ?? ''), others: others(text, done, tokens, at) }
  }
  if (prev && (/text|number|duration|attribute|field/.test(prev.kind) || prev.text === ')' || prev.kind === 'word')) return { want: 'operator', from }
  return { want: 'name', from }
}

function inside(tokens: Token[]): { braces: number; brackets: number; by: boolean } {
  let [braces, brackets, by] = [0, 0, false]
  tokens.forEach((t, i) => {
    if (t.text === '{') braces++
    if (t.text === '}') braces--
    if (t.text === '(' && braces === 0) {
      brackets++
      by = i > 0 && tokens[i - 1]?.kind === 'word'
    }
    if (t.text === ')' && braces === 0) brackets--
  })
  return { braces, brackets, by }
}

/** The other conditions of the filter around a place: they narrow what values are offered. */
function others(text: string, done: Token[], tokens: Token[], at: number): string {
  const open = done.findLast((t) => t.text === '{')
  if (!open) return ''
  const inner = done.slice(done.indexOf(open) + 1, -2)
  if (inner.some((t) => t.text === '||' || t.text === '(')) return ''
  if (inner.at(-1)?.text === '&&') inner.pop()
  const first = inner[0]
  const last = inner.at(-1)
  const ahead = tokens.find((t) => t.from >= at)
  return first && last && ahead?.text !== '||' ? `{ ${text.slice(first.from, last.to)} }` : ''
}

/** The name as the server's tag values want it, or null where it has no list. */
export function tagOf(name: string): string | null {
  if (/duration$/i.test(name) || /^nestedSet|^parent\./.test(name)) return null
  return quoteName(name.replace(/"/g, ''))
}
