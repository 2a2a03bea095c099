// Twelve colours for services, of about the same lightness, which colour-blind people can
// tell apart when they stand side by side; none is red, which means an error and nothing
// else. One set for light and one for dark; `core` is the darker (or lighter) middle of a
// bar, the time that the request waited for the span itself.

export type ServiceColor = { bar: string; core: string; text: string }

const light: [string, string][] = [
  ['#6c9fe0', '#1f5fb4'],
  ['#e0a33e', '#96620a'],
  ['#4fb39a', '#0d7058'],
  ['#b287d6', '#7440a3'],
  ['#9aa83c', '#5c6b0c'],
  ['#5aaecb', '#0f6f90'],
  ['#d58cb5', '#9c3f78'],
  ['#8f98d8', '#4a55a8'],
  ['#b5987a', '#7a5930'],
  ['#72b36b', '#2f7a28'],
  ['#a39bb0', '#625a72'],
  ['#d9977a', '#9b5228'],
]
const dark: [string, string][] = [
  ['#3d6ba8', '#8dbdf8'],
  ['#8f6a22', '#f0bd63'],
  ['#2d7a67', '#71d6bb'],
  ['#7a559b', '#d0a8f0'],
  ['#66711f', '#c3d160'],
  ['#2f7690', '#7fd0ea'],
  ['#94587c', '#f0aed2'],
  ['#5b649f', '#b3bbf5'],
  ['#7b6449', '#d9bb98'],
  ['#487f42', '#98d891'],
  ['#6b6478', '#c6bdd6'],
  ['#96603f', '#f2b493'],
]

const key = 'everspan.services'
const kept = 200 // services whose colour a browser remembers

/** Colors gives services their colours by first appearance, and keeps them across views and visits. */
export class Colors {
  private readonly numbers: Map<string, number>

  constructor(private readonly storage?: Pick<Storage, 'getItem' | 'setItem'>) {
    this.numbers = new Map(remembered(storage).map((s, i) => [s, i]))
  }

  number(service: string): number {
    let n = this.numbers.get(service)
    if (n === undefined) {
      n = this.numbers.size
      this.numbers.set(service, n)
      if (n < kept) this.remember()
    }
    return n
  }

  private remember() {
    try {
      this.storage?.setItem(key, JSON.stringify([...this.numbers.keys()].slice(0, kept)))
    } catch {
      // No room, or not allowed: the colours last as long as the page.
    }
  }

  of(service: string, mode: 'light' | 'dark'): ServiceColor {
    const set = mode === 'dark' ? dark : light
    const [bar, core] = set[this.number(service) % set.length] ?? ['#888888', '#444444']
    return { bar, core, text: core }
  }
}

function remembered(storage?: Pick<Storage, 'getItem'>): string[] {
  try {
    const all: unknown = JSON.parse(storage?.getItem(key) ?? '[]')
    return Array.isArray(all) ? [...new Set(all.filter((s) => typeof s === 'string'))].slice(0, kept) : []
  } catch {
    return []
  }
}

function storage(): Storage | undefined {
  try {
    return globalThis.localStorage
  } catch {
    return undefined // forbidden by the user's settings
  }
}

export const colors = new Colors(storage())
