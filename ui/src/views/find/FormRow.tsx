import { useId } from 'react'
import { type Condition, type Form, ops } from '../../query/form'
import { parseDuration } from '../../query/quote'
import { tagOf } from '../../query/context'
import { useNames, useOperations, useServices, useValues } from '../../query/offers'
import styles from './Form.module.css'

type Props = { form: Form; onChange: (f: Form, run: boolean) => void; onRun: () => void }

/** FormRow is the form of the common case. A choice from a list runs at once, typing when it is done. */
export function FormRow({ form, onChange, onRun }: Props) {
  const set = (change: Partial<Form>, run = false) => onChange({ ...form, ...change }, run)
  const services = useServices()
  const operations = useOperations(form.service)
  const change = (at: number, c: Condition | null, run = false) =>
    set({ attributes: c ? form.attributes.map((a, i) => (i === at ? c : a)) : form.attributes.filter((_, i) => i !== at) }, run)
  return (
    <div className={styles.form} onBlur={(e) => !e.currentTarget.contains(e.relatedTarget) && onRun()}>
      <Offered label="Service" value={form.service} options={services} onChange={(service, run) => set({ service }, run)} />
      <Offered label="Operation" value={form.operation} options={operations} wide onChange={(operation, run) => set({ operation }, run)} />
      <span className={styles.pair}>
        <Bound label="From" value={form.min} example="100ms" onChange={(min) => set({ min })} />
        <Bound label="to" value={form.max} example="2s" onChange={(max) => set({ max })} />
        <select className="input" aria-label="Whose duration" value={form.of} onChange={(e) => set({ of: e.target.value === 'trace' ? 'trace' : 'span' }, true)}>
          <option value="span">span</option>
          <option value="trace">trace</option>
        </select>
      </span>
      <label className={styles.check}>
        <input type="checkbox" checked={form.errors} onChange={(e) => set({ errors: e.target.checked }, true)} /> Errors only
      </label>
      {form.attributes.map((a, i) => (
        // Conditions have no identity but their place.
        <Attribute key={i} condition={a} onChange={(c, run) => change(i, c, run)} />
      ))}
      <button type="button" className={styles.add} onClick={() => set({ attributes: [...form.attributes, { name: '', op: '=', value: '' }] })}>
        + attribute
      </button>
    </div>
  )
}

type OfferedProps = { label: string; value: string; options: string[]; onChange: (v: string, run: boolean) => void; wide?: boolean; bare?: boolean; empty?: string }

function Offered({ label, value, options, onChange, wide, bare, empty = 'any' }: OfferedProps) {
  const id = useId()
  return (
    <label className={styles.field}>
      <span className={bare ? 'hidden' : undefined}>{label}</span>
      <input
        className="input"
        data-wide={wide ? '' : undefined}
        list={id}
        value={value}
        placeholder={empty}
        autoComplete="off"
        spellCheck={false}
        onChange={(e) => {
          // A choice from the list comes as a whole, typing as a character.
          const chosen = !(e.nativeEvent instanceof InputEvent) || e.nativeEvent.inputType === 'insertReplacementText'
          onChange(e.target.value, chosen || e.target.value === '')
        }}
      />
      <datalist id={id}>
        {options.slice(0, 500).map((o) => (
          <option key={o} value={o} />
        ))}
      </datalist>
    </label>
  )
}

function Bound({ label, value, example, onChange }: { label: string; value: string; example: string; onChange: (v: string) => void }) {
  const wrong = value.trim() !== '' && parseDuration(value) === null
  return (
    <label className={styles.field}>
      <span>{label}</span>
      <input
        className="input"
        data-short=""
        value={value}
        placeholder={example}
        aria-label={label === 'to' ? 'Longest duration' : 'Shortest duration'}
        aria-invalid={wrong}
        title={wrong ? 'A duration is like 250ms, 1.5s or 2m' : undefined}
        spellCheck={false}
        autoComplete="off"
        onChange={(e) => onChange(e.target.value)}
      />
    </label>
  )
}

function Attribute({ condition, onChange }: { condition: Condition; onChange: (c: Condition | null, run?: boolean) => void }) {
  const names = useNames()
  const tag = tagOf(condition.name)
  const known = names.includes(condition.name)
  const values = useValues(tag ?? '', '', known && tag !== null)
  return (
    <span className={styles.attribute}>
      <Offered label="Attribute" bare wide empty="span.http.route" value={condition.name} options={names} onChange={(name) => onChange({ ...condition, name })} />
      <select className="input" aria-label="Comparison" value={condition.op} onChange={(e) => onChange({ ...condition, op: e.target.value }, condition.value !== '')}>
        {ops.map((o) => (
          <option key={o}>{o}</option>
        ))}
      </select>
      <Offered
        label="Value"
        bare
        empty="value"
        value={condition.value}
        options={values.map((v) => (v.type === 'string' && /^-?[\d.]+$|^(true|false)$/.test(v.value) ? JSON.stringify(v.value) : v.value))}
        onChange={(value, run) => onChange({ ...condition, value }, run)}
      />
      <button type="button" className={styles.remove} aria-label={`Remove the condition ${condition.name}`} onClick={() => onChange(null, true)}>
        ×
      </button>
    </span>
  )
}
