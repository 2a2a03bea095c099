import { lazy, Suspense } from 'react'
import type { QueryAnswer } from '../../../base/api'
import type { Range } from '../range'
import { Chart } from './Chart'
import { Histogram } from './Histogram'
import styles from './Metrics.module.css'
import { Table } from './Table'

const Bars = lazy(() => import('../../compare/Bars'))
export type Answer = QueryAnswer & { bucketUnit?: string }
type Props = { answer: Answer; q: string; range: Range; onRange: (r: Range) => void }

/** Metrics draws series: lines, a heat map of a histogram, a comparison, or a table of single values. */
export default function Metrics({ answer, q, range, onRange }: Props) {
  const series = answer.series ?? []
  if (!series.length) return <p className={styles.none}>No span matches, so there is nothing to count.</p>
  const labels = series[0]?.labels.map((l) => l.name) ?? []
  if (labels.includes('__meta_type')) {
    return (
      <Suspense fallback={null}>
        <Bars answer={answer} q={q} range={range} />
      </Suspense>
    )
  }
  if ((answer.times?.length ?? 0) < 2) return <Table answer={answer} q={q} range={range} />
  if (labels.length === 1 && labels[0] === '__bucket') return <Histogram answer={answer} q={q} />
  return <Chart answer={answer} q={q} range={range} onRange={onRange} />
}
