import { lazy, type RefObject, Suspense, useCallback, useRef } from 'react'
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

/** What was selected in the plain box, null if it was not in focus. */
export type Caret = { from: number; to: number } | null
export type EditorProps = BoxProps & { caret: RefObject<Caret> }

/** QueryBox takes TraceQL: a plain box at first, the editor as soon as it is there; who types meanwhile types on. */
export function QueryBox(props: BoxProps) {
  const caret = useRef<Caret>(null)
  // When the plain box goes, it is still in the document: where typing was is asked of it then.
  const leave = useCallback((box: HTMLTextAreaElement) => {
    caret.current = null
    return () => {
      if (document.activeElement === box) caret.current = { from: box.selectionStart, to: box.selectionEnd }
    }
  }, [])
  return (
    <div className={styles.box} data-wrong={props.wrong ? '' : undefined}>
      <Suspense
        fallback={
          <textarea
            ref={leave}
            className={styles.plain}
            aria-label={props.label}
            rows={Math.min(props.value.split('\n').length, 8)}
            spellCheck={false}
            value={props.value}
            onChange={(e) => props.onChange(e.target.value)}
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
