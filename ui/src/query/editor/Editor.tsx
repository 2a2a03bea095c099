import { useEffect, useRef } from 'react'
import type { BoxProps } from '../QueryBox'
import styles from '../QueryBox.module.css'
import { createEditor, type QueryEditor } from './create'

/** Editor is the TraceQL editor. It lives in a shadow root, where its styles need no <style> element. */
export default function Editor({ value, label, onChange, onRun, wrong }: BoxProps) {
  const host = useRef<HTMLDivElement>(null)
  const editor = useRef<QueryEditor | null>(null)
  const now = useRef({ onChange, onRun })
  useEffect(() => {
    now.current = { onChange, onRun }
  }, [onChange, onRun])

  useEffect(() => {
    const el = host.current
    if (!el) return
    const root = el.shadowRoot ?? el.attachShadow({ mode: 'open' })
    const e = createEditor(root, label, {
      change: (text) => now.current.onChange(text),
      run: (text) => now.current.onRun(text),
    })
    editor.current = e
    return () => {
      editor.current = null
      e.destroy()
    }
  }, [label])
  useEffect(() => editor.current?.setText(value), [value])
  useEffect(() => editor.current?.setWrong(wrong), [wrong])
  return <div ref={host} className={styles.editor} />
}
