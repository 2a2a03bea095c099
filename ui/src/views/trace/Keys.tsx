import { useEffect, useRef } from 'react'
import styles from './Keys.module.css'

const keys: [string[], string][] = [
  [['↑', '↓'], 'the span above, below'],
  [['←', '→'], 'fold, unfold; to the parent, to the first child'],
  [['Enter'], 'open the span'],
  [['f'], 'only this span and what is below; again: all'],
  [['b'], 'the bottleneck'],
  [['e'], 'the next error'],
  [['c'], 'critical path only'],
  [['/'], 'search in the trace'],
  [['n', 'N'], 'next match, match before'],
  [['+', '-', '0'], 'zoom in, out, whole trace'],
  [['[', ']'], 'back, forward'],
  [['Esc'], 'close'],
  [['?'], 'these keys'],
]

export function Keys({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} className={styles.dialog} onClose={close} onClick={(e) => e.target === e.currentTarget && close()} aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl className={styles.keys}>
        {keys.map(([k, what]) => (
          <div key={what}>
            <dt>
              {k.map((x) => (
                <kbd key={x}>{x}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet">Ctrl or pinch and wheel zooms, shift and wheel moves; so does dragging the bars.</p>
      <button type="button" className="button" onClick={close}>
        Close
      </button>
    </dialog>
  )
}
