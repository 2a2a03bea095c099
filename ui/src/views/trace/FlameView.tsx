import { type FocusEvent, type KeyboardEvent, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { formatDuration } from '../../base/time'
import { drawFlame } from '../../timeline/flame'
import { formatCount, percent, plural } from '../../timeline/label'
import { useModel } from '../../timeline/model'
import { fitCanvas, useSize } from '../../timeline/useSize'
import { isError, nameOf, serviceOf, type Trace } from '../../trace/decode'
import { flameByOperation, flameByTime, frameAt, type Frames } from '../../trace/flame'
import { placeOf, walk } from '../../trace/walk'
import { change } from './state'
import styles from './Views.module.css'

const lane = 20

/** FlameView draws frames: by time, where they happened; by operation, as wide as what they worked. */
export function FlameView({ by, open, matches, onOpen }: { by: string; open: number; matches: Uint8Array | null; onOpen: (node: number) => void }) {
  const { t, begin, palette } = useModel()
  const merged = by === 'operation'
  const frames = useMemo(() => (merged ? flameByOperation(t) : flameByTime(t, begin)), [t, begin, merged])
  const [zoom, setZoom] = useState(-1) // a frame
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const { width, height } = useSize(box)
  const [over, setOver] = useState<{ frame: number; x: number; y: number } | null>(null)
  const [top, setTop] = useState(0)
  const [walked, setWalked] = useState<{ frames: Frames; frame: number }>({ frames, frame: -1 })
  const [keyed, setKeyed] = useState(false) // keys are used, not a pointer
  const at = walked.frames === frames ? walked.frame : -1 // other frames have other numbers
  const zoomed = zoom >= 0 && zoom < frames.count
  const from = zoomed ? (frames.from[zoom] ?? 0) : 0
  const to = zoomed ? (frames.to[zoom] ?? 0) : Math.max(frames.most, 1)

  useLayoutEffect(() => {
    const c = canvas.current && fitCanvas(canvas.current, width, height)
    if (c && width > 0) drawFlame(c, { t, frames, palette, from, to, width, height, top, lane, open, matches, over: over?.frame ?? -1, at: keyed ? at : -1 })
  }, [t, frames, palette, from, to, width, height, top, open, matches, over, at, keyed])

  const find = (e: React.MouseEvent) => {
    const r = e.currentTarget.getBoundingClientRect()
    return frameAt(frames, from + ((e.clientX - r.left) / (width || 1)) * (to - from), Math.floor((e.clientY - r.top + top) / lane))
  }
  const go = (frame: number) => {
    setWalked({ frames, frame })
    setKeyed(true)
    setOver(null)
    if ((frames.from[frame] ?? 0) >= to || (frames.to[frame] ?? 0) <= from) setZoom(-1) // it is out of the picture
    const y = (frames.lane[frame] ?? 0) * lane
    const e = box.current
    if (e) e.scrollTop = Math.min(y, Math.max(e.scrollTop, y + 2 * lane - e.clientHeight))
  }
  const pick = (frame: number) => {
    if (merged) setZoom(frame)
    else onOpen(frames.node[frame] ?? 0)
  }
  const key = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return
    const next = walk(frames, at, e.key)
    if (next >= 0) go(next)
    else if (e.key === 'Enter' && at >= 0) pick(at)
    else if ((e.key === '+' || e.key === '=') && at >= 0) setZoom(at)
    else if ((e.key === 'Escape' || e.key === '-') && zoomed) setZoom(-1)
    else return
    e.preventDefault()
  }
  const focus = (e: FocusEvent) => {
    if (!e.currentTarget.matches(':focus-visible')) return // of a click
    if (at >= 0) go(at)
    else if (frames.count) go(frames.node.subarray(0, frames.count).indexOf(open) < 0 || merged ? 0 : frames.node.indexOf(open))
  }
  // What is pointed at, or else where the arrows are; then below all frames, so that it hides no child.
  const rect = keyed && at >= 0 && !over ? box.current?.getBoundingClientRect() : undefined
  const tip = over ?? (rect ? { frame: at, x: rect.left + Math.max(((frames.from[at] ?? 0) - from) / (to - from || 1), 0) * width, y: Math.min(rect.top + frames.lanes * lane - top, rect.bottom - 70) } : null)
  return (
    <>
      <div className={styles.choices} role="group" aria-label="Layout of the flame graph">
        <button type="button" className="button" aria-pressed={!merged} onClick={() => (setZoom(-1), change({ by: '' }))}>
          By time
        </button>
        <button type="button" className="button" aria-pressed={merged} onClick={() => (setZoom(-1), change({ by: 'operation' }))}>
          By self time, merged by operation
        </button>
        {zoomed && (
          <button type="button" className="button" onClick={() => setZoom(-1)}>
            Show all
          </button>
        )}
        <span className="quiet">
          {merged ? 'Width is the time that spans of one name worked themselves, with all below them. Arrows walk, Enter zooms in.' : 'A double click zooms in. Arrows walk, Enter opens.'}
          {frames.left > 0 && ` ${plural(frames.left, 'span')} found no room.`} The same is in <button type="button" className={styles.plain} onClick={() => change({ view: 'operations', by: '' })}>Operations</button> as a table.
        </span>
      </div>
      <div
        ref={box}
        className={styles.flame}
        role="application"
        tabIndex={0}
        aria-label={`Flame graph of ${plural(frames.count, 'frame')}`}
        aria-describedby="flame-keys"
        onKeyDown={key}
        onFocus={focus}
        onBlur={() => setKeyed(false)}
        onScroll={(e) => setTop(e.currentTarget.scrollTop)}
        onMouseMove={(e) => {
          const frame = find(e)
          setKeyed(false)
          setOver(frame < 0 ? null : { frame, x: e.clientX, y: e.clientY })
        }}
        onMouseLeave={() => setOver(null)}
        onClick={(e) => {
          const frame = find(e)
          if (frame < 0) return
          setWalked({ frames, frame })
          pick(frame)
        }}
        onDoubleClick={(e) => setZoom(find(e))}
      >
        <canvas ref={canvas} className={styles.canvas} style={{ width, height }} aria-hidden="true" />
        <div style={{ height: Math.max(frames.lanes * lane - height, 0) }} />
      </div>
      <p id="flame-keys" className="hidden">
        Down is the first child, up the parent, left and right the siblings. {merged ? 'Enter zooms' : 'Enter opens the span, plus zooms'} in, Escape zooms out.
      </p>
      <p className="hidden" role="status">
        {keyed && at >= 0 && said(t, frames, at)}
      </p>
      {tip && <Tip t={t} frames={frames} merged={merged} {...tip} />}
    </>
  )
}

