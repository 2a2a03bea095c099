import type { Answer } from '../find/metrics/Metrics'
import type { Range } from '../find/range'

export default function Bars(_props: { answer: Answer; q: string; range: Range }) {
  return null
}
