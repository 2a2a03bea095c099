import { useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { FoundTrace } from '../../base/api'
import { go } from '../../base/location'
import { useMode, useSettings } from '../../base/theme'
import { formatDuration, formatMoment, type Moment, moment } from '../../base/time'
import { drawAxes, drawCells, drawDots, drawHeat, inks, prepare } from './draw'
import type { Heat } from './heat'
import { type Bounds, type Box, boundsOf, boxOf, dotsOf, margin, nearest, plotOf, within } from './plot'
import styles from './Scatter.module.css'
import { useSize } from './useSize'

const many = 2000 // more dots than this are a heat map
type Props = { traces: FoundTrace[]; heat: Heat | null; to: Moment; onNarrow: (b: Bounds) => void; onCompare: (b: Bounds) => void }

/**
 * Scatter draws each trace where its start and its duration are, over the heat of all when
 * there are more. A box narrows the search; a dot opens its trace.
 */
export function Scatter({ traces, heat, to, onNarrow, onCompare }: Props) {
  const frame = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const start = useRef<{ x: number; y: number } | null>(null)
  const size = useSize(frame)
  const mode = useMode()
  const { zone } = useSettings()
  const [over, setOver] = useState(-1)
  const [box, setBox] = useState<Box | null>(null)
  const [done, setDone] = useState(false)
  const plot = useMemo(() => plotOf(traces, to, size, heat?.cells), [traces, heat, to, size])
  const dots = useMemo(() => dotsOf(plot, traces), [plot, traces])

  useLayoutEffect(() => {
    const g = canvas.current && prepare(canvas.current, size.width, size.height)
    if (!g || !canvas.current) return
    const ink = inks(canvas.current)
    drawAxes(g, plot, ink, zone)
    if (heat) {
      drawCells(g, heat, plot, ink)
      if (over >= 0) drawDots(g, traces.slice(over, over + 1), { x: dots.x.slice(over, over + 1), y: dots.y.slice(over, over + 1) }, ink, mode, 0)
    } else if (traces.length > many) drawHeat(g, traces, dots, plot, ink)
    else drawDots(g, traces, dots, ink, mode, over)
  }, [plot, dots, traces, heat, size, mode, zone, over])

  const point = (e: React.PointerEvent) => {
    const r = e.currentTarget.getBoundingClientRect()
    const clamp = (v: number, least: number, most: number) => Math.min(Math.max(v, least), most)
    return { x: clamp(e.clientX - r.left, margin.left, size.width - margin.right), y: clamp(e.clientY - r.top, margin.top, size.height - margin.bottom) }
  }
  const clear = () => {
    setBox(null)
    setDone(false)
    start.current = null
  }
  const at = over >= 0 ? traces[over] : undefined
  const failed = traces.filter((t) => t.errorCount > 0).length
  const inside = box && done ? within(dots, box).length : 0
  return (
    <div className={styles.frame} ref={frame} onKeyDown={(e) => e.key === 'Escape' && clear()}>
      <canvas
        ref={canvas}
        className={styles.canvas}
        role="img"
        aria-label={
          heat
            ? `Heat map of ${heat.total} by start and duration. The list below has the newest ${traces.length} traces.`
            : `${traces.length} traces by start and duration, ${failed} with errors. The list below has the same traces.`
        }
        data-over={over >= 0 ? '' : undefined}
        onPointerDown={(e) => {
          if (e.button !== 0) return
          clear()
          start.current = point(e)
          e.currentTarget.setPointerCapture(e.pointerId)
        }}
        onPointerMove={(e) => {
          const p = point(e)
          const from = start.current
          if (from && (Math.abs(p.x - from.x) > 4 || Math.abs(p.y - from.y) > 4)) {
            setBox(boxOf(from.x, from.y, p.x, p.y))
            setOver(-1)
          } else if (!from) setOver(nearest(dots, p.x, p.y, 12))
        }}
        onPointerUp={(e) => {
          const p = point(e)
          start.current = null
          if (box) {
            setDone(true)
            return
          }
          const hit = traces[nearest(dots, p.x, p.y, e.pointerType === 'touch' ? 22 : 12)]
          if (hit) go('/trace/' + hit.traceId)
        }}
        onPointerCancel={clear}
        onPointerLeave={() => setOver(-1)}
      />
      {box && <div className={styles.box} style={{ left: box.x0, top: box.y0, width: box.x1 - box.x0, height: box.y1 - box.y0 }} />}
      {box && done && (
        <div className={styles.actions} style={{ left: Math.max(Math.min(box.x0, size.width - 280), 4), top: Math.min(Math.max(box.y1 + 6, 4), size.height - 40) }}>
          <button
            type="button"
            className="button primary"
            autoFocus
            onClick={() => {
              onNarrow(boundsOf(plot, box))
              clear()
            }}
          >
            Show only {heat ? 'these' : inside === 1 ? 'this trace' : `these ${inside}`}
          </button>
          <button type="button" className="button" onClick={() => onCompare(boundsOf(plot, box))}>
            Compare with the rest
          </button>
          <button type="button" className="button" aria-label="Remove the box" onClick={clear}>
            ×
          </button>
        </div>
      )}
      {at && !box && (
        <div
          className={styles.tip}
          style={{
            left: Math.min((dots.x[over] ?? 0) + 12, Math.max(size.width - 240, 0)),
            top: (dots.y[over] ?? 0) > size.height / 2 ? (dots.y[over] ?? 0) - 70 : (dots.y[over] ?? 0) + 12,
          }}
        >
          <b>{at.name}</b>
          <span>
            {at.service} · {formatDuration(at.durationNano)} · {at.spanCount} spans
            {at.errorCount > 0 && <em className="error"> · {at.errorCount === 1 ? '1 error' : `${at.errorCount} errors`}</em>}
          </span>
          <span className="quiet">{formatMoment(moment(at.startUnixNano), zone)}</span>
        </div>
      )}
    </div>
  )
}
