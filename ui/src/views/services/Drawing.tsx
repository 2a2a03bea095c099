import { type ReactNode, useMemo, useState } from 'react'
import { colors } from '../../base/color'
import { link, withQuery } from '../../base/location'
import { useMode } from '../../base/theme'
import { formatDuration } from '../../base/time'
import { formatCount, plural } from '../../timeline/label'
import { findURL } from '../find/metrics/Table'
import { bounds, type Range } from '../find/range'
import { Frame } from './Frame'
import type { Graph, MapEdge, MapNode } from './graph'
import { pathOf, place } from './layout'
import { rates } from './rate'
import styles from './Services.module.css'

const many = 40 // nodes that can be read with the numbers of their calls

type Props = { graph: Graph; centre: string; range: Range; bar: ReactNode }

/** Drawing is the map. Nodes and calls are links: Tab goes through them, Enter opens. */
export default function Drawing({ graph, centre, range, bar }: Props) {
  const mode = useMode()
  const far = graph.nodes.length > many
  const placed = useMemo(() => place(graph, far), [graph, far])
  const [over, setOver] = useState('') // the node whose calls stand out
  const names = new Map(graph.nodes.map((n) => [n.id, n.name]))
  const most = graph.edges.reduce((n, e) => Math.max(n, e.calls), 1)
  const { from, to } = bounds(range)
  const seconds = Math.max(Number(to - from) / 1e9, 1)
  const rate = rates(graph.edges.map((e) => e.calls / seconds))
  const said = (e: MapEdge): string => `${rate(e.calls / seconds)}${e.p95 === null ? '' : ` · ${formatDuration(e.p95)}`}`
  return (
    <Frame
      width={placed.width}
      height={placed.height}
      least={far ? 0.6 : Math.min(0.8, 960 / placed.width)}
      about={`${centre} ${graph.nodes.length}`}
      middle={placed.nodes.find((n) => n.node.id === centre)}
      bar={bar}
      label={`Map of ${graph.nodes.length} services and peers, ${graph.edges.length} kinds of calls. The table below has the same.`}
    >
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto">
          <path d="M0 0L8 4L0 8z" className={styles.arrow} />
        </marker>
      </defs>
      {placed.edges.map(({ edge: e, points }) => (
        <path
          key={e.from + e.to}
          d={pathOf(points)}
          className={e.errors ? styles.edgeBad : styles.edge}
          opacity={over && e.from !== over && e.to !== over ? 0.15 : 1}
          strokeWidth={1 + 3 * Math.sqrt(e.calls / most)}
          markerEnd="url(#arrow)"
        >
          {far && <title>{`${names.get(e.from)} to ${names.get(e.to)}: ${said(e)}`}</title>}
        </path>
      ))}
      {!far &&
        placed.edges.map(({ edge: e, x, y }) => {
          const text = said(e)
          return (
            <a key={e.from + e.to} {...link(findURL(e.query, range))}>
              <text className={styles.unseen} x={x} y={y}>{`${names.get(e.from)} to ${names.get(e.to)}: `}</text>
              <title>{`${formatCount(e.calls)} calls${e.p95 === null ? '' : `, 95 % of them within ${formatDuration(e.p95)}`}`}</title>
              <rect className={styles.back} x={x - text.length * 3.2 - 4} y={y - 9} width={text.length * 6.4 + 8} height={e.errors ? 32 : 18} rx="4" />
              <text className={styles.halo} x={x} y={y + 4} textAnchor="middle">
                {text}
              </text>
              {e.errors > 0 && (
                <text className={`${styles.halo} ${styles.failed}`} x={x} y={y + 18} textAnchor="middle">
                  ◆ {formatCount(e.errors)} failed
                </text>
              )}
            </a>
          )
        })}
      {placed.nodes.map(({ node: n, x, y, width, height }) => (
        <a
          key={n.id}
          onPointerEnter={() => setOver(n.id)}
          onPointerLeave={() => setOver('')}
          onFocus={() => setOver(n.id)}
          onBlur={() => setOver('')}
          {...link(n.kind !== 'service' ? findURL(n.query, range) : far ? withQuery({ around: n.name }) : withQuery({ service: n.name, view: null, around: null, steps: null }))}
        >
          <g transform={`translate(${x - width / 2} ${y - height / 2})`} className={n.id === centre ? styles.centre : undefined}>
            <Shape node={n} width={width} height={height} color={n.kind === 'service' ? colors.of(n.name, mode).bar : ''} />
            <text className={styles.unseen}>{kindOf(n)} </text>
            <text className={styles.name} x={width / 2 + (n.kind === 'service' ? 4 : 0)} y={height / 2 + (!far && (n.detail || n.calls) ? -2 : 4)} textAnchor="middle">
              {n.name.length > 26 ? n.name.slice(0, 25) + '…' : n.name}
            </text>
            {!far && (
              <text className={styles.small} x={width / 2 + (n.kind === 'service' ? 4 : 0)} y={height / 2 + 13} textAnchor="middle">
                {details(n)}
              </text>
            )}
            {far && <title>{`${kindOf(n)} ${n.name}${n.calls ? ', ' + plural(n.calls, 'request') : ''}`}</title>}
          </g>
        </a>
      ))}
    </Frame>
  )
}

const kindOf = (n: MapNode): string => (n.kind === 'external' ? 'peer' : n.kind)
const details = (n: MapNode): string => n.detail || (n.calls ? plural(n.calls, 'request') : '')

/** A service is a box with its colour, a database a drum, a queue a box in slices, the rest dashed. */
function Shape({ node, width: w, height: h, color }: { node: MapNode; width: number; height: number; color: string }) {
  switch (node.kind) {
    case 'service':
      return (
        <>
          <rect className={styles.box} width={w} height={h} rx="6" />
          <rect width="6" height={h - 12} x="6" y="6" rx="3" fill={color} />
        </>
      )
    case 'database':
      return <path className={styles.box} d={`M0 6C0 -2 ${w} -2 ${w} 6V${h - 6}C${w} ${h + 2} 0 ${h + 2} 0 ${h - 6}ZM0 6C0 14 ${w} 14 ${w} 6`} />
    case 'queue':
      return <path className={styles.box} d={`M0 0H${w}V${h}H0ZM8 0V${h}M${w - 8} 0V${h}M${w - 14} 0V${h}`} />
    default:
      return <rect className={`${styles.box} ${styles.outside}`} width={w} height={h} rx="6" />
  }
}
