import type { Attr, QueryAnswer } from '../../base/api'

// What sets a selection of spans apart from the others, of the answer of compare().

export type Contrast = {
  attribute: string
  value: Attr
  selected: number // spans of the selection with this value
  others: number
  share: number // of the selection, 0 to 1
  otherShare: number
  same: Contrast[] // of other attributes, with the same counts
}
export type Contrasts = { rows: Contrast[]; selected: number; others: number }

const sum = (values: (number | null)[]): number => values.reduce<number>((n, v) => n + (typeof v === 'number' ? v : 0), 0)

/** Values of attributes, those first whose shares differ most; the rarer of two equals first. */
export function contrasts(answer: QueryAnswer): Contrasts {
  const rows = new Map<string, Contrast>()
  const size = { selection: 0, baseline: 0 }
  for (const s of answer.series ?? []) {
    const type = s.labels.find((l) => l.name === '__meta_type')?.value ?? ''
    const value = s.labels.find((l) => !l.name.startsWith('__'))
    if (!value) continue
    const n = sum(s.values)
    // Every span has a name, so that the greatest total is that of all spans.
    if (type === 'selection_total') size.selection = Math.max(size.selection, n)
    if (type === 'baseline_total') size.baseline = Math.max(size.baseline, n)
    if (type !== 'selection' && type !== 'baseline') continue
    const key = `${value.name}\n${value.type}\n${value.value}`
    let row = rows.get(key)
    if (!row) {
      row = { attribute: value.name, value, selected: 0, others: 0, share: 0, otherShare: 0, same: [] }
      rows.set(key, row)
    }
    if (type === 'selection') row.selected += n
    else row.others += n
  }
  const all = [...rows.values()]
  for (const r of all) {
    r.share = size.selection ? r.selected / size.selection : 0
    r.otherShare = size.baseline ? r.others / size.baseline : 0
  }
  const apart = (r: Contrast) => Math.abs(r.share - r.otherShare)
  return {
    rows: fold(all.filter((r) => apart(r) >= 0.01).toSorted((a, b) => apart(b) - apart(a) || a.others - b.others || plain(b) - plain(a) || (a.attribute < b.attribute ? -1 : 1))),
    selected: size.selection,
    others: size.baseline,
  }
}

/**
 * Puts values of different attributes that are on as many spans below the first of them: a
 * route, a path and a name mostly say the same. Two values of one attribute never do.
 */
function fold(sorted: Contrast[]): Contrast[] {
  const heads = new Map<string, Contrast[]>()
  for (const r of sorted) {
    const key = `${r.selected} ${r.others}`
    const alike = heads.get(key) ?? []
    heads.set(key, alike)
    const head = alike.find((h) => [h, ...h.same].every((o) => o.attribute !== r.attribute))
    if (head) head.same.push(r)
    else alike.push(r)
  }
  return [...heads.values()].flat().toSorted((a, b) => sorted.indexOf(a) - sorted.indexOf(b))
}

/** Of attributes that say the same, the name of the span is understood first. */
const plain = (r: Contrast): number => (r.attribute.startsWith('span:') ? 1 : 0)

export const percent = (share: number): string => {
  const p = share * 100
  return p === 0 ? '0 %' : p < 0.1 ? '< 0.1 %' : p >= 99.95 ? '100 %' : `${p >= 10 ? p.toFixed(0) : p.toFixed(1)} %`
}
