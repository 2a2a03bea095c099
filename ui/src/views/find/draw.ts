import type { FoundTrace } from '../../base/api'
import { colors } from '../../base/color'
import { formatDuration, formatMoment, type Moment, type Zone } from '../../base/time'
import { fitCanvas } from '../../timeline/useSize'
import type { Heat } from './heat'
import { clockTicks, type Dots, durationTicks, heat, inner, margin, type Plot, xOf, yOf } from './plot'

// Draws the picture of traces on a canvas.

export type Inks = { line: string; quiet: string; text: string; error: string; bg: string; accent: string; font: string }

export function inks(of: Element): Inks {
  const style = getComputedStyle(of)
  const get = (name: string) => style.getPropertyValue(name).trim()
  return {
    line: get('--line'),
    quiet: get('--quiet'),
    text: get('--text'),
    error: get('--error'),
    bg: get('--bg'),
    accent: get('--accent'),
    font: `11px ${get('--sans')}`,
  }
}

/** Fits the canvas to its size on the screen, and empties it. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio || 1
  const g = fitCanvas(canvas, width, height)
  g?.setTransform(ratio, 0, 0, ratio, 0, 0)
  g?.clearRect(0, 0, width, height)
  return g
}

export function clock(m: Moment, zone: Zone, step: number): string {
  const text = formatMoment(m, zone, 0)
  if (step >= 86400e9) return text.slice(5, 10)
  return step < 60e9 ? text.slice(11) : text.slice(11, 16)
}

export function drawAxes(g: CanvasRenderingContext2D, p: Plot, ink: Inks, zone: Zone) {
  const { width, height } = p.size
  g.font = ink.font
  g.lineWidth = 1
  g.strokeStyle = ink.line
  g.fillStyle = ink.quiet
  g.textBaseline = 'middle'
  g.textAlign = 'right'
  for (const d of durationTicks(p.low, p.high, inner(p) / 26)) {
    const y = Math.round(yOf(p, d)) + 0.5
    stroke(g, margin.left, y, width - margin.right, y)
    g.fillText(formatDuration(d).replace(/\.0+(?= )/, ''), margin.left - 6, y)
  }
  g.textBaseline = 'alphabetic'
  g.textAlign = 'center'
  const end = (p.origin + BigInt(Math.round(p.time.to))) as Moment
  const ticks = clockTicks(p.origin, end, Math.max((width - 60) / 90, 1), zone === 'utc' ? 0 : new Date().getTimezoneOffset())
  const step = ticks.length > 1 ? Number((ticks[1] ?? 0n) - (ticks[0] ?? 0n)) : 1e9
  for (const t of ticks) {
    const x = Math.round(xOf(p, t)) + 0.5
    if (x < margin.left || x > width - margin.right) continue
    stroke(g, x, height - margin.bottom, x, height - margin.bottom + 4)
    if (x > margin.left + 16 && x < width - 28) g.fillText(clock(t, zone, step), x, height - 5)
  }
  stroke(g, margin.left, height - margin.bottom + 0.5, width - margin.right, height - margin.bottom + 0.5)
}

export function stroke(g: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number) {
  g.beginPath()
  g.moveTo(x0, y0)
  g.lineTo(x1, y1)
  g.stroke()
}

/** Traces as dots in the colour of their root service; those with errors as diamonds with a red ring. */
export function drawDots(g: CanvasRenderingContext2D, traces: FoundTrace[], d: Dots, ink: Inks, mode: 'light' | 'dark', over: number) {
  g.globalAlpha = traces.length > 300 ? 0.75 : 0.9
  for (const failed of [false, true]) {
    traces.forEach((t, i) => {
      if (t.errorCount > 0 !== failed) return
      const x = d.x[i] ?? 0
      const y = d.y[i] ?? 0
      g.beginPath()
      if (failed) {
        g.moveTo(x, y - 6)
        g.lineTo(x + 6, y)
        g.lineTo(x, y + 6)
        g.lineTo(x - 6, y)
        g.closePath()
      } else g.arc(x, y, 4, 0, 7)
      g.fillStyle = colors.of(t.service, mode).bar
      g.fill()
      g.lineWidth = failed ? 2 : 1
      g.strokeStyle = failed ? ink.error : colors.of(t.service, mode).core
      g.stroke()
    })
  }
  g.globalAlpha = 1
  if (over >= 0) {
    g.beginPath()
    g.arc(d.x[over] ?? 0, d.y[over] ?? 0, 8, 0, 7)
    g.lineWidth = 2
    g.strokeStyle = ink.text
    g.stroke()
  }
}

/** All traces, counted by time and duration: the more in a cell, the stronger. */
export function drawCells(g: CanvasRenderingContext2D, heat: Heat, p: Plot, ink: Inks) {
  g.fillStyle = ink.accent
  for (const c of heat.cells) {
    const [x0, x1] = [Math.max(xOf(p, c.from), margin.left), Math.min(xOf(p, c.to), p.size.width - margin.right)]
    const [y0, y1] = [yOf(p, c.most), yOf(p, c.least)]
    g.globalAlpha = 0.12 + 0.88 * (Math.log1p(c.count) / Math.log1p(heat.most))
    if (x1 > x0) g.fillRect(x0, y0, Math.max(x1 - x0 - 1, 1), Math.max(y1 - y0 - 1, 1))
  }
  g.globalAlpha = 1
}

/** Many traces as a heat map: the more in a cell, the stronger. Cells with an error have a red corner. */
export function drawHeat(g: CanvasRenderingContext2D, traces: FoundTrace[], d: Dots, p: Plot, ink: Inks) {
  const cell = 9
  const all = heat(d, p.size, cell)
  g.fillStyle = ink.accent
  for (let i = 0; i < all.counts.length; i++) {
    const n = all.counts[i] ?? 0
    if (!n) continue
    g.globalAlpha = 0.15 + 0.85 * (Math.log1p(n) / Math.log1p(all.most))
    g.fillRect((i % all.columns) * cell, Math.floor(i / all.columns) * cell, cell - 1, cell - 1)
  }
  g.globalAlpha = 1
  g.fillStyle = ink.error
  traces.forEach((t, i) => {
    if (t.errorCount > 0) g.fillRect(Math.floor((d.x[i] ?? 0) / cell) * cell, Math.floor((d.y[i] ?? 0) / cell) * cell, 3, 3)
  })
}
