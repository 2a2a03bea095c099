import { spanId, type Trace } from './decode'

// What the order of the nodes says about the tree: depth first, so that the descendants of
// a node stand right behind it.

export type Tree = {
  end: Int32Array // by node: the first node behind its descendants
  place: Int32Array // by node: its place among its siblings, from 1
  siblings: Int32Array // by node: how many they are, itself among them
}

export function treeOf(t: Trace): Tree {
  const n = t.nodes
  const end = new Int32Array(n)
  const place = new Int32Array(n)
  const siblings = new Int32Array(n)
  let tops = 0
  for (let i = n - 1; i >= 0; i--) {
    if (end[i] === 0) end[i] = i + 1 // nothing below it has spoken
    const p = t.parent[i] ?? -1
    if (p < 0) tops++
    else if (end[p] === 0) end[p] = end[i] ?? 0 // the last child ends the parent
  }
  const seen = new Int32Array(n)
  let top = 0
  for (let i = 0; i < n; i++) {
    const p = t.parent[i] ?? -1
    place[i] = p < 0 ? ++top : (seen[p] = (seen[p] ?? 0) + 1)
    siblings[i] = p < 0 ? tops : (t.children[p] ?? 0)
  }
  return { end, place, siblings }
}

/** Whether a node is another, or below it. */
export const within = (tree: Tree, node: number, top: number): boolean => node >= top && node < (tree.end[top] ?? 0)

const bit = (t: Trace, name: string): number => {
  const i = t.flagNames.indexOf(name)
  return i < 0 ? 0 : 1 << i
}

/** Whether a node has a flag. */
export const hasFlag = (t: Trace, node: number, name: string): boolean => ((t.flags[node] ?? 0) & bit(t, name)) !== 0

/**
 * What an address calls a node: the id of its span, and of several with that id, as a call's
 * two halves have it, the number behind a point: 00f067aa0ba902b7.2.
 */
export function keyOf(t: Trace, node: number): string {
  const id = spanId(t, node)
  let before = 0
  if ((t.flags[node] ?? 0) & (bit(t, 'duplicate') | bit(t, 'shared'))) {
    for (let i = 0; i < node; i++) if (sameId(t, i, node)) before++
  }
  return before ? `${id}.${before + 1}` : id
}

function sameId(t: Trace, a: number, b: number): boolean {
  for (let k = 0; k < 8; k++) if (t.ids[8 * a + k] !== t.ids[8 * b + k]) return false
  return true
}

/** The node that an address names, -1 if there is none. */
export function nodeOfKey(t: Trace, key: string): number {
  const m = /^([0-9a-f]{1,16})(?:\.(\d{1,6}))?$/i.exec(key)
  if (!m?.[1]) return -1
  const hex = m[1].padStart(16, '0')
  const want = new Uint8Array(8)
  for (let k = 0; k < 8; k++) want[k] = parseInt(hex.slice(2 * k, 2 * k + 2), 16)
  let left = m[2] ? Number(m[2]) : 1
  for (let i = 0, at = 0; i < t.nodes; i++, at += 8) {
    // The last byte differs the most, so it is asked first.
    if (t.ids[at + 7] !== want[7]) continue
    let same = true
    for (let k = 0; same && k < 7; k++) same = t.ids[at + k] === want[k]
    if (same && --left === 0) return i
  }
  return -1
}
