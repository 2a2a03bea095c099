import { EditorView } from '@codemirror/view'

// Colours are the page's variables, which reach into the shadow root.

export const theme = EditorView.theme({
  '&': { color: 'var(--text)', background: 'transparent', fontSize: 'var(--query-size)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5', maxHeight: '180px', overflow: 'auto' },
  '.cm-content': { padding: '4px 0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 8px' },
  '.cm-placeholder': { color: 'var(--quiet)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { background: 'var(--accent-bg)', outline: 'none' },
  '.tq-text': { color: 'var(--tq-text, var(--text))' },
  '.tq-number': { color: 'var(--warn)' },
  '.tq-constant': { color: 'var(--warn)' },
  '.tq-attribute, .tq-field': { color: 'var(--accent)' },
  '.tq-function': { color: 'var(--accent)', fontWeight: '600' },
  '.tq-operator, .tq-bracket': { color: 'var(--quiet)' },
  '.tq-bad, .tq-wrong': { textDecoration: 'underline wavy var(--error)', textUnderlineOffset: '3px' },
  '.cm-tooltip': { border: '1px solid var(--line)', borderRadius: '6px', background: 'var(--raised)', boxShadow: 'var(--shadow)', color: 'var(--text)', zIndex: '20' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12px', maxHeight: '240px', maxWidth: 'min(560px, 92vw)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px', lineHeight: '18px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { background: 'var(--accent)', color: 'var(--on-accent)' },
  '.cm-completionDetail': { color: 'var(--quiet)', fontStyle: 'normal', fontFamily: 'var(--sans)' },
  '.cm-tooltip-autocomplete ul li[aria-selected] .cm-completionDetail': { color: 'inherit' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '600' },
})
