import { type KeyboardEvent, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { go } from '../../../base/location'
import { useMode, useSettings } from '../../../base/theme'
import { formatMoment, moment } from '../../../base/time'
import { counted } from '../../../query/derive'
import { narrow } from '../../../query/conditions'
import { writeDuration } from '../../../query/quote'
import { useSize } from '../../../timeline/useSize'
import { clock, inks, prepare } from '../draw'
import { clockTicks } from '../plot'
import { type Cell, fullest, gridOf, walkCells } from './grid'
import type { Answer } from './Metrics'
import styles from './Metrics.module.css'
import { findURL } from './Table'
import { formatValue } from './values'

const edge = { left: 60, right: 12, top: 8, bottom: 22 }

/** Histogram is a heat map: time to the right, buckets up, the more spans the stronger. A cell opens its traces. */
export function Histogram({ answer, q }: { answer: Answer; q: string }) {
  const frame = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const size = useSize(frame)
  const mode = useMode()
  const { zone } = useSettings()
  const [at, setAt] = useState<Cell | null>(null) // pointed at, or where the arrows are
  const [walking, setWalking] = useState(false)
  const unit = answer.bucketUnit ?? ''
  const grid = useMemo(() => gridOf(answer), [answer])
  const times = useMemo(() => (answer.times ?? []).map(moment), [answer])
  const width = (size.width - edge.left - edge.right) / Math.max(times.length, 1)
  const height = (size.height - edge.top - edge.bottom) / Math.max(grid.rows.length, 1)

  useLayoutEffect(() => {
    const g = canvas.current && prepare(canvas.current, size.width, size.height)
    if (!g || !canvas.current) return
    const ink = inks(canvas.current)
    g.fillStyle = ink.accent
    grid.rows.forEach((row, r) =>
      row.values.forEach((v, c) => {
        if (!v) return
        g.globalAlpha = 0.12 + 0.88 * (Math.log1p(v) / Math.log1p(grid.most))
        g.fillRect(edge.left + c * width, size.height - edge.bottom - (r + 1) * height, Math.max(width - 1, 1), Math.max(height - 1, 1))
      }),
    )
    g.globalAlpha = 1
    g.font = ink.font
    g.fillStyle = ink.quiet
    g.textAlign = 'right'
    g.textBaseline = 'middle'
    const every = Math.ceil(18 / Math.max(height, 1))
    grid.rows.forEach((row, r) => r % every === 0 && g.fillText(formatValue(row.top, unit), edge.left - 6, size.height - edge.bottom - (r + 1) * height))
    g.textAlign = 'center'
    const [first, last] = [times[0], times.at(-1)]
    if (first === undefined || last === undefined) return
    const ticks = clockTicks(first, last, Math.max((size.width - 60) / 90, 1), zone === 'utc' ? 0 : new Date().getTimezoneOffset())
    const step = Number((ticks[1] ?? last) - (ticks[0] ?? first))
    // The sample at T is of [T − step, T): its cell ends there.
    for (const t of ticks) {
      const x = edge.left + (1 + Number(t - first) / (answer.stepNano || 1)) * width
      if (x > edge.left + 16 && x < size.width - 28) g.fillText(clock(t, zone, step), x, size.height - 8)
    }
  }, [grid, size, width, height, times, answer, unit, mode, zone])

  const cell = (e: React.PointerEvent) => {
    const r = e.currentTarget.getBoundingClientRect()
    const column = Math.floor((e.clientX - r.left - edge.left) / width)
    const row = Math.floor((size.height - edge.bottom - (e.clientY - r.top)) / height)
    return column >= 0 && column < times.length && row >= 0 && row < grid.rows.length ? { column, row } : null
  }
  const row = at && grid.rows[at.row]
  const end = at ? times[at.column] : undefined
  const open = () => {
    const c = counted(q)
    if (!c || !row || end === undefined || unit !== 's') return
    const least = writeDuration((row.top / 2) * 1e9, 'down')
    const query = narrow(c.base, `${c.argument} >= ${least}`, `${c.argument} <= ${writeDuration(row.top * 1e9, 'up')}`)
    go(findURL(query, { from: moment(String(end - BigInt(answer.stepNano ?? 0))), to: end }))
  }
  const key = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return
    const next = walkCells(grid, times.length, at, e.key)
    if (next) setAt(next)
    else if (e.key === 'Enter' && at) open()
    else return
    setWalking(true)
    e.preventDefault()
  }
  const words = row && end !== undefined ? `${formatMoment(end, zone, 0)}, ${formatValue(row.top / 2, unit)} to ${formatValue(row.top, unit)}, ${spans(row.values[at.column] ?? 0)}` : ''
  return (
    <div className={styles.frame} ref={frame}>
      <canvas
        ref={canvas}
        className={styles.canvas}
        role="application"
        tabIndex={0}
        aria-label={`Heat map of ${grid.total} spans by time and size`}
        aria-description={unit === 's' ? 'Left and right is time, up and down size. Enter opens the traces of a cell.' : 'Left and right is time, up and down size.'}
        onKeyDown={key}
        onFocus={(e) => {
          if (!e.currentTarget.matches(':focus-visible')) return // of a click
          setWalking(true)
          setAt(at ?? fullest(grid))
        }}
        onBlur={() => (setWalking(false), setAt(null))}
        onPointerMove={(e) => (setWalking(false), setAt(cell(e)))}
        onPointerLeave={() => walking || setAt(null)}
        onClick={open}
      />
      {at && row && <div className={styles.cell} style={{ left: edge.left + at.column * width - 2, top: size.height - edge.bottom - (at.row + 1) * height - 2, width: width + 3, height: height + 3 }} />}
      <p className="hidden" role="status">
        {walking && words}
      </p>
      {at && row && end !== undefined && (
        <div className={styles.tip} style={at.column > times.length / 2 ? { right: size.width - edge.left - at.column * width + 4 } : { left: edge.left + (at.column + 1) * width + 4 }}>
          <b className="mono">{formatMoment(end, zone, 0)}</b>
          <span>
            {formatValue(row.top / 2, unit)} – {formatValue(row.top, unit)}
          </span>
          <span>
            <span className="mono">{spans(row.values[at.column] ?? 0)}</span>
            {unit === 's' && (walking ? ' · Enter opens their traces' : ' · click for their traces')}
          </span>
        </div>
      )}
    </div>
  )
}

const spans = (n: number) => `${formatValue(n, '')} ${n === 1 ? 'span' : 'spans'}`
