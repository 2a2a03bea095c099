import { useSyncExternalStore } from 'react'
import { shared } from './shared'

// The address is the state: a path and its parameters. Components read it and write it,
// and back and forward do what one expects. In a shared file, which has no addresses of its
// own, the parameters stand behind #, and other paths are those of the server it came from.

const listeners = new Set<() => void>()
const tell = () => {
  for (const l of listeners) l()
}
window.addEventListener('popstate', tell)

function subscribe(l: () => void) {
  listeners.add(l)
  return () => listeners.delete(l)
}

const path = () => (shared ? `/trace/${shared.traceId}` : window.location.pathname)
const query = () => (shared ? window.location.hash.slice(1) : window.location.search.slice(1))
const address = () => join(path(), query())
const join = (at: string, parameters: string) => (parameters ? `${at}?${parameters}` : at)

export type Place = { path: string; query: URLSearchParams }

/** The current address. */
export function usePlace(): Place {
  const text = useSyncExternalStore(subscribe, address)
  const [at, parameters] = cut(text)
  return { path: at, query: new URLSearchParams(parameters) }
}

function cut(text: string): [path: string, parameters: string] {
  const at = text.indexOf('?')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** The current address for somebody else. */
export const permalink = () => (shared?.from ?? window.location.origin) + address()

/** Goes to an address; replace changes the current entry of the history instead of adding one. */
export function go(to: string, replace = false) {
  if (to === address()) return
  if (shared) {
    const [at, parameters = ''] = cut(to)
    if (at !== path()) return void window.open(shared.from + to, '_blank', 'noopener')
    to = '#' + parameters
  }
  if (replace) window.history.replaceState(null, '', to)
  else window.history.pushState(null, '', to)
  tell()
}

/** The current address with some parameters changed; null and '' remove one. */
export function withQuery(changes: Record<string, string | null>, at = path()): string {
  const all = new URLSearchParams(query())
  for (const [k, v] of Object.entries(changes)) {
    if (v === null || v === '') all.delete(k)
    else all.set(k, v)
  }
  return join(at, all.toString())
}

/** Props of a link that stays within the page. */
export function link(to: string) {
  if (shared) return { href: shared.from + to, target: '_blank', rel: 'noopener noreferrer' }
  return {
    href: to,
    onClick(e: React.MouseEvent) {
      if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return
      e.preventDefault()
      go(to)
    },
  }
}
