import { useSyncExternalStore } from 'react'
import type { Zone } from './time'

// What a person has chosen: light, dark or as the system says; times in local or UTC. It
// is kept in the browser.

export type Theme = 'system' | 'light' | 'dark'
export type Settings = { theme: Theme; zone: Zone; panel: number; tree: number }

const usual: Settings = { theme: 'system', zone: 'local', panel: 380, tree: 360 }
const key = 'everspan'

function load(): Settings {
  try {
    return { ...usual, ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Settings>) }
  } catch {
    return usual
  }
}

let settings = load()
const listeners = new Set<() => void>()
const system = window.matchMedia('(prefers-color-scheme: dark)')

function apply() {
  document.documentElement.dataset.theme = mode()
  for (const l of listeners) l()
}
system.addEventListener('change', apply)

/** What is drawn: light or dark. */
export function mode(): 'light' | 'dark' {
  if (settings.theme !== 'system') return settings.theme
  return system.matches ? 'dark' : 'light'
}

export function choose(change: Partial<Settings>) {
  settings = { ...settings, ...change }
  try {
    localStorage.setItem(key, JSON.stringify(settings))
  } catch {
    // A browser that keeps nothing shows it all the same.
  }
  apply()
}

const subscribe = (l: () => void) => {
  listeners.add(l)
  return () => listeners.delete(l)
}

export const useSettings = (): Settings => useSyncExternalStore(subscribe, () => settings)
export const useMode = (): 'light' | 'dark' => useSyncExternalStore(subscribe, mode)
apply()
