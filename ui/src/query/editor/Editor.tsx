import { useLayoutEffect, useRef } from 'react'
import type { EditorProps } from '../QueryBox'
import styles from '../QueryBox.module.css'
import { createEditor, type QueryEditor } from './create'

/** Editor is the TraceQL editor. It lives in a shadow root, where its styles need no <style> element. */
export default function Editor({ value, label, onChange, onRun, wrong, caret }: EditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const editor = useRef<QueryEditor | null>(null)
  const now = useRef({ onChange, onRun })
  const typed = useRef<string[]>([]) // told, and not come back yet as the value
  useLayoutEffect(() => {
    now.current = { onChange, onRun }
  }, [onChange, onRun])

  useLayoutEffect(() => {
    const el = host.current
    if (!el) return
    const root = el.shadowRoot ?? el.attachShadow({ mode: 'open' })
    const e = createEditor(root, label, {
      change: (text) => {
        typed.current.push(text)
        now.current.onChange(text)
      },
      run: (text) => now.current.onRun(text),
    })
    editor.current = e
    return () => {
      editor.current = null
      e.destroy()
    }
  }, [label])
  useLayoutEffect(() => {
    // What was typed comes back as the value, and by then more may have been typed.
    const mine = typed.current.indexOf(value)
    typed.current = mine < 0 ? [] : typed.current.slice(mine + 1)
    if (mine < 0) editor.current?.setText(value)
  }, [value])
  useLayoutEffect(() => editor.current?.setWrong(wrong), [wrong])
  useLayoutEffect(() => {
    if (caret.current) editor.current?.focus(caret.current.from, caret.current.to)
    caret.current = null
  }, [caret])
  return <div ref={host} className={styles.editor} />
}
