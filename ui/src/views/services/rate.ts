import { formatValue } from '../find/metrics/values'

const units: [seconds: number, name: string][] = [[1, 's'], [60, 'min'], [3600, 'h']]

/**
 * Writes rates, given by second, in the one unit in which the largest of them is at least
 * 1: 0.317/s beside 1.28/s, but 20/h rather than 0.00556/s.
 */
export function rates(all: number[]): (perSecond: number) => string {
  const most = all.reduce((a, b) => Math.max(a, b), 0)
  const [seconds, name] = units.find(([s]) => most * s >= 1) ?? units[most > 0 ? units.length - 1 : 0]!
  return (perSecond) => `${formatValue(perSecond * seconds, '')}/${name}`
}
