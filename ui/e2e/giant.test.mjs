// Traces of very many spans. Times are reported, not judged: a busy machine would fail
// them. What is judged is that they open, answer, and stay within memory.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { open, startBrowser, startServer } from './harness.mjs'

let server, browser
before(async () => {
  server = await startServer()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

async function giant(spans) {
  const { stdout } = await promisify(execFile)('node', [fileURLToPath(new URL('giant.mjs', import.meta.url)), String(spans), server.otlp])
  return stdout.trim().split(/\s+/).at(-1)
}

/** Runs a step at each frame, and returns the frames' lengths in ms, sorted. */
function frames(page, count, step) {
  return page.evaluate(
    async ({ count, step }) => {
      const run = new Function('i', step)
      const all = []
      let last = 0
      for (let i = 0; i < count; i++) {
        run(i)
        const now = await new Promise(requestAnimationFrame)
        if (last) all.push(now - last)
        last = now
      }
      return all.sort((a, b) => a - b)
    },
    { count, step },
  )
}

const median = (all) => all[all.length >> 1]

/** Bytes that the page's scripts hold, after a collection. */
async function heap(page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('HeapProfiler.collectGarbage')
  const { usedSize, backingStorageSize = 0 } = await cdp.send('Runtime.getHeapUsage')
  return usedSize + backingStorageSize
}

for (const [spans, most] of [[100_000, 400], [1_000_000, 0]]) {
  test(`a trace of ${spans.toLocaleString('en')} spans`, { timeout: 240_000 }, async (t) => {
    const id = await giant(spans)
    const { page, trouble, close } = await open(browser, server, '/services')
    try {
      await page.goto(`${server.url}/trace/${id}`)
      await page.getByRole('treeitem').first().waitFor({ timeout: 120_000 })
      const times = await page.evaluate(async () => {
        const [res] = performance.getEntriesByType('resource').filter((r) => r.name.includes('/columns'))
        return { shown: performance.now(), arrived: res.responseEnd, bytes: res.decodedBodySize }
      })
      t.diagnostic(`rows at most ${Math.round(times.shown - times.arrived)} ms after the last of ${(times.bytes / 1e6).toFixed(1)} MB`)
      assert.ok((await page.locator('main h1').innerText()).includes('nightly settlement'))

      const zoom = await frames(page, 60, `
        const e = document.getElementById('waterfall'), r = e.getBoundingClientRect()
        e.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, ctrlKey: true, deltaY: i < 30 ? -40 : 40, clientX: r.left + r.width * 0.7, clientY: r.top + 200 }))`)
      const scroll = await frames(page, 60, `const e = document.getElementById('waterfall'); e.scrollTop = e.scrollHeight / 2 + i * 60`)
      t.diagnostic(`median frame: zoom ${median(zoom).toFixed(1)} ms, scroll in the middle ${median(scroll).toFixed(1)} ms`)

      // The last span of all can be reached, and opened, also when it is one of a run of alike ones.
      await page.locator('#waterfall').focus()
      for (const last = page.locator('[role=treeitem][aria-selected=true]'); ; ) {
        await page.keyboard.press('End')
        await last.waitFor()
        const run = (await last.getAttribute('aria-expanded')) === 'false'
        await page.keyboard.press('Enter')
        if (!run) break
      }
      await page.getByRole('complementary').getByText('Critical path').waitFor()
      await page.getByRole('complementary').getByText('item', { exact: true }).waitFor()

      const used = await heap(page)
      t.diagnostic(`memory: ${Math.round(used / 1e6)} MB`)
      if (most) assert.ok(used < most * 1e6, `${Math.round(used / 1e6)} MB`)
      assert.deepEqual(trouble, [])
    } finally {
      await close()
    }
  })
}
