import type { Scale } from '../base/scale'
import { formatDuration } from '../base/time'
import type { Trace } from '../trace/decode'
import { lowerBound } from '../trace/search'
import { errorLogMark, exceptionMark, logMark, markFrom, type Marks } from './marks'
import type { Palette } from './palette'
import { runRow, type Rows } from './rows'
import { isCall, type Runs } from './runs'
import type { ByNode } from './stretches'

// The bars of the waterfall. Only rows that are seen are drawn, and of stretches only those
// within the window and wider than a pixel, so that a frame costs the same whether the trace
// has ten spans or a million.

export type Picture = {
  t: Trace
  begin: Float64Array // as drawn: received, or adjusted
  end: Int32Array // by node: behind its descendants
  runs: Runs
  path: ByNode
  gaps: ByNode
  marks: Marks
  palette: Palette
  hasPath: boolean
}

export type Frame = {
  scale: Scale
  rows: Rows
  top: number // px that are scrolled away
  height: number
  width: number // px of the canvas; the scale may be narrower
  rowHeight: number
  barTop: number // of a row's bar, in its row
  hover: number // x of the hairline, -1 for none
}

const barHeight = 12
const charWidth = 6.7 // of 11 px monospace, more than any of the usual ones

export function drawBars(c: CanvasRenderingContext2D, p: Picture, f: Frame) {
  const ratio = window.devicePixelRatio || 1
  c.setTransform(ratio, 0, 0, ratio, 0, 0)
  c.clearRect(0, 0, f.width, f.height)
  c.fillStyle = p.palette.line
  for (const tick of f.scale.ticks(Math.max(2, f.width / 110))) c.fillRect(Math.round(f.scale.x(tick)), 0, 1, f.height)
  c.font = p.palette.mono
  c.textBaseline = 'middle'
  const first = Math.max(0, Math.floor(f.top / f.rowHeight))
  const last = Math.min(f.rows.count, Math.ceil((f.top + f.height) / f.rowHeight))
  for (let r = first; r < last; r++) {
    const y = r * f.rowHeight - f.top + f.barTop
    if (f.rows.kind[r] === runRow) drawRun(c, p, f, f.rows.node[r] ?? 0, y)
    else drawSpan(c, p, f, f.rows.node[r] ?? 0, y)
  }
  if (f.hover >= 0) {
    c.fillStyle = p.palette.quiet
    c.fillRect(f.hover, 0, 1, f.height)
  }
}

function drawSpan(c: CanvasRenderingContext2D, p: Picture, f: Frame, node: number, y: number) {
  const { t, palette } = p
  const begin = p.begin[node] ?? 0
  const length = t.length[node] ?? 0
  const left = f.scale.x(begin)
  const right = left + Math.max(f.scale.length(length), 2)
  const x1 = Math.max(left, -1)
  const x2 = Math.min(right, f.width + 1)
  const service = t.service[node] ?? 0
  const failed = t.status[node] === 2
  if (x2 > x1) {
    const onPath = !p.hasPath || (t.critical[node] ?? 0) > 0
    if (!t.services[service]) {
      c.strokeStyle = palette.quiet
      c.setLineDash([3, 3])
      c.strokeRect(x1 + 0.5, y + 2.5, x2 - x1 - 1, barHeight - 5)
      c.setLineDash([])
    } else {
      // What the request did not wait for is lower and paler.
      c.globalAlpha = onPath ? 1 : 0.7
      c.fillStyle = palette.bar[service] ?? palette.quiet
      c.fillRect(x1, onPath ? y : y + 2, x2 - x1, onPath ? barHeight : barHeight - 4)
      c.globalAlpha = 1
    }
    drawGaps(c, p, f, node, y)
    drawPath(c, p, f, node, y)
    if (failed) {
      c.fillStyle = palette.error
      c.fillRect(x1, y + barHeight, x2 - x1, 2)
      if (left >= 0) c.fillRect(left, y, 2, barHeight)
    }
    drawMarks(c, p, f, node, y)
  }
  const error = failed ? (t.errors[t.error[node] ?? 0] || 'error') : ''
  const label = formatDuration(length)
  drawLabel(c, p, f, label, error, left, right, y)
  if (!error) drawGapNames(c, p, f, node, y, isInside(f, label, left, right) ? f.width - label.length * charWidth - 14 : f.width)
}

