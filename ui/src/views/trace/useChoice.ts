import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { type Choice, reveal } from '../../timeline/rows'
import type { Runs } from '../../timeline/runs'
import type { Trace } from '../../trace/decode'
import { keyOf, nodeOfKey, type Tree } from '../../trace/tree'
import { change, type TraceState } from './state'

type Folds = { t: Trace; collapsed: ReadonlySet<number>; opened: ReadonlySet<number> }

const most = 40 // folds that an address holds: more make it too long to send

/**
 * What a person chose to see. What is folded is kept here and written to the address, the
 * rest is in the address alone. When more spans arrive, nodes get other numbers, and what
 * was folded is found again by ids.
 */
export function useChoice(t: Trace, tree: Tree, runs: Runs, s: TraceState) {
  const [kept, setKept] = useState<Folds>(() => ({ t, collapsed: nodes(t, s.folded), opened: nodes(t, s.unrolled) }))
  const folds = useMemo<Folds>(() => (kept.t === t ? kept : { t, collapsed: moved(kept.collapsed, kept.t, t), opened: moved(kept.opened, kept.t, t) }), [kept, t])
  const hide = s.hide.join(',')
  const hidden = useMemo(() => {
    const names = new Set(s.hide)
    return new Set(t.services.flatMap((name, i) => (names.has(name) ? [i] : [])))
    // The list is a new one with each address.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [t, hide])
  const focus = useMemo(() => (s.focus ? nodeOfKey(t, s.focus) : -1), [t, s.focus])
  const choice = useMemo<Choice>(
    () => ({ collapsed: folds.collapsed, opened: folds.opened, focus, hidden, criticalOnly: s.critical }),
    [folds, focus, hidden, s.critical],
  )
  const now = useRef(choice)
  now.current = choice

  useEffect(() => {
    const keys = (set: ReadonlySet<number>) => (set.size > most ? [] : [...set].map((n) => keyOf(folds.t, n)).toSorted())
    change({ folded: keys(folds.collapsed), unrolled: keys(folds.opened) }, true)
  }, [folds])

  const fold = useCallback((node: number, run: boolean, expand: boolean) => {
    setKept((k) => {
      const { collapsed, opened } = k.t === t ? k : now.current
      const set = new Set(run ? opened : collapsed)
      if (run === expand) set.add(node)
      else set.delete(node)
      return run ? { t, collapsed, opened: set } : { t, collapsed: set, opened }
    })
  }, [t])

  /** Opens what is needed so that a node is drawn. */
  const show = useCallback(
    (node: number) => {
      const c = now.current
      const next = reveal(t, tree, runs, c, node)
      if (next.collapsed.size !== c.collapsed.size || next.opened.size !== c.opened.size) setKept({ t, collapsed: next.collapsed, opened: next.opened })
      const address: Partial<TraceState> = {}
      if (next.focus !== c.focus) address.focus = ''
      if (next.criticalOnly !== c.criticalOnly) address.critical = false
      if (next.hidden.size !== c.hidden.size) address.hide = [...next.hidden].map((i) => t.services[i] ?? '')
      if (Object.keys(address).length) change(address, true)
    },
    [t, tree, runs],
  )
  return { choice, fold, show }
}

const nodes = (t: Trace, keys: string[]) => new Set(keys.map((k) => nodeOfKey(t, k)).filter((n) => n >= 0))
const moved = (set: ReadonlySet<number>, from: Trace, to: Trace) => nodes(to, [...set].map((n) => keyOf(from, n)))
