// The tokens of TraceQL, as internal/traceql reads them. It goes on after an error, since
// it colours what is being typed.

export type Kind = 'text' | 'number' | 'duration' | 'attribute' | 'field' | 'word' | 'operator' | 'bracket' | 'wrong'
export type Token = { kind: Kind; from: number; to: number; text: string }

const operators =
  '!>> !<< &>> &<< && || != !~ !> !< >> << >= <= =~ &> &< &~ , | = ! < > ~ + - * / % ^'.split(' ')
const name = String.raw`(?:"(?:[^"\\]|\\.)*"|[^\s\p{Cc}{}()=~!<>&|^,+*%"` + '`' + String.raw`'])+`
const patterns: [Kind, RegExp][] = [
  ['text', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/uy],
  ['wrong', /"[^\n]*|`[^]*|'[^']*'?/uy],
  ['duration', /(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|[smhdw]))+(?![\w.])/uy],
  ['number', /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/uy],
  ['attribute', new RegExp(String.raw`(?:parent\.)?(?:span|resource|event|link|instrumentation)\.(?:${name})?|(?:parent)?\.${name}`, 'uy')],
  ['field', /(?:parent\.)?(?:span|trace|event|link|instrumentation):\w*/uy],
  ['word', /[A-Za-z_]\w*/uy],
  ['bracket', /[{}()]/uy],
]

/** The tokens of a text, in order; white space is left out. */
export function lex(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const space = /\s+/uy
    space.lastIndex = at
    const skip = space.exec(text)
    if (skip) {
      at += skip[0].length
      continue
    }
    const t = next(text, at)
    tokens.push(t)
    at = t.to
  }
  return tokens
}

function next(text: string, from: number): Token {
  for (const [kind, p] of patterns) {
    p.lastIndex = from
    const m = p.exec(text)
    if (m) return { kind, from, to: from + m[0].length, text: m[0] }
  }
  const op = operators.find((o) => text.startsWith(o, from))
  if (op) return { kind: 'operator', from, to: from + op.length, text: op }
  const c = String.fromCodePoint(text.codePointAt(from) ?? 0)
  return { kind: 'wrong', from, to: from + c.length, text: c }
}
