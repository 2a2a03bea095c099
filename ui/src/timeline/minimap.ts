import type { Stretches, Trace } from '../trace/decode'
import type { Palette } from './palette'

// The whole trace in a strip: each node is painted into one of a few lines of pixels, by its
// place in the drawing order. What is painted is a raster of services and not rectangles, so
// that a million nodes cost a million short fills of bytes.

/** By pixel the number of a service + 1, 0 for none. */
export function raster(t: Trace, begin: Float64Array, width: number, lines: number): Uint16Array {
  const map = new Uint16Array(width * lines)
  const per = t.duration > 0 ? width / t.duration : 0
  for (let i = 0; i < t.nodes; i++) {
    const line = Math.min(Math.floor((i * lines) / t.nodes), lines - 1) * width
    const from = Math.min(Math.max(Math.floor((begin[i] ?? 0) * per), 0), width - 1)
    const to = Math.min(Math.max(Math.ceil(((begin[i] ?? 0) + (t.length[i] ?? 0)) * per), from + 1), width)
    map.fill((t.service[i] ?? 0) + 1, line + from, line + to)
  }
  return map
}

export const linesOf = (nodes: number, most: number): number => Math.max(Math.min(nodes, most), 1)

/** Draws the strip, and the critical path as a thin line under it. */
export function drawMinimap(c: CanvasRenderingContext2D, t: Trace, begin: Float64Array, path: Stretches, shift: Float64Array | null, palette: Palette, width: number, height: number) {
  const ratio = window.devicePixelRatio || 1
  c.setTransform(ratio, 0, 0, ratio, 0, 0)
  c.clearRect(0, 0, width, height)
  const room = height - 8
  const lines = linesOf(t.nodes, Math.floor(room / 2))
  const step = Math.min(room / lines, 4)
  const map = raster(t, begin, width, lines)
  for (let l = 0; l < lines; l++) {
    // Neighbours of one service are one rectangle.
    for (let x = 0; x < width; ) {
      const s = map[l * width + x] ?? 0
      let to = x + 1
      while (to < width && map[l * width + to] === s) to++
      if (s > 0) {
        c.fillStyle = palette.bar[s - 1] ?? palette.quiet
        c.fillRect(x, l * step, to - x, Math.max(step > 3 ? step - 1 : step, 1))
      }
      x = to
    }
  }
  const per = t.duration > 0 ? width / t.duration : 0
  let at = -1
  for (let i = 0; i < path.node.length; i++) {
    const node = path.node[i] ?? 0
    const from = ((path.start[i] ?? 0) + (shift?.[node] ?? 0)) * per
    const to = Math.max(from + (path.duration[i] ?? 0) * per, from + 1)
    if (to - at < 0.5) continue
    c.fillStyle = palette.core[t.service[node] ?? 0] ?? palette.text
    c.fillRect(Math.max(from, at), height - 5, to - Math.max(from, at), 3)
    at = to
  }
}
