import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

// Who may import whom: each floor from itself and those before it.
const floors = { base: [], trace: ['base'], query: ['base'], timeline: ['base', 'trace'], views: ['base', 'trace', 'query', 'timeline'] }

test('every module imports from its own floor or one below', () => {
  const src = fileURLToPath(new URL('../src', import.meta.url))
  const wrong = []
  let seen = 0
  for (const file of readdirSync(src, { recursive: true })) {
    const floor = file.split('/')[0]
    if (!/\.tsx?$/.test(file) || !floors[floor]) continue
    for (const [, path] of readFileSync(join(src, file), 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']*)'/g)) {
      const to = relative(src, resolve(src, dirname(file), path)).split('/')[0]
      seen++
      if (to !== floor && !floors[floor].includes(to)) wrong.push(`${file} imports ${path}`)
    }
  }
  assert.deepEqual(wrong, [])
  assert.ok(seen > 100)
})
