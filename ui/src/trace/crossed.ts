import type { Trace } from './decode'

// The services that a trace crossed: what each did, and which called which.

export type Box = { service: number; spans: number; errors: number; self: number; critical: number; layer: number; row: number }
export type Arrow = { from: number; to: number; calls: number; errors: number } // boxes
export type Crossed = { boxes: Box[]; arrows: Arrow[]; layers: number; rows: number }

export function crossedBy(t: Trace): Crossed {
  const boxOf = new Map<number, number>()
  const boxes: Box[] = []
  const arrows = new Map<number, Arrow>()
  const at = new Int32Array(t.nodes) // the box of a node; of a placeholder that of its parent, or -1
  for (let i = 0; i < t.nodes; i++) {
    const service = t.service[i] ?? 0
    const p = t.parent[i] ?? -1
    const above = p < 0 ? -1 : (at[p] ?? -1)
    if (!t.services[service]) {
      at[i] = above
      continue
    }
    let b = boxOf.get(service)
    if (b === undefined) {
      b = boxes.length
      boxOf.set(service, b)
      boxes.push({ service, spans: 0, errors: 0, self: 0, critical: 0, layer: 0, row: 0 })
    }
    at[i] = b
    const box = boxes[b] as Box
    const failed = t.status[i] === 2 ? 1 : 0
    box.spans++
    box.errors += failed
    box.self += t.self[i] ?? 0
    box.critical += t.critical[i] ?? 0
    if (above >= 0 && above !== b) {
      const key = above * 65536 + b
      let a = arrows.get(key)
      if (!a) arrows.set(key, (a = { from: above, to: b, calls: 0, errors: 0 }))
      a.calls++
      a.errors += failed
    }
  }
  return layered(boxes, [...arrows.values()])
}

/**
 * A box stands one layer right of the last that calls it. Calls back, found by walking depth
 * first, don't count, so that there is always an order. Within a layer boxes stand at the
 * mean of their callers.
 */
function layered(boxes: Box[], arrows: Arrow[]): Crossed {
  const out: number[][] = boxes.map(() => [])
  for (const a of arrows) out[a.from]?.push(a.to)
  const state = new Uint8Array(boxes.length) // 1 on the way, 2 done
  const order: number[] = []
  const back = new Set<number>()
  for (let b = 0; b < boxes.length; b++) {
    const stack: [number, number][] = state[b] ? [] : [[b, 0]]
    if (!state[b]) state[b] = 1
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const to = out[top[0]]?.[top[1]++]
      if (to === undefined) {
        state[top[0]] = 2
        order.push(top[0])
        stack.pop()
      } else if (state[to] === 1) back.add(top[0] * 65536 + to)
      else if (!state[to]) {
        state[to] = 1
        stack.push([to, 0])
      }
    }
  }
  for (const from of order.toReversed()) {
    for (const to of out[from] ?? []) {
      const a = boxes[from]
      const b = boxes[to]
      if (a && b && !back.has(from * 65536 + to)) b.layer = Math.max(b.layer, a.layer + 1)
    }
  }
  const layers = boxes.reduce((m, b) => Math.max(m, b.layer + 1), 0)
  let rows = 0
  for (let l = 0; l < layers; l++) {
    const mean = (i: number) => {
      const above = arrows.filter((a) => a.to === i && (boxes[a.from]?.layer ?? 0) < l)
      return above.length ? above.reduce((s, a) => s + (boxes[a.from]?.row ?? 0), 0) / above.length : i
    }
    const here = boxes.map((_, i) => i).filter((i) => boxes[i]?.layer === l)
    const means = new Map(here.map((i) => [i, mean(i)]))
    here.sort((x, y) => (means.get(x) ?? 0) - (means.get(y) ?? 0) || x - y)
    here.forEach((i, row) => ((boxes[i] as Box).row = row))
    rows = Math.max(rows, here.length)
  }
  return { boxes, arrows, layers, rows }
}
