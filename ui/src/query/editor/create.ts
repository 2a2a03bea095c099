import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus, startCompletion } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, insertNewline } from '@codemirror/commands'
import { bracketMatching } from '@codemirror/language'
import { Annotation, EditorState } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import type { Wrong } from '../problem'
import { complete } from './complete'
import { colouring, markWrong, wrongMarks } from './marks'
import { theme } from './theme'

export type QueryEditor = { setText: (text: string) => void; setWrong: (w: Wrong | null) => void; focus: (from: number, to: number) => void; destroy: () => void }
type Listener = { change: (text: string) => void; run: (text: string) => void }

const outside = Annotation.define<boolean>() // a change that was not typed

/** Creates the editor. Enter runs the query, Shift-Enter starts a line, Tab takes what is offered and else leaves, as Escape does. */
export function createEditor(root: ShadowRoot, label: string, to: Listener): QueryEditor {
  const run = (v: EditorView) => {
    if (completionStatus(v.state) === 'active' && acceptCompletion(v)) return true
    to.run(v.state.doc.toString())
    return true
  }
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      extensions: [
        keymap.of([
          { key: 'Enter', run },
          { key: 'Tab', run: acceptCompletion },
          { key: 'Mod-Enter', run },
          { key: 'Shift-Enter', run: insertNewline },
          { key: 'Ctrl-Space', run: startCompletion },
        ]),
        history(),
        closeBrackets(),
        bracketMatching(),
        autocompletion({ override: [complete], icons: false, activateOnTypingDelay: 80 }),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': label, autocapitalize: 'off', autocorrect: 'off', spellcheck: 'false' }),
        EditorView.updateListener.of((u) => {
          if (u.docChanged && !u.transactions.some((t) => t.annotation(outside))) to.change(u.state.doc.toString())
        }),
        placeholder('{ resource.service.name = "checkout" && duration > 2s }'),
        colouring,
        wrongMarks,
        theme,
      ],
    }),
  })
  return {
    setText(text) {
      const old = view.state.doc.toString()
      if (old !== text) view.dispatch({ changes: { from: 0, to: old.length, insert: text }, selection: { anchor: text.length }, annotations: outside.of(true) })
    },
    setWrong: (w) => view.dispatch({ effects: markWrong.of(w) }),
    focus(from, to) {
      const length = view.state.doc.length
      view.dispatch({ selection: { anchor: Math.min(from, length), head: Math.min(to, length) } })
      view.focus()
    },
    destroy: () => view.destroy(),
  }
}
