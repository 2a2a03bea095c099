// More services than a map can show: the busiest, what is around one, and a list to search.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { address, sees, send, serious, startBrowser, startServer, visit } from './harness.mjs'

let server, browser
const count = 150 // a row of services: each calls the next one, and every tenth the hub
const name = (i) => (i === count ? 'hub' : `s-${String(i).padStart(3, '0')}`)
before(async () => {
  server = await startServer()
  browser = await startBrowser()
  const by = new Map()
  const begin = BigInt(Date.now() - 60_000) * 1_000_000n
  let made = 0
  const call = (from, to, times) => {
    for (let i = 0; i < times; i++) {
      const [traceId, client, taken] = [(++made).toString(16).padStart(32, '0'), (++made).toString(16).padStart(16, '0'), (++made).toString(16).padStart(16, '0')]
      const span = (of, spanId, kind, more) => by.set(of, [...(by.get(of) ?? []), { traceId, spanId, kind, name: 'GET', startTimeUnixNano: String(begin), endTimeUnixNano: String(begin + 20_000_000n), ...more }])
      span(from, client, 3)
      span(to, taken, 2, { parentSpanId: client, status: to === count && i === 0 ? { code: 2 } : {} })
    }
  }
  for (let i = 0; i < count - 1; i++) call(i, i + 1, i < 40 ? 1 : 3)
  for (let i = 0; i < count; i += 10) call(i, count, 2)
  await send(server, { resourceSpans: [...by].map(([i, spans]) => ({ resource: { attributes: [{ key: 'service.name', value: { stringValue: name(i) } }] }, scopeSpans: [{ spans }] })) })
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

const view = (name, path, check, options) => test(name, () => visit(browser, server, path, check, options))
const map = (page) => page.getByRole('group', { name: /^Map of/ })

view('a large map has the busiest, and leads to what is around one', '/services?view=map', async (page) => {
  await sees(page.getByText(`The 120 busiest of ${count + 1}: choose one`))
  await sees(page.getByRole('group', { name: /^Map of 120 services/ }))
  await map(page).getByRole('link', { name: 'service hub' }).click()
  await address(page, (q) => q.get('around') === 'hub')
  await sees(page.getByRole('group', { name: /^Map of 16 services and peers, 15 kinds of calls/ }))
  await sees(map(page).getByText('◆ 1 failed'))
  await page.getByLabel('Around').focus()
  await page.getByLabel('Around').selectOption('s-003')
  await sees(page.getByRole('group', { name: /^Map of 3 services/ }))
  assert.deepEqual(await page.locator('main tbody th').allInnerTexts(), ['s-002', 's-003', 's-003', 's-004'])
  assert.ok(await page.getByLabel('Around').evaluate((e) => e === document.activeElement)) // it can be gone through by keys
  await page.getByLabel('Steps').selectOption('2')
  await sees(page.getByRole('group', { name: /^Map of 5 services/ }))
  await page.getByLabel('Steps').selectOption('all')
  await sees(page.getByText('The 120 busiest of 151.')) // the row, to its ends
  await page.goBack()
  await page.goBack()
  await page.goBack()
  await sees(page.getByRole('group', { name: /^Map of 16 services/ }))
  // A service that sent nothing in this time: all of them, and that is said.
  await page.goto(`${server.url}/services?view=map&around=gone`)
  await sees(page.getByText('gone has sent nothing in this time.'))
})

view('a large map scrolls, and is made larger, smaller, and to fit', '/services?view=map', async (page) => {
  await sees(map(page))
  const width = () => map(page).evaluate((e) => e.getBoundingClientRect().width)
  const wide = await width()
  await page.getByRole('button', { name: 'Larger' }).click()
  await page.waitForFunction((w) => document.querySelector('svg[aria-label^="Map of"]').getBoundingClientRect().width > w * 1.3, wide)
  await page.getByRole('button', { name: 'Fit' }).click()
  await page.waitForFunction(() => { const b = document.querySelector('[aria-label="Map"]'); return b.scrollWidth <= b.clientWidth })
  assert.ok(await width() < wide)
  await page.getByRole('button', { name: 'Smaller' }).click()
})

view('a service leads to its place on the map', '/services?service=s-100', async (page) => {
  await page.getByRole('link', { name: 'On the map' }).click()
  await sees(page.getByRole('group', { name: /^Map of 4 services/ }))
})

view('a long list is filtered and sorted, and the address says so', '/services', async (page) => {
  const rows = page.locator('main tbody tr')
  await sees(rows)
  await page.getByRole('searchbox', { name: 'Filter the services' }).fill('S-14')
  await sees(page.getByText(`10 of ${count}`))
  assert.equal(await rows.count(), 10)
  await page.getByRole('button', { name: 'Service' }).click()
  await address(page, (q) => q.get('sort') === 'name' && q.get('filter') === 'S-14')
  await page.waitForFunction(() => /^s-140/.test(document.querySelector('main tbody tr').innerText))
  await page.getByRole('searchbox').fill('')
  await page.getByRole('button', { name: 'Errors' }).click()
  await page.waitForFunction(() => /^hub/.test(document.querySelector('main tbody tr').innerText))
  await page.getByRole('searchbox').fill('nobody')
  await sees(page.getByText('No service has this in its name.'))
})

for (const [width, colorScheme] of [[1440, 'light'], [420, 'dark']]) {
  view(`nothing serious for axe, and nothing too wide, at ${width} in ${colorScheme}`, '/services?view=map', async (page) => {
    for (const path of ['/services?view=map', '/services?view=map&around=hub', '/services?filter=s-1']) {
      await page.goto(server.url + path)
      await sees(page.locator('main tbody tr'))
      assert.deepEqual(await serious(page), [], path)
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), path)
    }
  }, { viewport: { width, height: 900 }, colorScheme })
}
