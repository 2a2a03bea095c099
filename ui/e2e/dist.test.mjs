import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const ui = resolve(fileURLToPath(import.meta.url), '../..')
const files = (dir) => readdirSync(dir, { recursive: true, withFileTypes: true }).filter((f) => f.isFile()).map((f) => join(f.parentPath, f.name).slice(dir.length + 1)).sort()

// What is committed is what the sources build.
test('ui/dist is what the sources build', () => {
  const out = mkdtempSync(join(tmpdir(), 'everspan-dist-'))
  try {
    const build = (...args) => execFileSync('npx', ['vite', 'build', '--emptyOutDir', '--logLevel', 'error', ...args], { cwd: ui, stdio: 'inherit' })
    build('--outDir', out)
    build('--config', 'vite.shared.config.ts', '--outDir', join(out, 'shared'))
    const dist = join(ui, 'dist')
    assert.deepEqual(files(dist), files(out), 'run `make page` and commit ui/dist')
    for (const f of files(out)) assert.ok(readFileSync(join(dist, f)).equals(readFileSync(join(out, f))), `${f} differs: run \`make page\` and commit ui/dist`)
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
})

// A page on a phone far away: its first view comes with what it needs.
test('scripts are small', (t) => {
  const assets = join(ui, 'dist/assets')
  const size = (f) => gzipSync(readFileSync(join(assets, f)), { level: 9 }).length
  const scripts = readdirSync(assets).filter((f) => f.endsWith('.js'))
  const first = /src="\/assets\/([^"]+\.js)"/.exec(readFileSync(join(ui, 'dist/index.html'), 'utf8'))?.[1]
  assert.ok(first)
  // What the first script imports statically comes with it.
  const seen = new Set()
  const load = (f) => {
    if (seen.has(f)) return
    seen.add(f)
    for (const m of readFileSync(join(assets, f), 'utf8').matchAll(/(?:from|^import|;import)\s*["']\.\/([^"']+\.js)["']/g)) load(m[1])
  }
  load(first)
  const before = [...seen].reduce((n, f) => n + size(f), 0)
  const all = scripts.reduce((n, f) => n + size(f), 0)
  t.diagnostic(`${(before / 1000).toFixed(0)} kB gzipped before the first view, ${(all / 1000).toFixed(0)} kB in all`)
  assert.ok(before <= 200_000, `${before} bytes before the first view`)
  assert.ok(all <= 350_000, `${all} bytes in all`)
})
