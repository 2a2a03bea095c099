import { type Range, StateEffect, StateField } from '@codemirror/state'
import { Decoration, type DecorationSet, EditorView } from '@codemirror/view'
import { lex } from '../lex'
import type { Wrong } from '../problem'
import { constants, functions } from '../words'

// Colours for tokens, and a line under what the server does not understand.

const marks = new Map<string, Decoration>()
function mark(name: string): Decoration {
  let m = marks.get(name)
  if (!m) {
    m = Decoration.mark({ class: 'tq-' + name })
    marks.set(name, m)
  }
  return m
}

function colour(text: string): DecorationSet {
  const all: Range<Decoration>[] = []
  const tokens = lex(text)
  tokens.forEach((t, i) => {
    let kind: string = t.kind
    if (kind === 'word') kind = constants.has(t.text) ? 'constant' : functions.has(t.text) && tokens[i + 1]?.text === '(' ? 'function' : 'field'
    if (kind === 'duration') kind = 'number'
    all.push(mark(kind).range(t.from, t.to))
  })
  return Decoration.set(all)
}

export const colouring = StateField.define<DecorationSet>({
  create: (s) => colour(s.doc.toString()),
  update: (old, tr) => (tr.docChanged ? colour(tr.newDoc.toString()) : old),
  provide: (f) => EditorView.decorations.from(f),
})

export const markWrong = StateEffect.define<Wrong | null>()

export const wrongMarks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(old, tr) {
    let set = tr.docChanged ? Decoration.none : old
    for (const e of tr.effects) {
      if (!e.is(markWrong)) continue
      const length = tr.newDoc.length
      const from = e.value ? Math.min(e.value.from, Math.max(length - 1, 0)) : 0
      const to = e.value ? Math.min(Math.max(e.value.to, from + 1), length) : 0
      set = e.value && to > from ? Decoration.set([mark('bad').range(from, to)]) : Decoration.none
    }
    return set
  },
  provide: (f) => EditorView.decorations.from(f),
})
