import { useMemo } from 'react'
import { formatDuration } from '../../base/time'
import { formatCount, plural, shortService } from '../../timeline/label'
import { useModel } from '../../timeline/model'
import { type Arrow, type Box, crossedBy } from '../../trace/crossed'
import { change } from './state'
import styles from './Views.module.css'

const w = 180
const h = 58
const gapX = 90
const gapY = 26

const left = (b: Box) => 12 + b.layer * (w + gapX)
const top = (b: Box) => 16 + b.row * (h + gapY)

/** Crossed draws the services of a trace, and which called which. */
export function Crossed() {
  const { t, palette } = useModel()
  const g = useMemo(() => crossedBy(t), [t])
  const width = 24 + g.layers * (w + gapX)
  const height = 60 + g.rows * (h + gapY)
  return (
    <div className={styles.scroll}>
      <svg width={width} height={height} className={styles.graph} role="group" aria-label={`${plural(g.boxes.length, 'service')}, ${plural(g.arrows.length, 'way')} between them`}>
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">
            <path d="M0 0 8 4 0 8z" fill="currentColor" />
          </marker>
        </defs>
        {g.arrows.map((a) => (
          <Way key={`${a.from}-${a.to}`} a={a} from={g.boxes[a.from] as Box} to={g.boxes[a.to] as Box} />
        ))}
        {g.boxes.map((b) => {
          const name = t.services[b.service] ?? ''
          const find = () => change({ view: 'waterfall', q: name })
          return (
            <g
              key={b.service}
              transform={`translate(${left(b)} ${top(b)})`}
              className={styles.box}
              tabIndex={0}
              role="button"
              onClick={find}
              onKeyDown={(e) => (e.key === 'Enter' || e.key === ' ') && (e.preventDefault(), find())}
            >
              <title>{`${name}\nself ${formatDuration(b.self)}, critical ${formatDuration(b.critical)}`}</title>
              <rect width={w} height={h} rx="6" />
              <rect width="4" height={h} rx="2" fill={palette.core[b.service]} stroke="none" />
              <text x="14" y="20" fontWeight="600" fill={palette.core[b.service]}>
                {shortService(name)}
              </text>
              <text x="14" y="36" className={styles.small}>
                {plural(b.spans, 'span')}
                {b.errors > 0 && <tspan className={styles.red}> · {plural(b.errors, 'error')}</tspan>}
              </text>
              <text x="14" y="51" className={styles.small}>
                self {formatDuration(b.self)}
              </text>
            </g>
          )
        })}
      </svg>
    </div>
  )
}

function Way({ a, from, to }: { a: Arrow; from: Box; to: Box }) {
  const back = to.layer <= from.layer
  const x1 = back ? left(from) + w / 2 : left(from) + w
  const y1 = top(from) + (back ? h : h / 2)
  const x2 = back ? left(to) + w / 2 : left(to)
  const y2 = top(to) + (back ? h : h / 2)
  const path = back
    ? `M${x1} ${y1} C${x1} ${y1 + 30} ${x2} ${y2 + 30} ${x2} ${y2}`
    : `M${x1} ${y1} C${x1 + gapX / 2} ${y1} ${x2 - gapX / 2} ${y2} ${x2} ${y2}`
  // Numbers stand near their box, where ways have parted.
  const at = back ? 0.5 : Math.max(0.5, 1 - gapX / 3 / Math.max(x2 - x1, 1))
  return (
    <g className={a.errors ? styles.failed : styles.way}>
      <path d={path} fill="none" markerEnd="url(#arrow)" strokeWidth={1 + Math.min(Math.log10(a.calls), 3)} />
      <text x={x1 + (x2 - x1) * at} y={back ? Math.max(y1, y2) + 22 : y1 + (y2 - y1) * at - 4} textAnchor="middle">
        {formatCount(a.calls)} ×{a.errors > 0 && <tspan className={styles.red}> {formatCount(a.errors)} failed</tspan>}
      </text>
    </g>
  )
}
