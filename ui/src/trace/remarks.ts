import type { Trace } from './decode'

export type Remark = { name: string; count: number; text: string; flag: string }

const many = (n: number, one: string, more: string) => (n === 1 ? `1 ${one}` : `${n} ${more}`)

/** What is remarkable about a trace, each with a sentence that explains it. flag finds its first node. */
export function remarksOf(t: Trace): Remark[] {
  const c = t.counts
  const all: Remark[] = []
  const add = (n: number | undefined, name: (n: number) => string, text: string, flag: string) => {
    if (n) all.push({ name: name(n), count: n, text, flag })
  }
  const tops = (c.roots ?? 0) - (c.missingParents ?? 0)
  if (tops > 1) {
    all.push({
      name: `${tops} roots`,
      count: tops,
      text: 'Several spans of this trace have no parent. The longest of them counts as the request.',
      flag: 'top',
    })
  }
  add(
    c.missingParents,
    (n) => many(n, 'missing parent', 'missing parents'),
    'Spans name a parent that was not received: it is still on its way, was dropped, or its service does not send. Its children hang under a placeholder, which is as long as they are.',
    'missing',
  )
  add(
    c.cycles,
    (n) => many(n, 'cycle', 'cycles'),
    'Spans are their own ancestors, by the parents they name. The edge above the earliest of them was cut.',
    'cycle',
  )
  add(
    c.duplicates,
    (n) => `${n} with the same id`,
    'Several spans have the same id and are not the two halves of one call. All of them are shown, side by side.',
    'duplicate',
  )
  add(
    c.outsideParent,
    (n) => many(n, 'span outside its parent', 'spans outside their parents'),
    'Spans begin before or end after their parent. Either they go on after the answer, or clocks differ; then the times can be adjusted, with the switch above the timeline.',
    'outside',
  )
  add(
    c.negativeDurations,
    (n) => many(n, 'negative duration', 'negative durations'),
    'Spans came with an end before their start. They are drawn without length.',
    'negativeDuration',
  )
  return all
}

/** The first node that a remark is about, -1 if there is none. */
export function firstOf(t: Trace, flag: string): number {
  if (flag === 'top') {
    let seen = 0
    return t.parent.findIndex((p) => p < 0 && ++seen === 2)
  }
  const names = flag === 'outside' ? ['startsBeforeParent', 'endsAfterParent'] : flag === 'cycle' ? ['cycle', 'selfParent'] : [flag]
  let bits = 0
  for (const name of names) {
    const i = t.flagNames.indexOf(name)
    if (i >= 0) bits |= 1 << i
  }
  return t.flags.findIndex((f) => (f & bits) !== 0)
}
