import { type FocusEvent, type KeyboardEvent, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { FoundTrace } from '../../base/api'
import { go } from '../../base/location'
import { useMode, useSettings } from '../../base/theme'
import { formatDuration, formatMoment, type Moment, moment } from '../../base/time'
import { plural } from '../../timeline/label'
import { useSize } from '../../timeline/useSize'
import { drawAxes, drawCells, drawDots, drawHeat, inks, prepare } from './draw'
import type { Heat } from './heat'
import { type Bounds, type Box, boundsOf, boxOf, dotsOf, durationAt, margin, nearest, plotOf, type Point, stepTo, timeAt, within } from './plot'
import styles from './Scatter.module.css'

const many = 2000 // more dots than this are a heat map
type Props = { traces: FoundTrace[]; heat: Heat | null; to: Moment; onNarrow: (b: Bounds) => void; onCompare: (b: Bounds) => void }

/**
 * Scatter draws each trace where its start and its duration are, over the heat of all when
 * there are more. A box narrows the search; a dot opens its trace. Arrows
 * move a cross, and with Shift draw the box.
 */
export function Scatter({ traces, heat, to, onNarrow, onCompare }: Props) {
  const frame = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const start = useRef<Point | null>(null) // of a drag
  const anchor = useRef<Point | null>(null) // of a box by keys
  const size = useSize(frame)
  const mode = useMode()
  const { zone } = useSettings()
  const [over, setOver] = useState(-1)
  const [box, setBox] = useState<Box | null>(null)
  const [done, setDone] = useState(false)
  const [cross, setCross] = useState<Point | null>(null) // where the arrows are
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

  const at = over >= 0 ? traces[over] : undefined
  const point = (e: React.PointerEvent) => {
    const r = e.currentTarget.getBoundingClientRect()
    const clamp = (v: number, least: number, most: number) => Math.min(Math.max(v, least), most)
    return { x: clamp(e.clientX - r.left, margin.left, size.width - margin.right), y: clamp(e.clientY - r.top, margin.top, size.height - margin.bottom) }
  }
  const clear = () => {
    setBox(null)
    setDone(false)
    start.current = null
    anchor.current = null
  }
  const move = (p: Point) => {
    setCross(p)
    setOver(nearest(dots, p.x, p.y, 16))
  }
  const focus = (e: FocusEvent) => {
    if (!e.currentTarget.matches(':focus-visible')) return // of a click
    move(cross ?? { x: dots.x[0] ?? size.width / 2, y: dots.y[0] ?? size.height / 2 })
  }
  const key = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return
    const from = cross ?? { x: size.width / 2, y: size.height / 2 }
    const to = stepTo(size, from, e.key)
    if (to && e.shiftKey) {
      anchor.current ??= from
      setCross(to)
      setOver(-1)
      setBox(boxOf(anchor.current.x, anchor.current.y, to.x, to.y))
      setDone(true)
    } else if (to) {
      clear()
      move(to)
    } else if (e.key === 'Enter' && box) {
      onNarrow(boundsOf(plot, box))
      clear()
    } else if (e.key === 'Enter' && at) go('/trace/' + at.traceId)
    else return
    e.preventDefault()
  }
  const failed = traces.filter((t) => t.errorCount > 0).length
  const inside = box && done ? within(dots, box).length : 0
  const these = heat ? 'these' : inside === 1 ? 'this trace' : `these ${inside}`
  const said = () => {
    if (box) {
      const b = boundsOf(plot, box)
      return `Box from ${formatMoment(b.from, zone, 0)} to ${formatMoment(b.to, zone, 0)}, ${formatDuration(b.min)} to ${formatDuration(b.max)}. Enter shows only ${these}.`
    }
    if (at) return `${at.name}, ${at.service}, ${formatDuration(at.durationNano)}, ${formatMoment(moment(at.startUnixNano), zone)}. Enter opens it.`
    return cross ? `${formatMoment(timeAt(plot, cross.x), zone, 0)}, ${formatDuration(durationAt(plot, cross.y))}` : ''
  }
  return (
    <div className={styles.frame} ref={frame} onKeyDown={(e) => e.key === 'Escape' && clear()}>
      <canvas
        ref={canvas}
        className={styles.canvas}
        role="application"
        tabIndex={0}
        aria-description="Arrows move a cross, with Shift they draw a box. Enter opens a trace, or narrows the search to the box."
        onKeyDown={key}
        onFocus={focus}
        onBlur={() => (setCross(null), setOver(-1))}
        aria-label={
          heat
            ? `Heat map of ${heat.total} by start and duration. The list below has the newest ${traces.length} traces.`
            : `${traces.length} traces by start and duration, ${failed} with errors. The list below has the same traces.`
        }
        data-over={over >= 0 ? '' : undefined}
        onPointerDown={(e) => {
          if (e.button !== 0) return
          clear()
          setCross(null)
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
      {cross && <div className={styles.cross} style={{ left: cross.x, top: cross.y }} />}
      <p className="hidden" role="status">
        {cross && said()}
      </p>
      {box && <div className={styles.box} style={{ left: box.x0, top: box.y0, width: box.x1 - box.x0, height: box.y1 - box.y0 }} />}
      {box && done && (
        <div className={styles.actions} style={{ left: Math.max(Math.min(box.x0, size.width - 280), 4), top: Math.min(Math.max(box.y1 + 6, 4), size.height - 40) }}>
          <button
            type="button"
            className="button primary"
            autoFocus={!cross}
            onClick={() => {
              onNarrow(boundsOf(plot, box))
              clear()
            }}
          >
            Show only {these}
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
            {at.service} · {formatDuration(at.durationNano)} · {plural(at.spanCount, 'span')}
            {at.errorCount > 0 && <em className="error"> · {plural(at.errorCount, 'error')}</em>}
          </span>
          <span className="quiet">{formatMoment(moment(at.startUnixNano), zone)}</span>
        </div>
      )}
    </div>
  )
}
