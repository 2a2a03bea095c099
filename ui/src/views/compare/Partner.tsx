import { useQuery } from '@tanstack/react-query'
import { getJSON, type QueryAnswer } from '../../base/api'
import { link } from '../../base/location'
import { useSettings } from '../../base/theme'
import { formatDuration, formatMoment, moment } from '../../base/time'
import { plural } from '../../timeline/label'
import { quote } from '../../query/quote'
import { queryURL } from '../find/ask'
import { sorted } from '../find/order'
import styles from './Compare.module.css'

/** Partner offers traces that begin like a given one, to compare it with: the fastest first. */
export function Partner({ id }: { id: string }) {
  const { zone } = useSettings()
  const ask = useQuery({
    queryKey: ['partner', id],
    queryFn: async ({ signal }) => {
      const ids = `{ trace:id = ${quote(id.padStart(32, '0'))} }`
      const one = (await getJSON<QueryAnswer>(queryURL(ids, { from: '0', limit: '1', spans: '1' }), signal)).traces?.[0]
      if (!one) return null
      const q = `{ trace:rootName = ${quote(one.name)} && trace:rootService = ${quote(one.service)} }`
      const found = await getJSON<QueryAnswer>(queryURL(q, { from: '0', limit: '50', spans: '1' }), signal)
      return { one, others: sorted(found.traces ?? [], 'duration').toReversed().filter((t) => t.traceId !== one.traceId) }
    },
  })
  if (!ask.data?.others.length) return null
  const { one, others } = ask.data
  return (
    <section>
      <h2>
        {one.name} of {one.service}, {formatDuration(one.durationNano)}, with
      </h2>
      <ul className={styles.partners}>
        {others.slice(0, 20).map((t) => (
          <li key={t.traceId}>
            <a {...link(`/compare?a=${t.traceId}&b=${one.traceId}`)}>
              <b className="mono">{formatDuration(t.durationNano)}</b>
            </a>
            <span className="quiet">
              {plural(t.spanCount, 'span')} · {formatMoment(moment(t.startUnixNano), zone)}
            </span>
            {t.errorCount > 0 && <span className="error">{plural(t.errorCount, 'error')}</span>}
          </li>
        ))}
      </ul>
    </section>
  )
}
