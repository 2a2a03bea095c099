import { useSyncExternalStore } from 'react'

// The address is the state: a path and its parameters. Components read it and write it,
// and back and forward do what one expects.

const listeners = new Set<() => void>()
const tell = () => {
  for (const l of listeners) l()
}
window.addEventListener('popstate', tell)

function subscribe(l: () => void) {
  listeners.add(l)
  return () => listeners.delete(l)
}

const address = () => window.location.pathname + window.location.search

export type Place = { path: string; query: URLSearchParams }

/** The current address. */
export function usePlace(): Place {
  const text = useSyncExternalStore(subscribe, address)
  const cut = text.indexOf('?')
  return { path: cut < 0 ? text : text.slice(0, cut), query: new URLSearchParams(cut < 0 ? '' : text.slice(cut)) }
}

/** Goes to an address; replace changes the current entry of the history instead of adding one. */
export function go(to: string, replace = false) {
  if (to === address()) return
  if (replace) window.history.replaceState(null, '', to)
  else window.history.pushState(null, '', to)
  tell()
}

/** The current address with some parameters changed; null and '' remove one. */
export function withQuery(changes: Record<string, string | null>, path = window.location.pathname): string {
  const query = new URLSearchParams(window.location.search)
  for (const [k, v] of Object.entries(changes)) {
    if (v === null || v === '') query.delete(k)
    else query.set(k, v)
  }
  const text = query.toString()
  return path + (text ? '?' + text : '')
}

/** Props of a link that stays within the page. */
export function link(to: string) {
  return {
    href: to,
    onClick(e: React.MouseEvent) {
      if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return
      e.preventDefault()
      go(to)
    },
  }
}
