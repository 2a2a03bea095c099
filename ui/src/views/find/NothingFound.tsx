import { useQueries } from '@tanstack/react-query'
import { getJSON, type QueryAnswer, type TraceSummary } from '../../base/api'
import { link } from '../../base/location'
import { useSettings } from '../../base/theme'
import { formatMoment, moment } from '../../base/time'
import { formatCount } from '../../timeline/label'
import { type Found, queryURL } from './ask'
import { looser } from './loosen'
import { type Range, rangeParams, rangeText, wider } from './range'
import styles from './NothingFound.module.css'

type Props = { q: string; range: Range; newest: TraceSummary; cost: Found; onRun: (q: string, r?: Range) => void }
type Way = { key: string; say: string; code?: string; q: string; range: Range }

/** What was searched, and what to loosen; of each way it says whether it finds something. */
export function NothingFound({ q, range, newest, cost, onRun }: Props) {
  const { zone } = useSettings()
  const ways: Way[] = []
  const next = wider(range)
  if (next) ways.push({ key: 'wider', say: `Search ${rangeText(next)}`, q, range: next })
  if (next?.since !== '168h') ways.push({ key: 'week', say: 'Search the last 7 days', q, range: { since: '168h' } })
  for (const l of looser(q).slice(0, 6)) ways.push({ key: l.query + l.without, say: 'Without', code: l.without, q: l.query, range })
  if (looser(q).length > 1) ways.push({ key: 'all', say: 'Without any condition', q: '{ }', range })
  const tried = useQueries({
    queries: ways.map((w) => ({
      queryKey: ['loosen', w.q, rangeParams(w.range)],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const a = await getJSON<QueryAnswer>(queryURL(w.q, { ...rangeParams(w.range), limit: '100', spans: '1' }), signal)
        return { n: a.traces?.length ?? 0, more: Boolean(a.next) }
      },
      retry: false,
    })),
  })
  return (
    <section className={styles.nothing} role="status">
      <h2>No trace found</h2>
      <p>
        Searched {rangeText(range)}, {formatCount(cost.cost.spans)} spans, for <code>{q}</code>.
      </p>
      {ways.length > 0 && (
        <ul>
          {ways.map((w, i) => {
            const got = tried[i]?.data
            return (
              <li key={w.key}>
                <button type="button" className="button" disabled={got?.n === 0} onClick={() => onRun(w.q, w.range)}>
                  {w.say} {w.code && <code>{w.code}</code>}
                </button>{' '}
                <span className="quiet">{got ? (got.n ? `${got.n}${got.more ? '+' : ''} traces` : 'nothing either') : ''}</span>
              </li>
            )
          })}
        </ul>
      )}
      <p className="quiet">
        The newest trace here is{' '}
        <a {...link('/trace/' + newest.traceId)}>
          {newest.name} of {newest.service}
        </a>
        , {formatMoment(moment(newest.startUnixNano), zone, 0)}.
      </p>
    </section>
  )
}
