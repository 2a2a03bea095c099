import { useQuery } from '@tanstack/react-query'
import { getJSON, type QueryAnswer, type SpanLink } from '../../base/api'
import { link } from '../../base/location'
import { shared } from '../../base/shared'
import { formatDuration, type Moment } from '../../base/time'
import { Attributes } from './Attributes'
import { Part } from './Panel'
import styles from './Panel.module.css'

/** The spans that a span links to. */
export function Links({ links }: { links: SpanLink[] }) {
  return links.map((l, i) => (
    <div key={i} className={styles.event}>
      <p>
        <a className="mono" {...link(`/trace/${l.traceId}?span=${l.spanId}`)}>
          {l.traceId.slice(0, 8)}… ▸ {l.spanId}
        </a>
      </p>
      <Attributes scope="link" all={l.attributes} />
    </div>
  ))
}

const hour = 3600n
const week = 7n * 24n * hour

/** The spans that link to a span, from an hour before its trace to a week behind it. */
export function Incoming({ trace, span, since }: { trace: string; span: string; since: Moment }) {
  const start = since / 1_000_000_000n
  const now = BigInt(Math.ceil(Date.now() / 1000))
  const to = start + week < now ? start + week : now + 60n
  const { data } = useQuery({
    queryKey: ['incoming', trace, span],
    queryFn: ({ signal }) => {
      const q = `{ link:spanID = "${span}" && link:traceID = "${trace}" }`
      return getJSON<QueryAnswer>(`/api/v1/query?q=${encodeURIComponent(q)}&from=${start - hour}&to=${to}&limit=20`, signal)
    },
    staleTime: 60_000,
    enabled: !shared,
  })
  const found = data?.traces ?? []
  return (
    <Part name="Linked from" count={found.length} hideEmpty>
      {found.map((f) => (
        <p key={f.traceId}>
          <a {...link(`/trace/${f.traceId}?span=${f.spanSets?.[0]?.spans[0]?.spanId ?? ''}`)}>
            {f.spanSets?.[0]?.spans[0]?.name ?? f.name} · {f.service}
          </a>{' '}
          <span className="quiet">{formatDuration(f.durationNano)}</span>
        </p>
      ))}
    </Part>
  )
}
