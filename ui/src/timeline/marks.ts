import { moment, type Moment } from '../base/time'
import { lowerBound } from '../trace/search'

// Moments within spans: events, and log records that were written while they ran.

export const eventMark = 0
export const exceptionMark = 1
export const logMark = 2
export const errorLogMark = 3

export type Mark = { node: number; time: number; kind: number }
export type Marks = { first: Int32Array; time: Float64Array; kind: Uint8Array }

export function marksOf(nodes: number, all: Mark[]): Marks {
  const first = new Int32Array(nodes + 1)
  const sorted = all.filter((m) => m.node >= 0 && m.node < nodes).sort((a, b) => a.node - b.node || a.time - b.time)
  for (const m of sorted) first[m.node + 1]!++
  for (let i = 0; i < nodes; i++) first[i + 1]! += first[i] ?? 0
  return { first, time: Float64Array.from(sorted, (m) => m.time), kind: Uint8Array.from(sorted, (m) => m.kind) }
}

/** Whether a log record tells of an error, by the name of its severity. */
export const isErrorLog = (severity: string | undefined): boolean => /^(error|fatal)/i.test(severity ?? '')

export const offsetIn = (start: Moment, time: string): number => Number(moment(time) - start)

/** The first mark of a node that is not before a time. */
export const markFrom = (m: Marks, node: number, time: number): number =>
  lowerBound(m.time, time, m.first[node] ?? 0, m.first[node + 1] ?? 0)
