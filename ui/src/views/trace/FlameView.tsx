import { useLayoutEffect, useMemo, useRef, useState } from 'react'
import { formatDuration } from '../../base/time'
import { drawFlame } from '../../timeline/flame'
import { formatCount, percent, plural } from '../../timeline/label'
import { useModel } from '../../timeline/model'
import { fitCanvas, useSize } from '../../timeline/useSize'
import { nameOf, serviceOf } from '../../trace/decode'
import { flameByOperation, flameByTime, frameAt } from '../../trace/flame'
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
  const zoomed = zoom >= 0 && zoom < frames.count
  const from = zoomed ? (frames.from[zoom] ?? 0) : 0
  const to = zoomed ? (frames.to[zoom] ?? 0) : Math.max(frames.most, 1)

  useLayoutEffect(() => {
    const c = canvas.current && fitCanvas(canvas.current, width, height)
    if (c && width > 0) drawFlame(c, { t, frames, palette, from, to, width, height, top, lane, open, matches, over: over?.frame ?? -1 })
  }, [t, frames, palette, from, to, width, height, top, open, matches, over])

  const find = (e: React.MouseEvent) => {
    const r = e.currentTarget.getBoundingClientRect()
    return frameAt(frames, from + ((e.clientX - r.left) / (width || 1)) * (to - from), Math.floor((e.clientY - r.top + top) / lane))
  }
  const node = over ? (frames.node[over.frame] ?? 0) : 0
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
          {merged ? 'Width is the time that spans of one name worked themselves, with all below them.' : 'A double click zooms in.'}
          {frames.left > 0 && ` ${plural(frames.left, 'span')} found no room.`} The same is in <button type="button" className={styles.plain} onClick={() => change({ view: 'operations', by: '' })}>Operations</button> as a table.
        </span>
      </div>
      <div
        ref={box}
        className={styles.flame}
        role="img"
        aria-label={`Flame graph of ${plural(frames.count, 'frame')}`}
        onScroll={(e) => setTop(e.currentTarget.scrollTop)}
        onMouseMove={(e) => {
          const frame = find(e)
          setOver(frame < 0 ? null : { frame, x: e.clientX, y: e.clientY })
        }}
        onMouseLeave={() => setOver(null)}
        onClick={(e) => {
          const frame = find(e)
          if (frame < 0) return
          if (merged) setZoom(frame)
          else onOpen(frames.node[frame] ?? 0)
        }}
        onDoubleClick={(e) => setZoom(find(e))}
      >
        <canvas ref={canvas} className={styles.canvas} style={{ width, height }} />
        <div style={{ height: Math.max(frames.lanes * lane - height, 0) }} />
      </div>
      {over && (
        <div className={styles.tip} style={{ left: Math.min(over.x + 12, window.innerWidth - 300), top: Math.min(over.y + 12, window.innerHeight - 90) }}>
          <bdi>{nameOf(t, node)}</bdi> <span className="quiet">{serviceOf(t, node)}</span>
          <br />
          {formatDuration((frames.to[over.frame] ?? 0) - (frames.from[over.frame] ?? 0))}
          {merged && (
            <span className="quiet">
              {' '}
              · {percent(((frames.to[over.frame] ?? 0) - (frames.from[over.frame] ?? 0)) / (frames.most || 1))} · {formatCount(frames.spans[over.frame] ?? 0)} ×
            </span>
          )}
        </div>
      )}
    </>
  )
}
