import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { getJSON } from '../../base/api'
import { go } from '../../base/location'
import { moment } from '../../base/time'
import { quote } from '../../query/quote'
import { useServices } from '../../query/offers'
import styles from './Compare.module.css'

const roots = '{ nestedSetParent < 0 }'

/** Deploy compares what was before a moment with what came after it, or one version with the others. */
export function Deploy() {
  const services = useServices()
  const [service, setService] = useState('')
  const [at, setAt] = useState(() => local(Date.now() - 30 * 60_000))
  const { data } = useQuery({
    queryKey: ['versions'],
    queryFn: ({ signal }) => getJSON<{ tagValues: { value: string }[] }>('/api/v2/search/tag/resource.service.version/values', signal),
  })
  const versions = [...new Set((data?.tagValues ?? []).map((v) => v.value))].slice(0, 30)
  const base = service ? `{ resource.service.name = ${quote(service)} && kind = server }` : roots
  const ms = Date.parse(at)
  const compare = () => {
    const [moments, now] = [BigInt(ms) * 1_000_000n, BigInt(Date.now()) * 1_000_000n]
    // As long before the moment as has passed since.
    const from = moment(String(2n * moments - now))
    go('/compare?' + new URLSearchParams({ base, set: '{ }', from: String(from), to: String(now), setfrom: String(moments), setto: String(now) }).toString())
  }
  return (
    <section>
      <h2>Before and after a deploy</h2>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          if (ms < Date.now()) compare()
        }}
      >
        <label>
          <span>Service</span>
          <select className="input" value={service} onChange={(e) => setService(e.target.value)}>
            <option value="">all requests</option>
            {services.map((s) => (
              <option key={s}>{s}</option>
            ))}
          </select>
        </label>
        <label>
          <span>Moment</span>
          <input className="input" type="datetime-local" step="1" value={at} onChange={(e) => setAt(e.target.value)} />
        </label>
        <button type="submit" className="button primary" disabled={!(ms < Date.now())}>
          Compare
        </button>
      </form>
      {versions.length > 1 && (
        <>
          <p className="quiet">Or a version with the others:</p>
          <ul className={styles.versions}>
            {versions.map((v) => (
              <li key={v}>
                <button type="button" className="button" onClick={() => go('/compare?' + new URLSearchParams({ base, set: `{ resource.service.version = ${quote(v)} }` }).toString())}>
                  {v}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

/** A moment as an input of local time has it. */
function local(ms: number): string {
  const d = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000)
  return d.toISOString().slice(0, 19)
}
