import { useMemo } from 'react'
import type { LogRecord } from '../../base/api'
import { useMode } from '../../base/theme'
import { errorLogMark, eventMark, exceptionMark, isErrorLog, logMark, type Mark, marksOf, offsetIn } from '../../timeline/marks'
import type { Model } from '../../timeline/model'
import { paletteOf } from '../../timeline/palette'
import { runsOf } from '../../timeline/runs'
import { byNode } from '../../timeline/stretches'
import type { Trace } from '../../trace/decode'
import { adjustClocks } from '../../trace/skew'
import { nodeOfKey, treeOf } from '../../trace/tree'

/** Works out, once each, what the views draw. */
export function useMakeModel(t: Trace, adjust: boolean, logs: LogRecord[] | undefined): Model {
  const mode = useMode()
  const tree = useMemo(() => treeOf(t), [t])
  const runs = useMemo(() => runsOf(t, tree), [t, tree])
  const adjusted = useMemo(() => (adjust ? adjustClocks(t) : null), [t, adjust])
  const shift = adjusted?.shift ?? null
  const path = useMemo(() => byNode(t.nodes, t.path, shift), [t, shift])
  const gaps = useMemo(() => byNode(t.nodes, t.gaps, shift), [t, shift])
  const marks = useMemo(() => marksOf(t.nodes, allMarks(t, shift, logs)), [t, shift, logs])
  const palette = useMemo(() => paletteOf(t.services, mode), [t, mode])
  return useMemo(
    () => ({ t, tree, runs, adjusted, begin: adjusted?.begin ?? t.begin, path, gaps, marks, palette }),
    [t, tree, runs, adjusted, path, gaps, marks, palette],
  )
}

function allMarks(t: Trace, shift: Float64Array | null, logs: LogRecord[] | undefined): Mark[] {
  const all: Mark[] = []
  for (let i = 0; i < t.eventNode.length; i++) {
    const node = t.eventNode[i] ?? 0
    all.push({ node, time: (t.eventTime[i] ?? 0) + (shift?.[node] ?? 0), kind: t.eventException[i] ? exceptionMark : eventMark })
  }
  const nodes = new Map<string, number>()
  for (const l of logs ?? []) {
    // What no span is named for belongs to the request.
    const id = l.spanId ?? ''
    let node = nodes.get(id)
    if (node === undefined) nodes.set(id, (node = id ? nodeOfKey(t, id) : t.root.node))
    if (node < 0) node = t.root.node
    all.push({ node, time: offsetIn(t.start, l.timeUnixNano) + (shift?.[node] ?? 0), kind: isErrorLog(l.severity) ? errorLogMark : logMark })
  }
  return all
}
