import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Minimap } from '../../timeline/Minimap'
import { ModelProvider } from '../../timeline/model'
import { rowOf, rowsOf, runRow, spanRow } from '../../timeline/rows'
import { Waterfall } from '../../timeline/Waterfall'
import { isError, nameOf, type Trace } from '../../trace/decode'
import { nextOf, searchTrace } from '../../trace/search'
import { extentOf } from '../../trace/skew'
import { keyOf, nodeOfKey } from '../../trace/tree'
import { Crossed } from './Crossed'
import { FlameView } from './FlameView'
import { Keys } from './Keys'
import { Operations } from './Operations'
import { Panel } from './Panel'
import { change, useTraceState } from './state'
import { Toolbar } from './Toolbar'
import { Top } from './Top'
import styles from './TraceView.module.css'
import { useChoice } from './useChoice'
import { useKeys } from './useKeys'
import { useMakeModel } from './useModel'
import { useLogs } from './useTrace'
import { useWindow } from './useWindow'

const noLogs: never[] = []

/** A trace that is here: its answer, its picture, and the keys that lead through it. */
export function Loaded({ t, arriving, lost }: { t: Trace; arriving: boolean; lost: boolean }) {
  const s = useTraceState()
  const logAnswer = useLogs(t.id, arriving).data
  const logs = logAnswer?.logs ?? noLogs
  const model = useMakeModel(t, s.adjust, logs)
  const { tree, runs } = model
  const { choice, fold, show } = useChoice(t, tree, runs, s)
  const rows = useMemo(() => rowsOf(t, tree, runs, choice), [t, tree, runs, choice])
  const home = useMemo<[number, number]>(() => (model.adjusted ? extentOf(model.begin, t.length) : [0, t.duration]), [model, t])
  const part = useWindow(t.duration, home, s)
  const [at, setAt] = useState({ key: '', run: false }) // where the arrows are
  const [help, setHelp] = useState(false)
  const box = useRef<HTMLInputElement>(null)

  const open = useMemo(() => (s.span ? nodeOfKey(t, s.span) : -1), [t, s.span])
  const node = useMemo(() => (at.key ? nodeOfKey(t, at.key) : -1), [t, at.key])
  const current = node >= 0 ? rowOf(rows, node, at.run ? runRow : spanRow) : -1

  // An address that names a span leads to it, whatever was folded.
  useEffect(() => {
    if (open < 0) return
    setAt({ key: s.span, run: false })
    show(open)
  }, [open, s.span, show])

  const matches = useMemo(() => searchTrace(t, s.q), [t, s.q])
  const marked = useMemo(() => {
    if (!matches.length) return null
    const m = new Uint8Array(t.nodes)
    for (const n of matches) m[n] = 1
    return m
  }, [t, matches])

  const setCurrent = useCallback(
    (row: number) => {
      const n = rows.node[row]
      if (n === undefined) return
      const run = rows.kind[row] === runRow
      const key = keyOf(t, n)
      setAt({ key, run })
      if (s.span && !run) change({ span: key }, true) // the panel follows
    },
    [t, rows, s.span],
  )
  const isExpanded = useCallback(
    (row: number) => {
      const n = rows.node[row] ?? -1
      return rows.kind[row] === runRow ? choice.opened.has(n) : !choice.collapsed.has(n) && (t.children[n] ?? 0) > 0
    },
    [t, rows, choice],
  )
  const expand = useCallback(
    (row: number, to: boolean) => {
      const n = rows.node[row]
      if (n !== undefined) fold(n, rows.kind[row] === runRow, to)
    },
    [rows, fold],
  )
  const openRow = useCallback(
    (row: number) => {
      const n = rows.node[row]
      if (n === undefined) return
      const run = rows.kind[row] === runRow
      setAt({ key: keyOf(t, n), run })
      if (run) fold(n, true, !choice.opened.has(n))
      else change({ span: keyOf(t, n) })
    },
    [t, rows, fold, choice],
  )

  /** Goes to a node wherever it is: opens it in the waterfall, in the panel, and in the window. */
  function goTo(n: number, replace = false) {
    if (n < 0 || n >= t.nodes) return
    const begin = model.begin[n] ?? 0
    show(n)
    setAt({ key: keyOf(t, n), run: false })
    const out = begin > part.to || begin + (t.length[n] ?? 0) < part.from
    change({ span: keyOf(t, n), view: 'waterfall', ...(out ? { from: null, to: null } : {}) }, replace)
  }
  const find = (back: boolean) => {
    const n = nextOf(matches, node, back)
    if (n < 0) return
    show(n)
    setAt({ key: keyOf(t, n), run: false })
    if (s.span) change({ span: keyOf(t, n) }, true)
  }
  const nextError = () => {
    for (let k = 1; k <= t.nodes; k++) {
      const n = (Math.max(node, -1) + k) % t.nodes
      if (isError(t, n)) return goTo(n)
    }
  }
  const focusOn = (n: number) => change({ focus: n < 0 || s.focus === keyOf(t, n) ? '' : keyOf(t, n) })
  const middle = node >= 0 ? (model.begin[node] ?? 0) + (t.length[node] ?? 0) / 2 : -1
  const tree_ = () => document.getElementById('waterfall')
  const step = (by: number) => () => {
    setCurrent(Math.min(Math.max(current + by, 0), rows.count - 1))
    tree_()?.focus()
  }
  useKeys({
    f: () => focusOn(node),
    e: nextError,
    b: () => t.verdict && goTo(t.verdict.node),
    c: () => change({ critical: !s.critical }),
    '/': () => {
      box.current?.focus()
      box.current?.select()
    },
    n: () => find(false),
    N: () => find(true),
    '[': () => history.back(),
    ']': () => history.forward(),
    '+': () => part.zoom(0.5, middle),
    '=': () => part.zoom(0.5, middle),
    '-': () => part.zoom(2, middle),
    '0': part.all,
    '?': () => setHelp(true),
    ArrowDown: step(1),
    ArrowUp: step(-1),
    Escape: () => {
      if (s.span) change({ span: '' })
      else if (s.focus) change({ focus: '' })
      tree_()?.focus()
    },
  })

  // Keys work at once.
  useEffect(() => {
    if (document.activeElement === document.body) tree_()?.focus({ preventScroll: true })
  }, [])

  const place = node >= 0 && marked?.[node] ? matches.indexOf(node) + 1 : 0
  return (
    <ModelProvider value={model}>
      <div className={styles.view}>
        <Top t={t} logs={logAnswer} arriving={arriving} goTo={goTo} />
        {lost && (
          <p className={styles.lost} role="status">
            The server does not answer at the moment; this is what it said before.
          </p>
        )}
        <Toolbar
          s={s}
          zoomed={part.zoomed && s.view === 'waterfall'}
          showAll={part.all}
          search={{ box, matches: matches.length, place, next: find }}
          keys={() => setHelp(true)}
        />
        <div className={styles.main}>
          <div className={styles.part}>
            {s.view === 'waterfall' && (
              <>
                <Minimap from={part.from} to={part.to} onZoom={part.set} />
                {choice.focus >= 0 && (
                  <p className={styles.bar}>
                    <span>
                      Only <b>{nameOf(t, choice.focus)}</b> and what is below
                    </span>
                    <button type="button" className={styles.plain} onClick={() => change({ focus: '' })}>
                      Show all
                    </button>
                  </p>
                )}
                {rows.count === 0 && <p className={styles.nothing}>Nothing is left to show: all services are hidden, or no span is on the critical path.</p>}
                <Waterfall
                  rows={rows}
                  from={part.from}
                  to={part.to}
                  onZoom={part.set}
                  current={current}
                  onCurrent={setCurrent}
                  onOpen={openRow}
                  openNode={open}
                  onExpand={expand}
                  isExpanded={isExpanded}
                  matches={marked}
                />
              </>
            )}
            {s.view === 'flame' && <FlameView by={s.by} open={open} matches={marked} onOpen={(n) => change({ span: keyOf(t, n) })} />}
            {s.view === 'operations' && <Operations by={s.by} />}
            {s.view === 'services' && <Crossed />}
          </div>
          {open >= 0 && <Panel key={s.span} node={open} logs={logs} close={() => change({ span: '' })} focus={() => focusOn(open)} />}
        </div>
      </div>
      {help && <Keys close={() => setHelp(false)} />}
    </ModelProvider>
  )
}
