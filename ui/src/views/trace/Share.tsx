import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { getJSON, type LogRecord } from '../../base/api'
import { permalink } from '../../base/location'
import { plural } from '../../timeline/label'
import type { Trace } from '../../trace/decode'
import { Copy } from './Copy'
import styles from './Share.module.css'
import top from './Top.module.css'
import { useLogs } from './useTrace'

type Named = { name: string; count: number; example: string }

/** Share gives a trace to somebody else: its address, one file that opens offline, or JSON. */
export function Share({ t }: { t: Trace }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" className={top.action} onClick={() => setOpen(true)}>
        Share
      </button>
      {open && <Dialog t={t} close={() => setOpen(false)} />}
    </>
  )
}

function Dialog({ t, close }: { t: Trace; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [without, setWithout] = useState<string[]>([])
  const [logs, setLogs] = useState(true)
  const [find, setFind] = useState('')
  useEffect(() => dialog.current?.showModal(), [])
  const { data, error } = useQuery({
    queryKey: ['trace', t.id, 'attributes'],
    queryFn: async ({ signal }) => (await getJSON<{ attributes: Named[] }>(`/api/v1/traces/${t.id}/attributes`, signal)).attributes,
  })
  const logged = useLogs(t.id, false).data?.logs ?? []
  const shown = [...(data ?? []), ...namesOf(logged)].filter((a) => a.name.toLowerCase().includes(find.toLowerCase()))
  const query = new URLSearchParams(without.map((name) => ['without', name]))
  if (!logs) query.set('logs', '0')
  const text = query.toString()
  return (
    <dialog ref={dialog} className={styles.dialog} onClose={close} onClick={(e) => e.target === e.currentTarget && close()} aria-labelledby="share-title">
      <h2 id="share-title">Share this trace</h2>
      <p className={styles.ways}>
        <Copy className="button" text={permalink} label="Copy link" /> <span className="quiet">to this view, for those who reach this server</span>
      </p>
      <h3>One file that opens offline</h3>
      <p className="quiet">
        The whole trace view in one HTML file, with {plural(t.spanCount, 'span')}. Names of spans and services, error messages and log lines stay as they are; what you tick is left
        out.
      </p>
      <div className={styles.tools}>
        <input className="input" type="search" aria-label="Find an attribute" placeholder="Find an attribute" value={find} onChange={(e) => setFind(e.target.value)} />
        <span className="quiet" role="status">
          {without.length > 0 && `${without.length} left out`}
        </span>
        {without.length > 0 && (
          <button type="button" className="button" onClick={() => setWithout([])}>
            Keep all
          </button>
        )}
      </div>
      <ul className={styles.names} tabIndex={0} aria-label="Attributes to leave out">
        <li>
          <label>
            <input type="checkbox" checked={!logs} onChange={(e) => setLogs(!e.target.checked)} /> all log records
          </label>
        </li>
        {shown.map((a) => (
          <li key={a.name}>
            <label>
              <input
                type="checkbox"
                checked={without.includes(a.name)}
                onChange={(e) => setWithout(e.target.checked ? [...without, a.name] : without.filter((n) => n !== a.name))}
              />{' '}
              <bdi className="mono">{a.name}</bdi> <bdi className={styles.example}>{a.example}</bdi>
            </label>
          </li>
        ))}
        {error && <li className="error">The attributes could not be read: {error.message}.</li>}
      </ul>
      <p className={styles.ways}>
        <a className="button primary" href={`/api/v1/traces/${t.id}/html${text && '?' + text}`} download={`trace-${t.id}.html`}>
          Save HTML file
        </a>
        <Download id={t.id} />
        <button type="button" className={`button ${styles.close}`} onClick={close}>
          Close
        </button>
      </p>
    </dialog>
  )
}

/** The attributes of log records. */
function namesOf(logs: LogRecord[]): Named[] {
  const all = new Map<string, Named>()
  for (const a of logs.flatMap((l) => l.attributes)) {
    const name = 'log.' + a.name
    const one = all.get(name) ?? { name, count: 0, example: a.value }
    all.set(name, { ...one, count: one.count + 1 })
  }
  return [...all.values()]
}

/** The trace as JSON, as the server's API has it: with all attributes. */
function Download({ id }: { id: string }) {
  const [wrong, setWrong] = useState('')
  async function save() {
    try {
      const res = await fetch(`/api/traces/${id}`, { headers: { Accept: 'application/json' } })
      if (!res.ok) throw new Error(`the server answers ${res.status}`)
      const url = URL.createObjectURL(await res.blob())
      const a = document.createElement('a')
      a.href = url
      a.download = `trace-${id}.json`
      a.click()
      setTimeout(() => URL.revokeObjectURL(url), 10_000)
      setWrong('')
    } catch (e) {
      setWrong(e instanceof Error ? e.message : String(e))
    }
  }
  return (
    <button type="button" className="button" onClick={save} title={wrong || 'With all attributes'}>
      {wrong ? 'Download failed: try again' : 'Save JSON'}
    </button>
  )
}
