import { lazy, Suspense } from 'react'
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

/** QueryBox takes TraceQL: a plain box at first, the editor as soon as it is there. */
export function QueryBox(props: BoxProps) {
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
            onKeyDown={(e) => {
              if (e.key === 'Enter' && !e.shiftKey) {
                e.preventDefault()
                props.onRun(props.value)
              }
            }}
          />
        }
      >
        <Editor {...props} />
      </Suspense>
    </div>
  )
}
