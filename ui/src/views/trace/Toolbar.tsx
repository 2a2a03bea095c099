import { type RefObject, useId, useRef } from 'react'
import { formatCount } from '../../timeline/label'
import { useModel } from '../../timeline/model'
import { formatDuration } from '../../base/time'
import { change, type TraceState, views } from './state'
import styles from './Toolbar.module.css'

export type SearchProps = { box: RefObject<HTMLInputElement | null>; matches: number; place: number; next: (back: boolean) => void }

/** Toolbar chooses what is drawn of the trace, and finds spans in it. */
export function Toolbar({ s, zoomed, showAll, search, keys }: { s: TraceState; zoomed: boolean; showAll: () => void; search: SearchProps; keys: () => void }) {
  const { t, adjusted } = useModel()
  const skewed = (t.counts.outsideParent ?? 0) > 0
  const timeline = s.view === 'waterfall'
  return (
    <div className={styles.toolbar}>
      <div className={styles.views} role="group" aria-label="Views of the trace">
        {views.map(([v, name]) => (
          <button key={v} type="button" className={styles.view} aria-pressed={s.view === v} onClick={() => change({ view: v, by: '' })}>
            {name}
          </button>
        ))}
      </div>
      <div className={styles.tools}>
        <Search {...search} q={s.q} />
        {timeline && (
          <label className={styles.check}>
            <input type="checkbox" checked={s.critical} onChange={(e) => change({ critical: e.target.checked })} />
            Critical path only
          </label>
        )}
        {timeline && skewed && (
          <label className={styles.check} title="Spans of another service that lie outside their parent are moved into it, with all below them: clocks of different machines differ. The times that were sent stay as they are.">
            <input type="checkbox" role="switch" checked={s.adjust} onChange={(e) => change({ adjust: e.target.checked })} />
            Adjust clocks
            {adjusted && (
              <span className="quiet">{adjusted.moved ? `: ${formatCount(adjusted.moved)} moved by up to ${formatDuration(adjusted.most)}` : ': no span of another service needs it'}</span>
            )}
          </label>
        )}
        {timeline && t.services.length > 1 && <Services s={s} />}
        {zoomed && (
          <button type="button" className="button" onClick={showAll}>
            Whole trace <kbd>0</kbd>
          </button>
        )}
      </div>
      <button type="button" className={`button ${styles.keys}`} onClick={keys} aria-label="Keys">
        ?
      </button>
    </div>
  )
}

function Search({ q, box, matches, place, next }: SearchProps & { q: string }) {
  return (
    <div className={styles.search} role="search" aria-label="In the trace">
      <input
        ref={box}
        className="input"
        type="search"
        aria-label="Search in the trace: name, service, error, span id"
        placeholder="Search in the trace  /"
        value={q}
        spellCheck={false}
        onChange={(e) => change({ q: e.target.value }, true)}
        onKeyDown={(e) => {
          if (e.key === 'Enter') next(e.shiftKey)
          if (e.key === 'Escape') {
            if (q) change({ q: '' }, true)
            else document.getElementById('waterfall')?.focus()
            e.stopPropagation()
          }
        }}
      />
      {q.trim() && (
        <span className={styles.count} role="status">
          {matches === 0 ? 'none' : place > 0 ? `${formatCount(place)} of ${formatCount(matches)}` : formatCount(matches)}
        </span>
      )}
      {matches > 0 && (
        <>
          <button type="button" className={styles.step} aria-label="Match before" onClick={() => next(true)}>
            ▲
          </button>
          <button type="button" className={styles.step} aria-label="Next match" onClick={() => next(false)}>
            ▼
          </button>
        </>
      )}
    </div>
  )
}

/** Services to show or hide. What is below a hidden span moves up. */
function Services({ s }: { s: TraceState }) {
  const { t, palette } = useModel()
  const id = useId()
  const button = useRef<HTMLButtonElement>(null)
  const names = t.services.map((name, i) => ({ name, i })).filter((x) => x.name)
  return (
    <>
      <button ref={button} type="button" className="button" popoverTarget={id}>
        {s.hide.length ? `${formatCount(s.hide.length)} services hidden` : 'Services'} ▾
      </button>
      <div
        id={id}
        popover="auto"
        className={styles.popover}
        onBeforeToggle={(e) => {
          // It opens under its button; not all browsers can say so in a style sheet.
          const at = button.current?.getBoundingClientRect()
          if (at) e.currentTarget.style.top = `${at.bottom + 4}px`
          if (at) e.currentTarget.style.left = `${Math.max(Math.min(at.left, window.innerWidth - 280), 8)}px`
        }}
      >
        {names.map(({ name, i }) => (
          <div key={name} className={styles.choice}>
            <label className={styles.check}>
              <input
                type="checkbox"
                checked={!s.hide.includes(name)}
                onChange={(e) => change({ hide: e.target.checked ? s.hide.filter((h) => h !== name) : [...s.hide, name] }, true)}
              />
              <i className={styles.dot} style={{ background: palette.core[i] }} />
              <bdi>{name}</bdi>
            </label>
            <button
              type="button"
              className={styles.only}
              aria-label={`Only ${name}`}
              onClick={() => change({ hide: names.filter((x) => x.name !== name).map((x) => x.name) }, true)}
            >
              only
            </button>
          </div>
        ))}
        {s.hide.length > 0 && (
          <button type="button" className="button" onClick={() => change({ hide: [] }, true)}>
            Show all
          </button>
        )}
      </div>
    </>
  )
}
