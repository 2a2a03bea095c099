// Takes a picture of every view, to look at: node e2e/shots.mjs [folder]
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ask, open, runShop, startBrowser, startServer } from './harness.mjs'

const to = process.argv[2] ?? 'shots'
mkdirSync(to, { recursive: true })
const server = await startServer()
const browser = await startBrowser()
await runShop(server, 25, 12)
const query = async (q) => (await ask(server, '/api/v1/query?q=' + encodeURIComponent(q))).traces
const [slow] = await query('{ name = "POST /checkout" && kind = server && duration > 1500ms } >> { name = "external.taxApi" && duration > 1s }')
const [fast] = await query('{ name = "POST /checkout" && kind = server && duration < 1s }')
const id = slow.traceId
const narrow = '&since=5m'

const views = {
  find: ['/?since=5m'],
  query: ['/?q=' + encodeURIComponent('{ resource.service.name = "orders" && duration > 200ms }') + narrow],
  rates: ['/?q=' + encodeURIComponent('{ kind = server } | rate() by(resource.service.name)') + narrow],
  durations: ['/?q=' + encodeURIComponent('{ nestedSetParent < 0 } | histogram_over_time(trace:duration)') + narrow],
  trace: [`/trace/${id}`, (page) => page.keyboard.press('b')],
  flame: [`/trace/${id}?view=flame`],
  operations: [`/trace/${id}?view=operations`],
  crossed: [`/trace/${id}?view=services`],
  services: ['/services?since=5m'],
  around: ['/services?view=map&around=orders&since=5m'],
  map: ['/services?view=map&since=5m'],
  service: ['/services?service=gateway&since=5m'],
  compare: [`/compare?a=${fast.traceId}&b=${id}`],
  share: [`/trace/${id}`, (page) => page.getByRole('button', { name: 'Share' }).click()],
  walked: [`/trace/${id}?view=flame&by=operation`, async (page) => {
    await page.keyboard.press('Tab')
    await page.getByRole('application').focus()
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key)
  }],
  wrong: ['/?q=' + encodeURIComponent('{ span.user.id == "u-7" && duration > 2 s }') + narrow],
  none: ['/?q=' + encodeURIComponent('{ resource.service.name = "orders" && duration > 40s }') + narrow],
  sets: [`/compare?base=${encodeURIComponent('{ nestedSetParent < 0 }')}&set=${encodeURIComponent('{ trace:duration > 1s }')}` + narrow],
}
for (const [width, height] of [[1440, 900], [420, 900]]) {
  for (const colorScheme of ['light', 'dark']) {
    for (const [name, [path, act]] of Object.entries(views)) {
      const { page, trouble, close } = await open(browser, server, path, { viewport: { width, height }, colorScheme })
      await page.waitForLoadState('networkidle')
      await act?.(page)
      await page.waitForTimeout(700)
      await page.screenshot({ path: join(to, `${name}-${width}-${colorScheme}.png`) })
      if (trouble.length) console.log(name, width, colorScheme, trouble)
      await close()
    }
  }
}

// The first thing that a person sees, and a trace as a file that opens without a server.
const empty = await startServer()
const file = join(to, 'trace.html')
writeFileSync(file, await (await fetch(`${server.url}/api/v1/traces/${id}/html`)).text())
for (const [width, height] of [[1440, 900], [420, 900]]) {
  for (const colorScheme of ['light', 'dark']) {
    for (const [name, url] of [['empty', empty.url + '/'], ['file', 'file://' + resolve(file)]]) {
      const { page, close } = await open(browser, { url: '' }, url, { viewport: { width, height }, colorScheme })
      await page.waitForTimeout(1500)
      await page.screenshot({ path: join(to, `${name}-${width}-${colorScheme}.png`) })
      await close()
    }
  }
}
await browser.close()
await empty.stop()
await server.stop()
