import { lazy, type RefObject, Suspense, useRef } from 'react'
import type { Wrong } from './problem'
import styles from './QueryBox.module.css'

const Editor = lazy(() => import('./editor/Editor'))

export type BoxProps = {
  value: string
  label: string
  onChange: (text: string) => void
  onRun: (text: string) => void
  wrong: Wrong | null
}

/** What is selected in the plain box, null if it is not in focus. */
export type Caret = { from: number; to: number } | null
export type EditorProps = BoxProps & { caret: RefObject<Caret> }

/** QueryBox takes TraceQL: a plain box at first, the editor as soon as it is there; who types meanwhile types on. */
export function QueryBox(props: BoxProps) {
  const caret = useRef<Caret>(null)
  return (
    <div className={styles.box} data-wrong={props.wrong ? '' : undefined}>
      <Suspense
        fallback={
          <textarea
            className={styles.plain}
            aria-label={props.label}
            rows={Math.min(props.value.split('\n').length, 8)}
            spellCheck={false}
            value={props.value}
            onChange={(e) => props.onChange(e.target.value)}
            onSelect={(e) => (caret.current = { from: e.currentTarget.selectionStart, to: e.currentTarget.selectionEnd })}
            onFocus={(e) => (caret.current = { from: e.target.selectionStart, to: e.target.selectionEnd })}
            onBlur={() => (caret.current = null)}
            onKeyDown={(e) => {
              if (e.key === 'Enter' && !e.shiftKey) {
                e.preventDefault()
                props.onRun(props.value)
              }
            }}
          />
        }
      >
        <Editor {...props} caret={caret} />
      </Suspense>
    </div>
  )
}
