import { type KeyboardEvent, useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { pixels, Scale } from '../base/scale'
import { choose, useSettings } from '../base/theme'
import { formatDuration, nanos } from '../base/time'
import { drawBars } from './draw'
import { Handle } from './Handle'
import { useModel } from './model'
import { Row } from './Row'
import { rowAbove, type Rows, runRow } from './rows'
import { fitCanvas, useNarrow, useSize } from './useSize'
import { type OnZoom, useZoom } from './useZoom'
import styles from './Waterfall.module.css'

export type WaterfallProps = {
  rows: Rows
  from: number
  to: number
  onZoom: OnZoom
  current: number // row, -1 for none
  onCurrent: (row: number) => void
  onOpen: (row: number) => void
  openNode: number
  onExpand: (row: number, expand: boolean) => void
  isExpanded: (row: number) => boolean
  matches: Uint8Array | null
}

// Browsers can't make an element taller than some 17 million pixels; longer lists scroll faster.
const tallest = 12_000_000
const right = 10 // room between the bars and the edge

/**
 * Waterfall is a list of rows, of which only those that are seen are in the document, and a
 * canvas with their bars. Both stand still in a sticky stage while a spacer behind them
 * scrolls, so that text and bars always move together.
 */
export function Waterfall(p: WaterfallProps) {
  const m = useModel()
  const narrow = useNarrow()
  const settings = useSettings()
  const scroller = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const dragged = useRef(false)
  const size = useSize(scroller)
  const [scrolled, setScrolled] = useState(0)
  const [hover, setHover] = useState(-1)

  const rowHeight = narrow ? 44 : 22
  const tree = narrow ? 0 : Math.min(settings.tree, Math.max(size.width - 160, 80))
  const left = narrow ? 12 : tree // where the bars begin
  const width = Math.max(size.width - left, 0)
  const scale = useMemo(() => new Scale(nanos(p.from), nanos(p.to), pixels(Math.max(width - right, 1))), [p.from, p.to, width])
  const total = p.rows.count * rowHeight
  const spacer = Math.min(total, tallest)
  const ratio = spacer > size.height ? Math.max(total - size.height, 0) / (spacer - size.height) : 1
  const top = Math.min(scrolled * ratio, Math.max(total - size.height, 0))
  useZoom(scroller, left, scale, m.t.duration, p.onZoom, dragged)

  useLayoutEffect(() => {
    const c = canvas.current && fitCanvas(canvas.current, width, size.height)
    if (!c || width <= 0) return
    const picture = { ...m, end: m.tree.end, hasPath: m.t.path.node.length > 0 }
    drawBars(c, picture, { scale, rows: p.rows, top, height: size.height, width, rowHeight, barTop: narrow ? 26 : 5, hover })
  }, [m, p.rows, scale, top, width, size.height, rowHeight, narrow, hover])

  // The current row is kept in sight when it changes.
  useLayoutEffect(() => {
    const e = scroller.current
    if (!e || p.current < 0) return
    const y = p.current * rowHeight
    const at = e.scrollTop * ratio
    const to = y < at + rowHeight ? y - 2 * rowHeight : y + 2 * rowHeight > at + e.clientHeight ? y - e.clientHeight + 3 * rowHeight : -1
    if (to !== -1) e.scrollTop = Math.max(to, 0) / ratio
    // Only when it moves: not whenever the list scrolls.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [p.current, p.rows])

  const first = Math.max(0, Math.floor(top / rowHeight) - 3)
  const last = Math.min(p.rows.count, Math.ceil((top + size.height) / rowHeight) + 3)
  const base = first - (first % 64) // rows keep their place while the list scrolls
  const indent = Math.min(12, ((narrow ? size.width : tree) * 0.45) / Math.max(p.rows.deepest, 1))
  const all = []
  for (let r = first; r < last; r++) {
    const node = p.rows.node[r] ?? 0
    all.push(
      <Row
        key={r}
        t={m.t}
        tree={m.tree}
        runs={m.runs}
        row={r}
        node={node}
        kind={p.rows.kind[r] ?? 0}
        depth={p.rows.depth[r] ?? 0}
        indent={indent}
        y={(r - base) * rowHeight}
        current={r === p.current}
        open={node === p.openNode && p.rows.kind[r] !== runRow}
        expanded={p.isExpanded(r)}
        match={p.matches?.[node] === 1}
        color={m.palette.core[m.t.service[node] ?? 0] ?? ''}
        gap={gapText(m.gaps, node)}
      />,
    )
  }

  const click = useCallback(
    (e: React.MouseEvent) => {
      if (dragged.current) return
      const row = rowOfTarget(e.target)
      if (row < 0) return
      if ((e.target as HTMLElement).dataset.act === 'twist') {
        p.onCurrent(row)
        p.onExpand(row, !p.isExpanded(row))
      } else p.onOpen(row)
    },
    [p],
  )

  const key = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return
    const page = Math.max(Math.floor(size.height / rowHeight) - 2, 1)
    const to: Record<string, number> = { ArrowDown: p.current + 1, ArrowUp: p.current - 1, Home: 0, End: p.rows.count - 1, PageDown: p.current + page, PageUp: p.current - page }
    const row = to[e.key]
    if (row !== undefined) p.onCurrent(Math.min(Math.max(row, 0), p.rows.count - 1))
    else if (e.key === 'Enter' || e.key === ' ') p.onOpen(Math.max(p.current, 0))
    else if (e.key === 'ArrowRight') {
      if (!p.isExpanded(p.current)) p.onExpand(p.current, true)
      else if ((p.rows.depth[p.current + 1] ?? -1) > (p.rows.depth[p.current] ?? 0)) p.onCurrent(p.current + 1)
    } else if (e.key === 'ArrowLeft') {
      const below = (p.rows.depth[p.current + 1] ?? -1) > (p.rows.depth[p.current] ?? 0)
      if (below) p.onExpand(p.current, false)
      else if (rowAbove(p.rows, p.current) >= 0) p.onCurrent(rowAbove(p.rows, p.current))
    } else return
    e.preventDefault()
    e.stopPropagation()
  }

  return (
    <div className={styles.waterfall} style={{ '--tree': `${tree}px` } as React.CSSProperties}>
      <Ticks scale={scale} left={left} hover={hover} />
      <div
        ref={scroller}
        className={styles.scroller}
        role="tree"
        id="waterfall"
        aria-label="Spans of the trace"
        tabIndex={0}
        aria-activedescendant={p.current >= first && p.current < last ? `row-${p.current}` : undefined}
        onKeyDown={key}
        onClick={click}
        onScroll={(e) => setScrolled(e.currentTarget.scrollTop)}
        onPointerMove={(e) => {
          if (e.pointerType !== 'mouse') return
          const x = e.clientX - e.currentTarget.getBoundingClientRect().left - left
          setHover(x >= 0 && x <= width - right ? Math.round(x) : -1)
        }}
        onPointerLeave={() => setHover(-1)}
      >
        <div className={styles.stage} style={{ height: size.height }} role="presentation">
          <div className={styles.rows} role="presentation" style={{ transform: `translateY(${base * rowHeight - top}px)` }}>
            {all}
          </div>
          <canvas ref={canvas} className={styles.canvas} style={{ left, width, height: size.height }} aria-hidden="true" />
        </div>
        <div style={{ height: Math.max(spacer - size.height, 0) }} role="presentation" />
      </div>
      {!narrow && <Handle at={tree} least={120} most={Math.max(size.width - 200, 160)} label="Width of the tree" onMove={(w) => choose({ tree: w })} />}
    </div>
  )
}

function Ticks({ scale, left, hover }: { scale: Scale; left: number; hover: number }) {
  const ticks = scale.ticks(Math.max(2, scale.width / 110))
  return (
    <div className={styles.ticks} aria-hidden="true">
      {ticks.map((t) => (
        <span key={t} className={styles.tick} style={{ left: left + scale.x(t) }} hidden={scale.x(t) > scale.width - 40}>
          {formatDuration(t)}
        </span>
      ))}
      {hover >= 0 && (
        <span className={styles.now} style={{ left: left + Math.min(hover, scale.width - 60) }}>
          {formatDuration(scale.time(hover))}
        </span>
      )}
    </div>
  )
}

function rowOfTarget(target: EventTarget): number {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null
  return row ? Number(row.dataset.row) : -1
}

function gapText(gaps: { first: Int32Array; from: Float64Array; to: Float64Array }, node: number): string {
  let text = ''
  for (let i = gaps.first[node] ?? 0; i < (gaps.first[node + 1] ?? 0); i++) {
    text += `, no span covers ${formatDuration((gaps.to[i] ?? 0) - (gaps.from[i] ?? 0))}`
  }
  return text
}