/** A frame in words. */
function said(t: Trace, f: Frames, at: number): string {
  const node = f.node[at] ?? 0
  const { place, of, level } = placeOf(f, at)
  const spans = f.spans[at] ?? 1
  const length = (f.to[at] ?? 0) - (f.from[at] ?? 0)
  const facts = [nameOf(t, node) || 'no name', serviceOf(t, node), formatDuration(length), `${percent(length / (f.most || 1))} of all`]
  if (spans > 1) facts.push(plural(spans, 'span'))
  else if (isError(t, node)) facts.push('error')
  return [...facts, `level ${level}`, `${place} of ${of}`].filter(Boolean).join(', ')
}

function Tip({ t, frames, frame, x, y, merged }: { t: Trace; frames: Frames; frame: number; x: number; y: number; merged: boolean }) {
  const node = frames.node[frame] ?? 0
  const length = (frames.to[frame] ?? 0) - (frames.from[frame] ?? 0)
  return (
    <div className={styles.tip} style={{ left: Math.min(x + 12, window.innerWidth - 300), top: Math.min(y + 12, window.innerHeight - 90) }} aria-hidden="true">
      <bdi>{nameOf(t, node)}</bdi> <span className="quiet">{serviceOf(t, node)}</span>
      <br />
      {formatDuration(length)}
      {merged && (
        <span className="quiet">
          {' '}
          · {percent(length / (frames.most || 1))} · {formatCount(frames.spans[frame] ?? 0)} ×
        </span>
      )}
    </div>
  )
}
