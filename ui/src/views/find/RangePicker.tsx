import { useRef } from 'react'
import { useSettings } from '../../base/theme'
import { formatMoment, type Moment, moment, type Zone } from '../../base/time'
import { bounds, choices, type Range, sinceNanos } from './range'
import styles from './RangePicker.module.css'

/** RangePicker chooses the time: back from now, or between two moments. */
export function RangePicker({ range, onChange }: { range: Range; onChange: (r: Range) => void }) {
  const { zone } = useSettings()
  const known = range.since !== undefined && choices.find(([c]) => sinceNanos(c) === sinceNanos(range.since))
  const value = range.since === undefined ? 'between' : known ? known[0] : range.since
  const ends = bounds(range)
  return (
    <span className={styles.range}>
      <select
        className="input"
        aria-label="Time"
        value={value}
        onChange={(e) => onChange(e.target.value === 'between' ? { from: ends.from, to: ends.to } : { since: e.target.value })}
      >
        {choices.map(([c, name]) => (
          <option key={c} value={c}>
            Last {name}
          </option>
        ))}
        {range.since !== undefined && !known && <option value={range.since}>Last {range.since}</option>}
        <option value="between">From – to</option>
      </select>
      {range.since === undefined && (
        <>
          <End label="From" value={range.from} zone={zone} onChange={(from) => onChange({ from, to: range.to })} />
          <span className="quiet">–</span>
          <End label="To" value={ends.to} zone={zone} onChange={(to) => onChange({ from: range.from, to })} />
        </>
      )}
    </span>
  )
}

function End({ label, value, zone, onChange }: { label: string; value: Moment; zone: Zone; onChange: (m: Moment) => void }) {
  const box = useRef<HTMLInputElement>(null)
  const text = formatMoment(value, zone, 0).replace(' ', 'T')
  const commit = () => {
    const typed = box.current?.value ?? ''
    const ms = Date.parse(zone === 'utc' ? typed + 'Z' : typed)
    if (typed.slice(0, 19) !== text && !Number.isNaN(ms)) onChange(moment(String(ms) + '000000'))
  }
  return (
    <input
      key={text}
      ref={box}
      className="input"
      type="datetime-local"
      step="1"
      aria-label={label + (zone === 'utc' ? ', UTC' : ', local time')}
      defaultValue={text}
      onBlur={commit}
      onKeyDown={(e) => e.key === 'Enter' && commit()}
    />
  )
}
