import { useEffect, useState } from 'react'
import { buildQuery, emptyForm, type Form, readForm } from '../../query/form'
import type { Wrong } from '../../query/problem'
import { QueryBox } from '../../query/QueryBox'
import { FormRow } from './FormRow'
import type { Range } from './range'
import { RangePicker } from './RangePicker'
import styles from './Find.module.css'

type Props = {
  query: string
  range: Range
  wrong: Wrong | null
  busy: boolean
  onRun: (q: string) => void
  onRange: (r: Range) => void
  onRefresh: () => void
}
type Draft = { text: string; form: Form | null; why: string }

const read = (text: string): Draft => {
  const r = readForm(text)
  return r.form ? { text, form: r.form, why: '' } : { text, form: null, why: r.why }
}

/** Search has the query twice: as a form and as TraceQL. Either writes the other. */
export function Search({ query, range, wrong, busy, onRun, onRange, onRefresh }: Props) {
  const [draft, setDraft] = useState<Draft>(() => read(query))
  const [was, setWas] = useState(query)
  if (was !== query) {
    setWas(query)
    if (draft.text.trim() !== query.trim()) setDraft(read(query))
  }
  const [asForm, setAsForm] = useState(() => window.innerWidth > 640)
  const run = (text: string) => (text.trim() === query.trim() ? undefined : onRun(text.trim()))
  useEffect(() => {
    const slash = (e: KeyboardEvent) => {
      if (e.key !== '/' || e.ctrlKey || e.metaKey || e.altKey || typing(e)) return
      e.preventDefault()
      document.querySelector<HTMLElement>('#query input')?.focus()
    }
    window.addEventListener('keydown', slash)
    return () => window.removeEventListener('keydown', slash)
  }, [])
  const onForm = (form: Form, now: boolean) => {
    const text = buildQuery(form)
    setDraft({ text, form, why: '' })
    if (now) run(text)
  }
  return (
    <form
      id="query"
      className={styles.search}
      role="search"
      aria-label="Find traces"
      onSubmit={(e) => {
        e.preventDefault()
        if (draft.text.trim() === query.trim()) onRefresh()
        else onRun(draft.text.trim())
      }}
    >
      <button type="button" className={styles.fold} aria-expanded={asForm} onClick={() => setAsForm(!asForm)}>
        {asForm ? 'Hide the form' : 'Form: service, duration, errors'}
      </button>
      {asForm &&
        (draft.form ? (
          <FormRow form={draft.form} onChange={onForm} onRun={() => run(draft.text)} />
        ) : (
          <p className={styles.noForm}>
            The form can’t show this query: {draft.why}.{' '}
            <button type="button" className={styles.plain} onClick={() => onForm(emptyForm, true)}>
              Start again with the form
            </button>
          </p>
        ))}
      <div className={styles.text}>
        <QueryBox
          value={draft.text}
          label="Query in TraceQL"
          wrong={wrong}
          onChange={(text) => setDraft(read(text))}
          onRun={(text) => {
            setDraft(read(text))
            if (text.trim() === query.trim()) onRefresh()
            else onRun(text.trim())
          }}
        />
        <RangePicker range={range} onChange={onRange} />
        <button type="submit" className="button primary" aria-busy={busy}>
          {draft.text.trim() === query.trim() ? 'Refresh' : 'Find'}
        </button>
      </div>
      {wrong && (
        <p className={styles.wrong} role="alert">
          {wrong.message}
        </p>
      )}
    </form>
  )
}

function typing(e: KeyboardEvent): boolean {
  const el = e.composedPath()[0]
  return el instanceof HTMLElement && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName))
}
