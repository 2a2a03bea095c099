import { isError, nameOf, type Trace } from '../trace/decode'
import type { Frames } from '../trace/flame'
import type { Palette } from './palette'

export type FlamePicture = {
  t: Trace
  frames: Frames
  palette: Palette
  from: number
  to: number
  width: number
  height: number
  top: number
  lane: number
  open: number // node
  matches: Uint8Array | null
  over: number // frame
  at: number // frame where the arrows are, -1 for none
}

const charWidth = 6.7

/** Draws the frames of a flame graph that are in sight; of those narrower than a pixel, one. */
export function drawFlame(c: CanvasRenderingContext2D, p: FlamePicture) {
  const { t, frames, palette } = p
  const ratio = window.devicePixelRatio || 1
  c.setTransform(ratio, 0, 0, ratio, 0, 0)
  c.clearRect(0, 0, p.width, p.height)
  c.font = palette.mono
  c.textBaseline = 'middle'
  const per = p.width / (p.to - p.from || 1)
  const filled = new Float64Array(frames.lanes).fill(-1) // by lane: the first pixel that is free for a narrow frame
  for (let i = 0; i < frames.count; i++) {
    const lane = frames.lane[i] ?? 0
    const y = lane * p.lane - p.top
    if (y + p.lane < 0 || y > p.height) continue
    const left = ((frames.from[i] ?? 0) - p.from) * per
    const end = ((frames.to[i] ?? 0) - p.from) * per
    const right = Math.max(end, left + 1)
    if (right < 0 || left > p.width) continue
    const x = Math.max(left, 0)
    if (end - left < 1) {
      const pixel = Math.floor(x)
      if (pixel < (filled[lane] ?? 0)) continue
      filled[lane] = pixel + 1
    } else filled[lane] = Math.floor(right)
    const w = Math.min(right, p.width) - x
    const node = frames.node[i] ?? 0
    const service = t.service[node] ?? 0
    const dim = p.matches !== null && p.matches[node] !== 1
    c.globalAlpha = dim ? 0.3 : 1
    c.fillStyle = palette.bar[service] ?? palette.quiet
    c.fillRect(x, y + 1, Math.max(w - 0.5, 0.5), p.lane - 2)
    c.globalAlpha = 1
    if (isError(t, node) && frames.spans[i] === 1) {
      c.fillStyle = palette.error
      c.fillRect(x, y + p.lane - 3, w, 2)
    }
    if (i === p.over || (node === p.open && frames.spans[i] === 1)) {
      c.strokeStyle = palette.text
      c.strokeRect(x + 0.5, y + 1.5, w - 1, p.lane - 3)
    }
    if (w > 24) {
      const most = Math.floor((w - 10) / charWidth)
      const name = nameOf(t, node)
      const count = frames.spans[i] ?? 1
      const text = count > 1 ? `${name} × ${count}` : name
      c.fillStyle = palette.text
      c.fillText(text.length <= most ? text : text.slice(0, Math.max(most - 1, 0)) + '…', x + 5, y + p.lane / 2 + 0.5)
    }
  }
  if (p.at >= 0) outline(c, p, per)
}

/** A frame in focus is seen on any colour, and however narrow it is. */
function outline(c: CanvasRenderingContext2D, p: FlamePicture, per: number) {
  const y = (p.frames.lane[p.at] ?? 0) * p.lane - p.top
  const left = Math.max(((p.frames.from[p.at] ?? 0) - p.from) * per, 0)
  const right = Math.min(((p.frames.to[p.at] ?? 0) - p.from) * per, p.width)
  const w = Math.max(right - left, 4)
  const x = Math.min(left, p.width - w)
  c.lineWidth = 4
  c.strokeStyle = p.palette.bg
  c.strokeRect(x + 2, y + 2, w - 4, p.lane - 4)
  c.lineWidth = 2
  c.strokeStyle = p.palette.text
  c.strokeRect(x + 1, y + 1, w - 2, p.lane - 2)
  c.lineWidth = 1
}
