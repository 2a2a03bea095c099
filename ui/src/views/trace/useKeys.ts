import { useEffect, useRef } from 'react'

/** Calls what a key means, unless somebody writes or a dialog is open. */
export function useKeys(keys: Record<string, (e: KeyboardEvent) => void>) {
  const now = useRef(keys)
  useEffect(() => {
    now.current = keys
  })
  useEffect(() => {
    const down = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey) return
      const at = e.target instanceof HTMLElement ? e.target : null
      if (at && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) && !(at instanceof HTMLInputElement && at.type === 'checkbox')) return
      if (document.querySelector('dialog[open], [popover]:popover-open')) return
      const act = now.current[e.key]
      if (!act) return
      e.preventDefault()
      act(e)
    }
    window.addEventListener('keydown', down)
    return () => window.removeEventListener('keydown', down)
  }, [])
}
