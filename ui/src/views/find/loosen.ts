import { conditions, filter } from '../../query/conditions'

/** Queries that ask for less than this one: without each of its conditions in turn. */
export function looser(text: string): { without: string; query: string }[] {
  const all = conditions(text)
  if (all) return all.map((c, i) => ({ without: c, query: filter(all.filter((_, k) => k !== i)) }))
  const cut = text.lastIndexOf('|')
  const before = cut > 0 && text[cut - 1] !== '|' ? text.slice(0, cut).trim() : ''
  return before ? [{ without: '| ' + text.slice(cut + 1).trim(), query: before }] : []
}
