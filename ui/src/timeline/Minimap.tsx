import { useLayoutEffect, useRef, useState } from 'react'
import { formatDuration } from '../base/time'
import { drawMinimap } from './minimap'
import { useModel } from './model'
import { fitCanvas, useSize } from './useSize'
import type { OnZoom } from './useZoom'
import styles from './Minimap.module.css'

const height = 52

/** Minimap is the whole trace in a strip; dragging over it chooses the part that is shown. */
export function Minimap({ from, to, onZoom }: { from: number; to: number; onZoom: OnZoom }) {
  const { t, begin, adjusted, palette } = useModel()
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const { width } = useSize(box)
  const [drag, setDrag] = useState<[number, number] | null>(null)
  useLayoutEffect(() => {
    const c = canvas.current && fitCanvas(canvas.current, width, height)
    if (c && width > 0) drawMinimap(c, t, begin, t.path, adjusted?.shift ?? null, palette, width, height)
  }, [t, begin, adjusted, palette, width])

  const share = (e: React.PointerEvent) => {
    const r = e.currentTarget.getBoundingClientRect()
    return Math.min(Math.max((e.clientX - r.left) / (r.width || 1), 0), 1)
  }
  const [a, b] = drag ? [Math.min(...drag), Math.max(...drag)] : [from / (t.duration || 1), to / (t.duration || 1)]
  const all = a <= 0 && b >= 1
  return (
    <div
      ref={box}
      className={styles.minimap}
      role="img"
      aria-label={all ? 'The whole trace' : `Shown: ${formatDuration(from)} to ${formatDuration(to)} of ${formatDuration(t.duration)}`}
      onPointerDown={(e) => {
        if (e.button !== 0) return
        e.currentTarget.setPointerCapture(e.pointerId)
        setDrag([share(e), share(e)])
      }}
      onPointerMove={(e) => drag && setDrag([drag[0], share(e)])}
      onPointerUp={() => {
        if (drag) {
          const span = to - from
          // A click moves the window there; a drag makes a new one.
          if (b - a > 0.004) onZoom(a * t.duration, b * t.duration)
          else if (span < t.duration) {
            const at = Math.min(Math.max(a * t.duration - span / 2, 0), t.duration - span)
            onZoom(at, at + span)
          }
        }
        setDrag(null)
      }}
      onPointerCancel={() => setDrag(null)}
      onDoubleClick={() => onZoom(0, t.duration)}
    >
      <canvas ref={canvas} className={styles.canvas} style={{ width, height }} aria-hidden="true" />
      {!all && (
        <>
          <div className={styles.shade} style={{ left: 0, width: `${a * 100}%` }} />
          <div className={styles.shade} style={{ right: 0, width: `${(1 - b) * 100}%` }} />
          <div className={styles.window} style={{ left: `${a * 100}%`, width: `${(b - a) * 100}%` }} />
        </>
      )}
    </div>
  )
}
