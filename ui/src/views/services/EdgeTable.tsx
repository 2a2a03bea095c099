import { useState } from 'react'
import { link } from '../../base/location'
import { formatDuration } from '../../base/time'
import { narrow } from '../../query/conditions'
import { writeDuration } from '../../query/quote'
import { formatCount } from '../../timeline/label'
import { findURL } from '../find/metrics/Table'
import type { Range } from '../find/range'
import type { Graph } from './graph'
import styles from './Services.module.css'
import { share } from './share'

const first = 100

/** The map in words: each call with its numbers, the most frequent first. */
export function EdgeTable({ graph, range }: { graph: Graph; range: Range }) {
  const [shown, setShown] = useState(first)
  const names = new Map(graph.nodes.map((n) => [n.id, n]))
  return (
    <>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col" className={styles.left}>
              To
            </th>
            <th scope="col">Calls</th>
            <th scope="col">Errors</th>
            <th scope="col">p95</th>
          </tr>
        </thead>
        <tbody>
          {graph.edges
            .toSorted((a, b) => b.calls - a.calls)
            .slice(0, shown)
            .map((e) => {
              const [from, to] = [names.get(e.from), names.get(e.to)]
              return (
                <tr key={e.from + e.to}>
                  <th scope="row">{from?.name}</th>
                  <th className={styles.left}>
                    {to?.name} {to?.detail && <span className="quiet">{to.detail}</span>}
                  </th>
                  <td>
                    <a {...link(findURL(e.query, range))}>{formatCount(e.calls)}</a>
                  </td>
                  <td>
                    {e.errors ? (
                      <a className="error" {...link(findURL(narrow(e.query, 'status = error'), range))}>
                        {share(e.errors, e.calls)}
                      </a>
                    ) : (
                      <span className="quiet">0 %</span>
                    )}
                  </td>
                  <td>{e.p95 === null ? '–' : <a {...link(findURL(narrow(e.query, `duration >= ${writeDuration(e.p95, 'down')}`), range))}>{formatDuration(e.p95)}</a>}</td>
                </tr>
              )
            })}
        </tbody>
      </table>
      {graph.edges.length > shown && (
        <button type="button" className="button" onClick={() => setShown(graph.edges.length)}>
          Show {formatCount(graph.edges.length - shown)} that are rarer
        </button>
      )}
    </>
  )
}
