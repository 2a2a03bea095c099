import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { getJSON } from '../../base/api'
import { go, withQuery } from '../../base/location'
import { wrongPlace } from '../../query/problem'
import { QueryBox } from '../../query/QueryBox'
import { formatCount } from '../../timeline/label'
import { queryURL } from '../find/ask'
import { bytes } from '../find/Cost'
import { Failure } from '../find/Failure'
import type { Answer } from '../find/metrics/Metrics'
import { type Range, rangeParams, writeRange } from '../find/range'
import { RangePicker } from '../find/RangePicker'
import { Partial } from '../find/Partial'
import { Waiting } from '../find/Waiting'
import Bars from './Bars'
import styles from './Compare.module.css'
import { Means } from './Means'
import { compareQuery } from './question'

type Props = { base: string; set: string; range: Range; from: string | null; to: string | null }

/** Sets compares the spans of a query that meet a condition with those that don't. */
export function Sets({ base, set, range, from, to }: Props) {
  const [draft, setDraft] = useState({ base, set })
  const [was, setWas] = useState(base + '\n' + set)
  if (was !== base + '\n' + set) {
    setWas(base + '\n' + set)
    setDraft({ base, set })
  }
  const q = compareQuery(base, set, from, to)
  const ask = useQuery({
    queryKey: ['compare', q, rangeParams(range)],
    queryFn: ({ signal }) => getJSON<Answer>(queryURL(q, { ...rangeParams(range), step: '0s' }), signal),
    placeholderData: keepPreviousData,
    enabled: set !== '',
  })
  const wrong = useMemo(() => wrongPlace(q, ask.error), [q, ask.error])
  const run = (change: Partial<typeof draft> = {}) => {
    const d = { ...draft, ...change }
    if (d.base.trim() === base && d.set.trim() === set) void ask.refetch()
    else go(withQuery({ base: d.base.trim(), set: d.set.trim(), setfrom: null, setto: null }))
  }
  return (
    <>
      <form
        className={styles.sets}
        onSubmit={(e) => {
          e.preventDefault()
          run()
        }}
      >
        <div className={styles.box}>
          <span aria-hidden="true">Of the spans</span>
          <QueryBox label="Of the spans" value={draft.base} wrong={null} onChange={(text) => setDraft({ ...draft, base: text })} onRun={(text) => run({ base: text })} />
        </div>
        <div className={styles.box}>
          <span aria-hidden="true">compare those</span>
          <QueryBox label="Compare those" value={draft.set} wrong={null} onChange={(text) => setDraft({ ...draft, set: text })} onRun={(text) => run({ set: text })} />
        </div>
        <div className={styles.row}>
          <span className="quiet">with the rest.</span>
          <RangePicker range={range} onChange={(r) => go(withQuery(writeRange(r)))} />
          <button type="submit" className="button primary" aria-busy={ask.isFetching}>
            Compare
          </button>
        </div>
      </form>
      {from && to && (
        <p className="quiet">
          Only spans that start within the box are in the selection.{' '}
          <button type="button" className={styles.plain} onClick={() => go(withQuery({ setfrom: null, setto: null }))}>
            Take those of the whole time
          </button>
        </p>
      )}
      {set === '' && <p className={styles.note}>Say which spans to compare, like {'{ status = error }'} or {'{ duration > 1s }'}.</p>}
      {ask.isError && (
        <>
          {wrong && <pre className={styles.note}>{q}</pre>}
          <Failure error={ask.error} onAgain={() => void ask.refetch()} />
        </>
      )}
      {ask.isPending && set !== '' && !ask.isError && <Waiting what="Counting attributes …" />}
      {ask.data && !ask.isError && (
        <div data-old={ask.isPlaceholderData ? '' : undefined} className={styles.result}>
          <Partial why={ask.data.partial ?? []} empty={!ask.data.series?.length} />
          {(ask.data.series?.length || !ask.data.partial?.length) && (
            <>
              <Bars answer={ask.data} q={q} range={range} />
              <Means base={base} set={set} range={range} from={from} to={to} />
            </>
          )}
          <p className="quiet">
            {formatCount(ask.data.scanned.spans)} spans examined{ask.data.scanned.bytes ? ` · ${bytes(ask.data.scanned.bytes)}` : ''}
          </p>
        </div>
      )}
    </>
  )
}
