import type { FoundTrace } from '../../base/api'
import { Scale, pixels } from '../../base/scale'
import { between, type Moment, moment, type Nanos, nanos } from '../../base/time'
import type { HeatCell } from './heat'

// The arithmetic of the picture: time runs to the right, durations up, by their logarithm.

export type Size = { width: number; height: number }
export const margin = { left: 52, right: 12, top: 8, bottom: 22 }

export type Plot = {
  origin: Moment // where the time axis begins
  time: Scale // ns after the origin, over the width inside the margins
  low: number // log10 of the least duration drawn
  high: number
  size: Size
}

/** A plot that holds all of the traces and cells, up to the end of what was searched. */
export function plotOf(traces: FoundTrace[], to: Moment, size: Size, cells: HeatCell[] = []): Plot {
  let first = to
  let last = to
  let least = Infinity
  let most = 0
  for (const t of traces) {
    const start = moment(t.startUnixNano)
    if (start < first) first = start
    if (start > last) last = start
    least = Math.min(least, Math.max(t.durationNano, 1))
    most = Math.max(most, t.durationNano)
  }
  for (const c of cells) {
    if (c.from < first) first = c.from
    least = Math.min(least, c.least)
    most = Math.max(most, c.most)
  }
  if (!traces.length && !cells.length) [least, most] = [1e6, 1e9]
  const span = Math.max(between(first, last), 1e9)
  const origin = (last - BigInt(Math.ceil(span * 1.02))) as Moment
  const width = pixels(Math.max(size.width - margin.left - margin.right, 1))
  let low = Math.log10(least) - 0.1
  let high = Math.log10(Math.max(most, 1)) + 0.1
  if (high - low < 1) [low, high] = [(low + high - 1) / 2, (low + high + 1) / 2]
  return { origin, time: new Scale(nanos(0), between(origin, last), width), low, high, size }
}

export const inner = (p: Plot): number => Math.max(p.size.height - margin.top - margin.bottom, 1)
export const xOf = (p: Plot, at: Moment): number => margin.left + p.time.x(between(p.origin, at))
export const yOf = (p: Plot, duration: number): number =>
  margin.top + (1 - (Math.log10(Math.max(duration, 1)) - p.low) / (p.high - p.low)) * inner(p)
export const timeAt = (p: Plot, x: number): Moment =>
  (p.origin + BigInt(Math.round(Math.min(Math.max(p.time.time(x - margin.left), 0), p.time.to)))) as Moment
export const durationAt = (p: Plot, y: number): Nanos =>
  nanos(10 ** (p.low + Math.min(Math.max(1 - (y - margin.top) / inner(p), 0), 1) * (p.high - p.low)))

export type Dots = { x: Float32Array; y: Float32Array }

export function dotsOf(p: Plot, traces: FoundTrace[]): Dots {
  const x = new Float32Array(traces.length)
  const y = new Float32Array(traces.length)
  traces.forEach((t, i) => {
    x[i] = xOf(p, moment(t.startUnixNano))
    y[i] = yOf(p, t.durationNano)
  })
  return { x, y }
}

/** The dot nearest to a point, within a reach; -1 if there is none. */
export function nearest(d: Dots, x: number, y: number, reach: number): number {
  let best = -1
  let least = reach * reach
  for (let i = 0; i < d.x.length; i++) {
    const dx = (d.x[i] ?? 0) - x
    const dy = (d.y[i] ?? 0) - y
    const far = dx * dx + dy * dy
    if (far <= least) {
      least = far
      best = i
    }
  }
  return best
}

export type Box = { x0: number; y0: number; x1: number; y1: number }
export const boxOf = (ax: number, ay: number, bx: number, by: number): Box => ({
  x0: Math.min(ax, bx),
  x1: Math.max(ax, bx),
  y0: Math.min(ay, by),
  y1: Math.max(ay, by),
})

/** The numbers of the dots in a box. */
export function within(d: Dots, b: Box): number[] {
  const out: number[] = []
  for (let i = 0; i < d.x.length; i++) {
    const x = d.x[i] ?? 0
    const y = d.y[i] ?? 0
    if (x >= b.x0 && x <= b.x1 && y >= b.y0 && y <= b.y1) out.push(i)
  }
  return out
}

export type Bounds = { from: Moment; to: Moment; min: Nanos; max: Nanos }
/** What a box means: two moments and two durations. */
export const boundsOf = (p: Plot, b: Box): Bounds => ({ from: timeAt(p, b.x0), to: timeAt(p, b.x1), min: durationAt(p, b.y1), max: durationAt(p, b.y0) })

/** How many dots fall into each cell of a grid, row by row. */
export function heat(d: Dots, size: Size, cell: number): { columns: number; counts: Uint32Array; most: number } {
  const columns = Math.max(Math.ceil(size.width / cell), 1)
  const counts = new Uint32Array(columns * Math.max(Math.ceil(size.height / cell), 1))
  let most = 0
  for (let i = 0; i < d.x.length; i++) {
    const at = Math.floor((d.y[i] ?? 0) / cell) * columns + Math.floor((d.x[i] ?? 0) / cell)
    if (at < 0 || at >= counts.length) continue
    counts[at] = (counts[at] ?? 0) + 1
    most = Math.max(most, counts[at] ?? 0)
  }
  return { columns, counts, most }
}

/** Durations for the axis: powers of ten, and 2 and 5 where there is room. */
export function durationTicks(low: number, high: number, most: number): number[] {
  for (const set of [[1, 2, 5], [1, 3], [1]]) {
    const all: number[] = []
    for (let e = Math.floor(low); e <= Math.ceil(high); e++) {
      for (const m of set) {
        const at = Math.log10(m) + e
        if (at >= low && at <= high) all.push(m * 10 ** e)
      }
    }
    if (all.length <= most || set.length === 1) return all
  }
  return []
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800]

/** Moments for the axis, round in a clock that stands `offset` minutes behind UTC. */
export function clockTicks(from: Moment, to: Moment, most: number, offset: number): Moment[] {
  const a = Number(from) / 1e9
  const b = Number(to) / 1e9
  const step = steps.find((s) => (b - a) / s <= most) ?? 604800 * Math.ceil((b - a) / 604800 / Math.max(most, 1))
  const shift = offset * 60
  const all: Moment[] = []
  for (let t = Math.ceil((a - shift) / step) * step + shift; t <= b && all.length < 100; t += step) all.push((BigInt(Math.round(t * 1000)) * 1_000_000n) as Moment)
  return all
}

export type Point = { x: number; y: number }
const strides = 40 // from one side of the plot to the other, by keys

/** Where an arrow leads to, within the margins; null for other keys. */
export function stepTo(size: Size, at: Point, key: string): Point | null {
  const [w, h] = [size.width - margin.left - margin.right, size.height - margin.top - margin.bottom]
  const by: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -2], ArrowDown: [0, 2] }
  const way = by[key]
  if (!way) return null
  const within = (v: number, least: number, most: number) => Math.min(Math.max(v, least), Math.max(most, least))
  return {
    x: within(at.x + (way[0] * w) / strides, margin.left, size.width - margin.right),
    y: within(at.y + (way[1] * h) / strides, margin.top, size.height - margin.bottom),
  }
}
