// More traces than a list can hold: pages by cursor, and a heat map of all of them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sees, send, startBrowser, startServer, visit } from './harness.mjs'

let server, browser
const count = 2600
before(async () => {
  server = await startServer()
  browser = await startBrowser()
  const begin = BigInt(Date.now() - 30 * 60_000) * 1_000_000n
  const spans = Array.from({ length: count }, (_, i) => {
    const start = begin + BigInt(i) * 600_000_000n // over 26 minutes
    const slow = i % 400 === 7 // a few, and long ago as well
    return {
      traceId: (i + 1).toString(16).padStart(32, '0'),
      spanId: (i + 1).toString(16).padStart(16, '0'),
      name: slow ? 'slow' : 'fast',
      kind: 2,
      startTimeUnixNano: String(start),
      endTimeUnixNano: String(start + (slow ? 4_000_000_000n : BigInt(20_000_000 + (i % 7) * 1_000_000))),
    }
  })
  await send(server, { resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'mill' } }] }, scopeSpans: [{ spans }] }] })
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

const view = (name, path, check) => test(name, () => visit(browser, server, path, check))

view('a heat map counts all, and a box in it narrows the search to what the list did not have', '/', async (page) => {
  const picture = page.getByRole('application', { name: `Heat map of ${count} by start and duration` })
  await sees(picture)
  const b = await picture.boundingBox()
  await page.mouse.move(b.x + 60, b.y + 10)
  await page.mouse.down()
  await page.mouse.move(b.x + b.width - 14, b.y + b.height / 3, { steps: 4 })
  await page.mouse.up()
  await page.getByRole('button', { name: 'Show only these' }).click()
  await sees(page.getByRole('application', { name: /^7 traces by start and duration/ }))
  assert.equal(await page.locator('main ol > li').filter({ hasText: 'slow' }).count(), 7)
})

view('the list has the next page when it is asked for', '/', async (page) => {
  await sees(page.locator('main li'))
  assert.equal(await page.locator('main ol > li').count(), 100)
  await page.getByRole('button', { name: 'Load more' }).click()
  await page.waitForFunction(() => document.querySelectorAll('main ol > li').length === 200)
})

view('a box compares its traces with the rest', '/?q=' + encodeURIComponent('{ name = "slow" }'), async (page) => {
  const picture = page.getByRole('application', { name: /traces by start and duration/ })
  await sees(picture)
  const b = await picture.boundingBox()
  await page.mouse.move(b.x + 60, b.y + 10)
  await page.mouse.down()
  await page.mouse.move(b.x + b.width / 2, b.y + b.height - 30, { steps: 4 })
  await page.mouse.up()
  await page.getByRole('button', { name: 'Compare with the rest' }).click()
  await page.waitForURL((u) => u.pathname === '/compare' && u.searchParams.has('setfrom'))
  await sees(page.getByText(/differs most|chance may explain|No attribute sets/))
})

view('a dot opens its trace', '/?q=' + encodeURIComponent('{ trace:id = "00000000000000000000000000000008" }'), async (page) => {
  const picture = page.getByRole('application', { name: /^1 traces? by start/ })
  await sees(picture)
  const at = await picture.evaluate((c) => {
    const { data, width } = c.getContext('2d').getImageData(0, 0, c.width, c.height)
    const left = 60 * devicePixelRatio
    for (let i = 0; i < data.length; i += 4) {
      const [x, y] = [(i / 4) % width, Math.floor(i / 4 / width)]
      // A dot is the only thing there with a colour.
      if (x > left && data[i + 3] > 150 && Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60) return { x: x / devicePixelRatio, y: y / devicePixelRatio }
    }
  })
  const b = await picture.boundingBox()
  await page.mouse.click(b.x + at.x, b.y + at.y + 3)
  await page.waitForURL((u) => u.pathname.endsWith('0008'))
})

view('sorted by duration the slowest is first, and says of how many', '/?sort=duration', async (page) => {
  await sees(page.getByText(/Slowest of the newest/))
  await page.getByRole('button', { name: 'Slowest' }).click()
  await sees(page.locator('main ol > li').first().getByText('slow'))
})

view('nothing found says what to loosen', '/?q=' + encodeURIComponent('{ name = "slow" && duration > 1m }'), async (page) => {
  await sees(page.getByText(/duration > 1m/).last())
  await page.getByRole('button', { name: /without|Without|remove|Remove/ }).first().click()
  await sees(page.locator('main li').filter({ hasText: 'slow' }))
})
