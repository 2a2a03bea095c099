import { useRef } from 'react'
import styles from './Handle.module.css'

/** Handle is a line between two columns that can be moved: by pointer, or by arrow keys. */
export function Handle(p: { at: number; least: number; most: number; label: string; onMove: (to: number) => void; reverse?: boolean }) {
  const from = useRef<{ x: number; at: number } | null>(null)
  const move = (to: number) => p.onMove(Math.round(Math.min(Math.max(to, p.least), p.most)))
  const sign = p.reverse ? -1 : 1
  return (
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={p.label}
      aria-valuenow={Math.round(p.at)}
      aria-valuemin={p.least}
      aria-valuemax={Math.round(p.most)}
      tabIndex={0}
      className={styles.handle}
      style={p.reverse ? { right: p.at - 4 } : { left: p.at - 4 }}
      onPointerDown={(e) => {
        e.currentTarget.setPointerCapture(e.pointerId)
        from.current = { x: e.clientX, at: p.at }
        e.preventDefault()
      }}
      onPointerMove={(e) => from.current && move(from.current.at + sign * (e.clientX - from.current.x))}
      onPointerUp={() => (from.current = null)}
      onPointerCancel={() => (from.current = null)}
      onKeyDown={(e) => {
        const by = e.key === 'ArrowLeft' ? -16 : e.key === 'ArrowRight' ? 16 : 0
        if (!by) return
        e.preventDefault()
        e.stopPropagation()
        move(p.at + sign * by)
      }}
    />
  )
}