/** The stretches in which the request waited for the node itself: the darker core of its bar. */
function drawPath(c: CanvasRenderingContext2D, p: Picture, f: Frame, node: number, y: number) {
  const { first, from, to } = p.path
  const end = first[node + 1] ?? 0
  const low = first[node] ?? 0
  if (low === end) return
  c.fillStyle = p.palette.core[p.t.service[node] ?? 0] ?? p.palette.text
  let at = -1 // a thousand stretches in one pixel are drawn once
  for (let i = lowerBound(to, f.scale.from, low, end); i < end && (from[i] ?? 0) <= f.scale.to; i++) {
    const x = f.scale.x(from[i] ?? 0)
    const b = Math.min(Math.max(f.scale.x(to[i] ?? 0), x + 1), f.width + 1)
    if (b - at < 0.5) continue
    const a = Math.max(x, at, -1)
    c.fillRect(a, y + 3, b - a, barHeight - 6)
    at = b
  }
}

function drawGaps(c: CanvasRenderingContext2D, p: Picture, f: Frame, node: number, y: number) {
  const { first, from, to } = p.gaps
  for (let i = first[node] ?? 0; i < (first[node + 1] ?? 0); i++) {
    const a = Math.max(f.scale.x(from[i] ?? 0), 0)
    const b = Math.min(f.scale.x(to[i] ?? 0), f.width)
    if (b - a < 2) continue
    c.fillStyle = p.palette.hatch
    c.fillRect(a, y, b - a, barHeight)
  }
}

/** A gap's name stands in it, over everything else, if there is room. */
function drawGapNames(c: CanvasRenderingContext2D, p: Picture, f: Frame, node: number, y: number, most: number) {
  const { first, from, to } = p.gaps
  for (let i = first[node] ?? 0; i < (first[node + 1] ?? 0); i++) {
    const a = Math.max(f.scale.x(from[i] ?? 0), 0)
    const b = Math.min(f.scale.x(to[i] ?? 0), most)
    const length = formatDuration((to[i] ?? 0) - (from[i] ?? 0))
    const text = [`no span covers ${length}`, `no span: ${length}`].find((s) => s.length * charWidth + 40 < b - a)
    if (!text) continue
    const w = text.length * charWidth
    pill(c, p, (a + b) / 2 - w / 2 - 3, y, w + 6)
    c.fillStyle = p.palette.text
    c.textAlign = 'center'
    c.fillText(text, (a + b) / 2, y + barHeight / 2 + 0.5)
    c.textAlign = 'left'
  }
}

function drawMarks(c: CanvasRenderingContext2D, p: Picture, f: Frame, node: number, y: number) {
  const m = p.marks
  const end = m.first[node + 1] ?? 0
  let last = -10
  for (let i = markFrom(m, node, f.scale.from); i < end && (m.time[i] ?? 0) <= f.scale.to; i++) {
    const x = f.scale.x(m.time[i] ?? 0)
    const kind = m.kind[i] ?? 0
    if (x - last < 3) continue
    last = x
    c.fillStyle = kind === exceptionMark || kind === errorLogMark ? p.palette.error : p.palette.text
    c.strokeStyle = p.palette.bg
    c.beginPath()
    if (kind >= logMark) {
      c.arc(x, y + barHeight, 2.5, 0, 7)
    } else {
      c.moveTo(x, y - 3)
      c.lineTo(x + 3.5, y + 0.5)
      c.lineTo(x, y + 4)
      c.lineTo(x - 3.5, y + 0.5)
      c.closePath()
    }
    c.fill()
    c.stroke()
  }
}

