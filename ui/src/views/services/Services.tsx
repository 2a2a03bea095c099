import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { Problem } from '../../base/api'
import { go, link, usePlace, withQuery } from '../../base/location'
import { Failure, Unreachable } from '../find/Failure'
import { readRange, rangeText, writeRange } from '../find/range'
import { RangePicker } from '../find/RangePicker'
import { useServices } from '../../query/offers'
import { findURL } from '../find/metrics/Table'
import { Partial } from '../find/Partial'
import { Waiting } from '../find/Waiting'
import { quote } from '../../query/quote'
import { useLines } from './ask'
import { Lines } from './Lines'
import { readSort } from './order'
import { readReach } from './part'
import styles from './Services.module.css'

const Map = lazy(() => import('./Map'))

/** Services are what has sent spans: a list with their numbers, a map of who calls whom, and the operations of one. */
export default function Services() {
  const { query } = usePlace()
  const key = query.toString()
  const range = useMemo(() => readRange(new URLSearchParams(key)), [key])
  const service = query.get('service')
  const map = service === null && query.get('view') === 'map'
  const client = useQueryClient()
  const { lines, totals, quantiles } = useLines(service, range)
  const known = useServices()
  const silent = service === null ? known.filter((k) => !lines.some((l) => l.key === k)) : []
  const partial = [...new Set([totals.data, quantiles.data].flatMap((d) => d?.partial ?? []))]
  const unreachable = totals.failureReason instanceof Problem && totals.failureReason.status === 0 && totals.fetchStatus !== 'idle'
  return (
    <div className={styles.services}>
      <div className={styles.head}>
        {service === null ? (
          <h1>Services</h1>
        ) : (
          <h1>
            <a {...link(withQuery({ service: null, filter: null, sort: null }))}>Services</a> <span className="quiet">▸</span> {service}
          </h1>
        )}
        {service !== null && <a {...link(withQuery({ service: null, view: 'map', around: service, filter: null, sort: null }))}>On the map</a>}
        {service === null && (
          <div className={styles.views} role="group" aria-label="View">
            <button type="button" className="button" aria-pressed={!map} onClick={() => go(withQuery({ view: null }))}>
              List
            </button>
            <button type="button" className="button" aria-pressed={map} onClick={() => go(withQuery({ view: 'map' }))}>
              Map
            </button>
          </div>
        )}
        <RangePicker range={range} onChange={(r) => go(withQuery(writeRange(r)))} />
        <button type="button" className="button" aria-busy={totals.isFetching} onClick={() => void client.invalidateQueries()}>
          Refresh
        </button>
      </div>
      {unreachable && <Unreachable attempts={totals.failureCount} />}
      {totals.isError && <Failure error={totals.error} onAgain={() => void totals.refetch()} />}
      {totals.isPending && !unreachable && !totals.isError && <Waiting what="Counting requests …" onCancel={() => void client.cancelQueries({ queryKey: ['metric'] })} />}
      <Partial why={partial} empty={!lines.length} />
      {map ? (
        <Suspense fallback={<Waiting what="Loading the map …" rows={0} />}>
          <Map range={range} lines={lines} centre={query.get('around') ?? ''} reach={readReach(query.get('steps'))} />
        </Suspense>
      ) : lines.length > 0 ? (
        <Lines
          lines={lines}
          service={service}
          range={range}
          filter={query.get('filter') ?? ''}
          sort={readSort(query.get('sort'))}
          to={(k) => (service === null ? withQuery({ service: k, filter: null, sort: null }) : null)}
        />
      ) : (
        totals.isSuccess &&
        !partial.length && (
          <p className={styles.note}>
            No request in {rangeText(range)}
            {service === null ? '' : ` to ${service}`}. What counts are spans of kind server and consumer.{' '}
            <a {...link(withQuery({ since: '168h', from: null, to: null }))}>Look at the last 7 days</a>
            {service !== null && (
              <>
                {' or at '}
                <a {...link(findURL(`{ resource.service.name = ${quote(service)} }`, range))}>all spans of {service}</a>
              </>
            )}
          </p>
        )
      )}
      {!map && silent.length > 0 && totals.isSuccess && (
        <p className="quiet">
          Without requests of their own:{' '}
          {silent.slice(0, 50).map((s, i) => (
            <span key={s}>
              {i > 0 && ', '}
              <a {...link(findURL(`{ resource.service.name = ${quote(s)} }`, range))}>{s}</a>
            </span>
          ))}
        </p>
      )}
    </div>
  )
}
