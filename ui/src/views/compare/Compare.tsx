import { useMemo, useState } from 'react'
import { go, usePlace } from '../../base/location'
import { readRange } from '../find/range'
import { findTraceId } from '../paste'
import styles from './Compare.module.css'
import { Deploy } from './Deploy'
import { Partner } from './Partner'
import { Sets } from './Sets'
import { Traces } from './Traces'

/** Compare says what differs: between two traces, or between spans and the rest. */
export default function Compare() {
  const { query } = usePlace()
  const key = query.toString()
  const range = useMemo(() => readRange(new URLSearchParams(key)), [key])
  const [a, b] = [query.get('a'), query.get('b')]
  const sets = query.has('base') || query.has('set')
  return (
    <div className={styles.compare}>
      <h1>Compare</h1>
      {sets ? (
        <Sets base={query.get('base') ?? '{ }'} set={query.get('set') ?? ''} range={range} from={query.get('setfrom')} to={query.get('setto')} />
      ) : a && b ? (
        <Traces a={a} b={b} />
      ) : (
        <Choice a={a ?? ''} b={b ?? ''} />
      )}
    </div>
  )
}

/** Choice asks what to compare. */
function Choice({ a, b }: { a: string; b: string }) {
  const [ids, setIds] = useState({ a, b })
  const found = { a: findTraceId(ids.a), b: findTraceId(ids.b) }
  const examples: [string, string, string][] = [
    ['Requests with errors', '{ nestedSetParent < 0 }', '{ status = error }'],
    ['Requests slower than 1 s', '{ nestedSetParent < 0 }', '{ trace:duration > 1s }'],
    ['Database calls slower than 100 ms', '{ span.db.system.name != nil }', '{ duration > 100ms }'],
  ]
  return (
    <div className={styles.choice}>
      {found.a && !found.b && <Partner id={found.a} />}
      <section>
        <h2>Two traces</h2>
        <p className="quiet">Paste an id, a traceparent, an address or a log line; or tick two traces in Find.</p>
        <form
          onSubmit={(e) => {
            e.preventDefault()
            if (found.a && found.b) go(`/compare?a=${found.a}&b=${found.b}`)
          }}
        >
          {(['a', 'b'] as const).map((side) => (
            <label key={side}>
              <span>Trace {side.toUpperCase()}</span>
              <input
                className="input"
                value={ids[side]}
                spellCheck={false}
                autoComplete="off"
                aria-invalid={ids[side] !== '' && !found[side]}
                onChange={(e) => setIds({ ...ids, [side]: e.target.value })}
              />
            </label>
          ))}
          <button type="submit" className="button primary" disabled={!found.a || !found.b}>
            Compare
          </button>
        </form>
      </section>
      <section>
        <h2>Some spans with the rest</h2>
        <p className="quiet">Which attributes set them apart. A box in Find’s picture does this as well.</p>
        <ul>
          {examples.map(([name, base, set]) => (
            <li key={name}>
              <button type="button" className="button" onClick={() => go('/compare?' + new URLSearchParams({ base, set }).toString())}>
                {name}
              </button>
            </li>
          ))}
        </ul>
      </section>
      <Deploy />
    </div>
  )
}
