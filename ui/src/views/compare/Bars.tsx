import { useMemo, useState } from 'react'
import { link } from '../../base/location'
import { counted, conditionOf } from '../../query/derive'
import { narrow } from '../../query/conditions'
import { formatCount } from '../../timeline/label'
import type { Answer } from '../find/metrics/Metrics'
import { findURL } from '../find/metrics/Table'
import type { Range } from '../find/range'
import { type Contrast, contrasts, percent } from './contrast'
import styles from './Compare.module.css'

const first = 12
const most = 100 // of those that chance may explain

/** Bars has a pair of bars for each value of an attribute: its share of the selection, and of the others. */
export default function Bars({ answer, q, range }: { answer: Answer; q: string; range: Range }) {
  const all = useMemo(() => contrasts(answer), [answer])
  const [shown, setShown] = useState(first)
  const [opened, setOpened] = useState(false)
  const unsure = opened || !all.sure // whether those that chance may explain are shown
  const base = counted(q)?.base ?? null
  const top = all.rows[0]
  if (!all.selected) return <p className={styles.note}>The selection has no spans, so there is nothing to compare.</p>
  if (!all.others) return <p className={styles.note}>All spans are in the selection: there is nothing to compare them with.</p>
  if (!top) return <p className={styles.note}>No attribute sets these {formatCount(all.selected)} spans apart from the other {formatCount(all.others)}.</p>
  return (
    <section className={styles.bars} aria-label="What differs">
      <p className={styles.verdict}>
        {all.sure ? (
          <>
            <code>
              {top.attribute} = {top.value.value}
            </code>{' '}
            differs most: {percent(top.share)} of the selection, {percent(top.otherShare)} of the rest.
          </>
        ) : (
          'These spans are too few, or too much alike, to tell what sets them apart: chance may explain all of this.'
        )}
      </p>
      <p className={styles.key}>
        <i className={styles.selection} /> selection, {formatCount(all.selected)} spans <i className={styles.rest} /> the rest, {formatCount(all.others)}
      </p>
      {all.sure > 0 && <Pairs rows={all.rows.slice(0, Math.min(shown, all.sure))} base={base} range={range} />}
      {all.sure > shown && (
        <button type="button" className="button" onClick={() => setShown(all.sure)}>
          Show {all.sure - shown} that differ less
        </button>
      )}
      {unsure && (
        <>
          {all.sure > 0 && <p className="quiet">Chance may explain these:</p>}
          <Pairs rows={all.rows.slice(all.sure, all.sure + most)} base={base} range={range} />
        </>
      )}
      {all.sure > 0 && all.rows.length > all.sure && (
        <button type="button" className={styles.plain} aria-expanded={unsure} onClick={() => setOpened(!opened)}>
          {unsure ? 'Hide' : 'Show'} {Math.min(all.rows.length - all.sure, most)} that chance may explain
        </button>
      )}
    </section>
  )
}

function Pairs({ rows, base, range }: { rows: Contrast[]; base: string | null; range: Range }) {
  return (
    <ol>
      {rows.map((r) => (
        <li key={keyOf(r)}>
          <Named r={r} base={base} range={range} />
          <span className={styles.pair} role="img" aria-label={`${percent(r.share)} of the selection, ${percent(r.otherShare)} of the rest`}>
            <span className={styles.selection} style={{ width: `${r.share && Math.max(r.share * 100, 0.3)}%` }} />
            <span className={styles.rest} style={{ width: `${r.otherShare && Math.max(r.otherShare * 100, 0.3)}%` }} />
          </span>
          <span className={styles.shares}>
            <b>{percent(r.share)}</b>
            <span>{percent(r.otherShare)}</span>
          </span>
          {r.same.length > 0 && (
            <ul className={styles.same} aria-label="On as many spans">
              {r.same.map((o) => (
                <li key={keyOf(o)}>
                  <Named r={o} base={base} range={range} />
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ol>
  )
}

const keyOf = (r: Contrast): string => r.attribute + r.value.type + r.value.value

/** An attribute and its value, which leads to the spans that have it. */
function Named({ r, base, range }: { r: Contrast; base: string | null; range: Range }) {
  const condition = conditionOf(r.value)
  return (
    <>
      <span className={styles.attribute} title={r.attribute}>
        {r.attribute.replace(/^(span|resource)[.:]/, '')}
      </span>
      {base && condition ? (
        <a className={styles.value} title={r.value.value} {...link(findURL(narrow(base, condition), range))}>
          {r.value.value || '(empty)'}
        </a>
      ) : (
        <span className={styles.value}>{r.value.value || '(empty)'}</span>
      )}
    </>
  )
}
