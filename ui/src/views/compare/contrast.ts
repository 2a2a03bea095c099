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
export type Contrasts = {
  rows: Contrast[]
  sure: number // how many, the first, differ by more than chance explains
  selected: number
  others: number
}

const sum = (values: (number | null)[]): number => values.reduce<number>((n, v) => n + (typeof v === 'number' ? v : 0), 0)

/**
 * Values of attributes, those first whose shares differ most, and of these first by how
 * much they differ for sure. The rarer of two equals comes first.
 */
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
  const sure = (r: Contrast) => atLeast(r.selected, size.selection, r.others, size.baseline)
  const sorted = fold(
    all
      .filter((r) => apart(r) >= 0.01)
      .toSorted((a, b) => sure(b) - sure(a) || apart(b) - apart(a) || a.others - b.others || plain(b) - plain(a) || (a.attribute < b.attribute ? -1 : 1)),
  )
  return {
    rows: sorted,
    sure: sorted.filter((r) => sure(r) > 0).length,
    selected: size.selection,
    others: size.baseline,
  }
}

/**
 * By how much the shares a/n and b/m differ at least, 0 if by nothing for sure: the end next
 * to zero of their difference's interval of 99.9 %, as Agresti and Caffo have it (The American
 * Statistician 54, 2000), which holds for a handful of spans as well.
 */
export function atLeast(a: number, n: number, b: number, m: number): number {
  const [p, q] = [(a + 1) / (n + 2), (b + 1) / (m + 2)]
  return Math.max(0, Math.abs(p - q) - 3.29 * Math.sqrt((p * (1 - p)) / (n + 2) + (q * (1 - q)) / (m + 2)))
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