/** A run: the outline of all of it, and each span in it. */
function drawRun(c: CanvasRenderingContext2D, p: Picture, f: Frame, head: number, y: number) {
  const { t, runs, palette } = p
  const service = t.service[head] ?? 0
  const from = p.begin[head] ?? 0
  let to = from
  c.fillStyle = (runs.critical[head] ?? 0) > 0 || !p.hasPath ? (palette.core[service] ?? '') : (palette.bar[service] ?? '')
  let at = -1
  for (let i = head; i < (runs.end[head] ?? 0); i = p.end[i] ?? i + 1) {
    const b = p.begin[i] ?? 0
    const e = b + (t.length[i] ?? 0)
    if (e > to) to = e
    if (e < f.scale.from || b > f.scale.to) continue
    const x = f.scale.x(b)
    const x2 = Math.min(Math.max(f.scale.x(e), x + 1), f.width + 1)
    if (x2 - at < 0.5) continue
    const x1 = Math.max(x, at, -1)
    c.fillRect(x1, y + 3, x2 - x1, barHeight - 6)
    at = x2
  }
  const left = f.scale.x(from)
  const right = Math.max(f.scale.x(to), left + 2)
  const x1 = Math.max(left, -2)
  c.strokeStyle = palette.bar[service] ?? palette.quiet
  if (right > x1) c.strokeRect(x1 + 0.5, y + 0.5, Math.min(right, f.width + 2) - x1 - 1, barHeight - 1)
  const errors = runs.errors[head] ?? 0
  const text = `${formatDuration(runs.total[head] ?? 0)} in all${isCall(t, head) ? ': N+1' : ''}`
  drawLabel(c, p, f, text, errors ? `${errors} ${errors === 1 ? 'error' : 'errors'}` : '', left, right, y)
}

const isInside = (f: Frame, text: string, left: number, right: number) =>
  right >= 0 && left <= f.width && right + 6 + text.length * charWidth > f.width && left - 6 - text.length * charWidth < 0

/** The label stands right of the bar, else left of it, else inside; an error's message behind it. */
function drawLabel(c: CanvasRenderingContext2D, p: Picture, f: Frame, text: string, error: string, left: number, right: number, y: number) {
  const w = text.length * charWidth
  const mid = y + barHeight / 2 + 0.5
  const gone = right < 0 ? -1 : left > f.width ? 1 : 0
  c.fillStyle = p.palette.quiet
  if (gone) {
    // The span is outside of the window: an arrow says where.
    c.fillText(gone < 0 ? `◂ ${text}` : `${text} ▸`, gone < 0 ? 4 : f.width - w - 18, mid)
    return
  }
  let after = right + 6 // where the message may begin
  if (right + 6 + w <= f.width) {
    c.fillText(text, right + 6, mid)
    after += w + 8
  } else if (left - 6 - w >= 0) {
    c.fillText(text, left - 6 - w, mid)
    after = f.width
  } else {
    const x = Math.min(right, f.width) - w - 6
    pill(c, p, x - 3, y, w + 6)
    c.fillStyle = p.palette.text
    c.fillText(text, x, mid)
    after = f.width
  }
  if (error) drawError(c, p, f, error, after, left, w, y)
}

function drawError(c: CanvasRenderingContext2D, p: Picture, f: Frame, error: string, after: number, left: number, label: number, y: number) {
  const mid = y + barHeight / 2 + 0.5
  const wanted = Math.min(error.length * charWidth, 160)
  if (f.width - after >= wanted) {
    c.fillStyle = p.palette.error
    c.fillText(fit(error, f.width - after), after, mid)
  } else if (left - label - 20 >= wanted) {
    const text = fit(error, left - label - 20)
    c.fillStyle = p.palette.error
    c.fillText(text, left - label - 16 - text.length * charWidth, mid)
  } else {
    const text = fit(error, Math.max(f.width - Math.max(left, 0) - label - 40, 60))
    pill(c, p, Math.max(left, 0) + 6, y, text.length * charWidth + 6)
    c.fillStyle = p.palette.error
    c.fillText(text, Math.max(left, 0) + 9, mid)
  }
}

function fit(text: string, room: number): string {
  const most = Math.floor(room / charWidth)
  return text.length <= most ? text : text.slice(0, Math.max(most - 1, 0)) + '…'
}

function pill(c: CanvasRenderingContext2D, p: Picture, x: number, y: number, w: number) {
  c.globalAlpha = 0.9
  c.fillStyle = p.palette.bg
  c.beginPath()
  c.roundRect(x, y, w, barHeight, 3)
  c.fill()
  c.globalAlpha = 1
}
