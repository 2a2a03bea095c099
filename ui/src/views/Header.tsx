import { useRef } from 'react'
import { go, link } from '../base/location'
import { Choices } from './Choices'
import styles from './Header.module.css'
import { Mark } from './Mark'
import { findTraceId } from './paste'

const views: [string, string][] = [
  ['/', 'Find'],
  ['/services', 'Services'],
  ['/compare', 'Compare'],
]

/** Header has the views, and the one box that takes whatever has a trace id in it, or TraceQL. */
export function Header({ path }: { path: string }) {
  const box = useRef<HTMLInputElement>(null)
  function open(text: string) {
    const id = findTraceId(text)
    if (id) go('/trace/' + id)
    else if (text.trim()) go('/?q=' + encodeURIComponent(text.trim().startsWith('{') ? text.trim() : `{ name =~ ${JSON.stringify('.*' + text.trim() + '.*')} }`))
  }
  return (
    <header className={styles.header}>
      <a className={styles.brand} {...link('/')} aria-label="Everspan, to the start">
        <Mark />
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
      <Choices />
    </header>
  )
}
