import { expect, test } from 'vitest'
import { Colors } from '../src/base/color'

function memory(text: string | null = null) {
  return { text, getItem: () => text, setItem(_: string, to: string) { this.text = text = to } }
}

test('a service keeps its colour from one visit to the next', () => {
  const storage = memory()
  const first = new Colors(storage)
  expect([first.number('gateway'), first.number('cart'), first.number('gateway')]).toEqual([0, 1, 0])
  const later = new Colors(storage)
  expect([later.number('bank'), later.number('cart'), later.number('gateway')]).toEqual([2, 1, 0])
})

test.each(['', 'no JSON', '{"a":1}', '[1,null,"cart","cart"]'])('what a browser kept may be anything: %s', (kept) => {
  const c = new Colors(memory(kept))
  expect(c.number('gateway')).toBe(kept.includes('cart') ? 1 : 0)
})

test('a browser that can keep nothing', () => {
  const c = new Colors({
    getItem: () => null,
    setItem: () => {
      throw new Error('quota')
    },
  })
  expect(c.number('gateway')).toBe(0)
})
