import { useRef } from 'react'
import { go, link } from '../base/location'
import { choose, type Theme, useSettings } from '../base/theme'
import { findTraceId } from './paste'
import styles from './Header.module.css'

const views: [string, string][] = [
  ['/', 'Find'],
  ['/services', 'Services'],
  ['/compare', 'Compare'],
]

/** Header has the views, and the one box that takes whatever has a trace id in it, or TraceQL. */
export function Header({ path }: { path: string }) {
  const box = useRef<HTMLInputElement>(null)
  const settings = useSettings()
  function open(text: string) {
    const id = findTraceId(text)
    if (id) go('/trace/' + id)
    else if (text.trim()) go('/?q=' + encodeURIComponent(text.trim().startsWith('{') ? text.trim() : `{ name =~ ${JSON.stringify('.*' + text.trim() + '.*')} }`))
  }
  return (
    <header className={styles.header}>
      <a className={styles.brand} {...link('/')} aria-label="Everspan, to the start">
        <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
          <path fill="currentColor" d="M1 2h14v3H1zm2 4.500h9v3H3zm3 4.500h5v3H6z" />
        </svg>
        <span>Everspan</span>
      </a>
      <nav className={styles.nav} aria-label="Views">
        {views.map(([to, name]) => (
          <a key={to} {...link(to)} aria-current={path === to ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <form
        className={styles.search}
        role="search"
        onSubmit={(e) => {
          e.preventDefault()
          open(box.current?.value ?? '')
        }}
      >
        <input
          ref={box}
          id="open"
          className="input"
          aria-label="Open a trace: an id, a traceparent, an address or a log line; or find spans"
          placeholder="Trace id, traceparent, log line, { TraceQL }"
          spellCheck={false}
          autoComplete="off"
          onPaste={(e) => {
            const id = findTraceId(e.clipboardData.getData('text'))
            if (id) {
              e.preventDefault()
              go('/trace/' + id)
            }
          }}
        />
      </form>
      <select className={styles.choice} aria-label="Theme" value={settings.theme} onChange={(e) => choose({ theme: e.target.value as Theme })}>
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
      <select className={styles.choice} aria-label="Times" value={settings.zone} onChange={(e) => choose({ zone: e.target.value === 'utc' ? 'utc' : 'local' })}>
        <option value="local">Local time</option>
        <option value="utc">UTC</option>
      </select>
    </header>
  )
}
