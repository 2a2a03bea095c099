/** The query that compares: of the base, what meets the set; of a time, if it has one. */
export function compareQuery(base: string, set: string, from: string | null, to: string | null): string {
  const filter = set.trim().startsWith('{') ? set.trim() : `{ ${set.trim()} }`
  const time = from && to && /^\d+$/.test(from + to) ? `, 10, ${from}, ${to}` : ''
  return `${base.trim() || '{ }'} | compare(${filter}${time})`
}
