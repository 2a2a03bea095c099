import { useLayoutEffect, useMemo, useRef, useState } from 'react'
import { colors } from '../../../base/color'
import { link } from '../../../base/location'
import { useMode, useSettings } from '../../../base/theme'
import { formatMoment, moment, now } from '../../../base/time'
import { tracesOf } from '../../../query/derive'
import { useSize } from '../../../timeline/useSize'
import { clock, inks, prepare, stroke } from '../draw'
import { clockTicks } from '../plot'
import type { Range } from '../range'
import type { Answer } from './Metrics'
import styles from './Metrics.module.css'
import { findURL } from './Table'
import { formatValue, numbers, roundTop, seriesName, ticksTo } from './values'

const edge = { left: 60, right: 12, top: 8, bottom: 22 }
type Props = { answer: Answer; q: string; range: Range; onRange: (r: Range) => void }

/** Chart draws a line for each series. Pointing shows the values of a moment, dragging narrows the time. */
export function Chart({ answer, q, range, onRange }: Props) {
  const frame = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const size = useSize(frame)
  const mode = useMode()
  const { zone } = useSettings()
  const [at, setAt] = useState(-1)
  const [only, setOnly] = useState<string | null>(null)
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null)
  const unit = answer.unit ?? ''
  const times = useMemo(() => {
    // A step that goes on still would look like a fall.
    const all = (answer.times ?? []).map(moment)
    return all.length > 2 && (all.at(-1) ?? 0n) > now() ? all.slice(0, -1) : all
  }, [answer])
  const lines = useMemo(
    () =>
      (answer.series ?? []).map((s) => {
        const service = s.labels.find((l) => l.name === 'resource.service.name')
        const name = seriesName(s.labels)
        return { name, labels: s.labels, values: numbers(s).slice(0, times.length), exemplars: s.exemplars ?? [], key: service && s.labels.length === 1 ? service.value : 'series ' + name }
      }),
    [answer, times],
  )
  const drawn = useMemo(() => lines.filter((l) => !only || l.name === only), [lines, only])
  const top = useMemo(() => roundTop(drawn.flatMap((l) => l.values)), [drawn])
  const [first, last] = [times[0] ?? moment('0'), times.at(-1) ?? moment('1')]
  const x = (t: bigint) => edge.left + (Number(t - first) / Number(last - first || 1n)) * (size.width - edge.left - edge.right)
  const y = (v: number) => size.height - edge.bottom - (v / top) * (size.height - edge.top - edge.bottom)

  useLayoutEffect(() => {
    const g = canvas.current && prepare(canvas.current, size.width, size.height)
    if (!g || !canvas.current) return
    const ink = inks(canvas.current)
    g.font = ink.font
    g.strokeStyle = ink.line
    g.fillStyle = ink.quiet
    g.textAlign = 'right'
    g.textBaseline = 'middle'
    for (const v of ticksTo(top)) {
      stroke(g, edge.left, Math.round(y(v)) + 0.5, size.width - edge.right, Math.round(y(v)) + 0.5)
      g.fillText(formatValue(v, unit), edge.left - 6, y(v))
    }
    g.textAlign = 'center'
    const ticks = clockTicks(first, last, Math.max((size.width - 60) / 90, 1), zone === 'utc' ? 0 : new Date().getTimezoneOffset())
    const step = Number((ticks[1] ?? last) - (ticks[0] ?? first))
    for (const t of ticks) if (x(t) > edge.left + 16 && x(t) < size.width - 28) g.fillText(clock(t, zone, step), x(t), size.height - 8)
    for (const l of drawn) {
      const c = colors.of(l.key, mode)
      g.strokeStyle = c.core
      g.lineWidth = 1.5
      g.beginPath()
      let open = false
      l.values.forEach((v, i) => {
        const t = times[i]
        if (v === null || t === undefined) {
          open = false
          return
        }
        if (open) g.lineTo(x(t), y(v))
        else g.moveTo(x(t), y(v))
        open = true
        if (l.values[i - 1] == null && l.values[i + 1] == null) g.arc(x(t), y(v), 2, 0, 7)
      })
      g.stroke()
    }
    const t = times[at]
    if (t !== undefined) {
      g.strokeStyle = ink.quiet
      g.lineWidth = 1
      stroke(g, Math.round(x(t)) + 0.5, edge.top, Math.round(x(t)) + 0.5, size.height - edge.bottom)
    }
  })

  const px = (e: React.PointerEvent) => e.clientX - e.currentTarget.getBoundingClientRect().left
  const timeAt = (p: number) => first + BigInt(Math.round(((Math.min(Math.max(p, edge.left), size.width - edge.right) - edge.left) / Math.max(size.width - edge.left - edge.right, 1)) * Number(last - first)))
  const values = at < 0 ? [] : drawn.map((l) => ({ l, v: l.values[at] ?? null })).filter((r) => r.v !== null).toSorted((a, b) => (b.v ?? 0) - (a.v ?? 0))
  const here = times[at]
  // A sample of a rate counts spans: only values of durations have a place on the axis.
  const exemplars = unit === 's' ? drawn.flatMap((l) => l.exemplars.map((e) => ({ e, l }))) : []
  return (
    <div className={styles.metrics}>
      <div className={styles.frame} ref={frame}>
        <canvas
          ref={canvas}
          className={styles.canvas}
          role="img"
          aria-label={`${lines.length} series over time. The list below has their last and greatest values.`}
          onPointerDown={(e) => {
            e.currentTarget.setPointerCapture(e.pointerId)
            setDrag({ from: px(e), to: px(e) })
          }}
          onPointerMove={(e) => {
            const p = px(e)
            if (drag) setDrag({ from: drag.from, to: p })
            const share = (p - edge.left) / Math.max(size.width - edge.left - edge.right, 1)
            setAt(share < -0.02 || share > 1.02 ? -1 : Math.min(Math.max(Math.round(share * (times.length - 1)), 0), times.length - 1))
          }}
          onPointerUp={() => {
            if (drag && Math.abs(drag.to - drag.from) > 8) {
              const ends = [timeAt(drag.from), timeAt(drag.to)].toSorted((a, b) => (a < b ? -1 : 1))
              onRange({ from: moment(String(ends[0])), to: moment(String(ends[1])) })
            }
            setDrag(null)
          }}
          onPointerCancel={() => setDrag(null)}
          onPointerLeave={() => setAt(-1)}
        />
        {size.width > 0 &&
          exemplars.map(({ e, l }) => {
            const v = typeof e.value === 'number' ? e.value : 0
            const t = moment(e.timeUnixNano)
            if (v > top || t < first || t > last) return null
            return (
              <a
                key={e.spanId}
                className={styles.exemplar}
                {...link(`/trace/${e.traceId}?span=${e.spanId}`)}
                aria-label={`A trace of ${l.name}: ${formatValue(v, unit)}`}
                title={`${l.name}: ${formatValue(v, unit)}. Open the trace`}
                style={{ left: x(t), top: y(v), borderColor: colors.of(l.key, mode).core }}
              />
            )
          })}
        {drag && Math.abs(drag.to - drag.from) > 8 && <div className={styles.range} style={{ left: Math.min(drag.from, drag.to), width: Math.abs(drag.to - drag.from) }} />}
        {here !== undefined && !drag && values.length > 0 && (
          <div className={styles.tip} style={x(here) > size.width / 2 ? { right: size.width - x(here) + 12 } : { left: x(here) + 12 }}>
            <b className="mono">{formatMoment(here, zone, 0)}</b>
            {values.slice(0, 10).map(({ l, v }) => (
              <span key={l.name}>
                <i style={{ background: colors.of(l.key, mode).core }} />
                {l.name} <span className="mono">{formatValue(v ?? 0, unit)}</span>
              </span>
            ))}
            {values.length > 10 && <span className="quiet">and {values.length - 10} more</span>}
          </div>
        )}
      </div>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col">Last</th>
            <th scope="col">Greatest</th>
            <th scope="col">
              <span className="hidden">Traces</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((l, i) => {
            const present = l.values.filter((v) => v !== null)
            const to = tracesOf(q, l.labels)
            return (
              <tr key={l.name + String(i)}>
                <th scope="row">
                  <button type="button" className={styles.legend} aria-pressed={only === l.name} onClick={() => setOnly(only === l.name ? null : l.name)}>
                    <i style={{ background: colors.of(l.key, mode).core, opacity: only && only !== l.name ? 0.3 : 1 }} />
                    {l.name}
                  </button>
                </th>
                <td className="mono">{present.length ? formatValue(present.at(-1) ?? 0, unit) : '–'}</td>
                <td className="mono">{present.length ? formatValue(present.reduce((a, b) => Math.max(a, b), -Infinity), unit) : '–'}</td>
                <td>{to && <a {...link(findURL(to, range))}>Traces</a>}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
