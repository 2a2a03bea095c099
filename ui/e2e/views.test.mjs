import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { address, ask, open, runShop, sees, send, serious, startBrowser, startServer, visit } from './harness.mjs'

let server, browser, slow
before(async () => {
  server = await startServer()
  browser = await startBrowser()
  await runShop(server, 15, 15)
  const found = await ask(server, '/api/v1/query?q=' + encodeURIComponent('{ name = "POST /checkout" && kind = server && duration > 1500ms } >> { name = "external.taxApi" && duration > 1s }'))
  slow = found.traces[0]
  assert.ok(slow, 'the shop has a slow checkout')
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

/** A test with a page of its own, in which nothing may go wrong. */
const view = (name, path, check, options) => test(name, () => visit(browser, server, typeof path === 'function' ? path() : path, check, options))

const row = (page, name) => page.getByRole('treeitem').filter({ hasText: name }).first()
const parameters = (page) => new URL(page.url()).searchParams

view('from the start page to the bottleneck in three clicks', '/', async (page) => {
  await page.getByRole('button', { name: 'Slowest' }).click()
  await address(page, (q) => q.get('sort') === 'duration')
  await page.waitForFunction(() => document.querySelectorAll('main li a[href^="/trace/"]').length > 0 && !document.querySelector('[data-old]'))
  await page.locator('main li a[href^="/trace/"]').first().click()
  await sees(page.getByText(/of this request waited for external\.taxApi/))
  await page.getByRole('button', { name: /Go to it/ }).first().click()
  await sees(page.getByRole('complementary').getByText('external.taxApi'))
})

view('the list has what was found, and the form narrows it', '/', async (page) => {
  await sees(page.locator('main li').filter({ hasText: 'POST /checkout' }))
  await page.getByLabel('Service', { exact: true }).fill('orders')
  await page.keyboard.press('Enter')
  await address(page, (q) => /resource\.service\.name = "orders"/.test(q.get('q') ?? ''))
  await page.getByLabel('Errors only').check()
  await address(page, (q) => /status = error/.test(q.get('q') ?? ''))
  await page.goBack()
  await address(page, (q) => !/status = error/.test(q.get('q') ?? ''))
  assert.equal(await page.getByLabel('Errors only').isChecked(), false)
})

view('a wrong query is marked where it is wrong', '/?q=' + encodeURIComponent('{ duraton > 1s }'), async (page) => {
  await sees(page.getByText(/duration/).filter({ hasText: /duraton|mean/ }))
})

view('a box in the picture narrows the search', '/', async (page) => {
  const picture = page.getByRole('application', { name: /traces by start and duration/ })
  await sees(picture)
  const b = await picture.boundingBox()
  await page.mouse.move(b.x + 70, b.y + 4)
  await page.mouse.down()
  await page.mouse.move(b.x + b.width - 10, b.y + b.height / 2, { steps: 4 })
  await page.mouse.up()
  await page.getByRole('button', { name: /Show only/ }).click()
  await address(page, (q) => /trace:duration >= /.test(q.get('q') ?? '') && q.has('from'))
})

view('a series is a chart with a table', '/?q=' + encodeURIComponent('{ kind = server } | rate() by(resource.service.name)'), async (page) => {
  await sees(page.locator('main table'))
  await sees(page.locator('main table').getByText('gateway'))
})

view('a log line with a trace id opens the trace', '/', async (page) => {
  await page.getByPlaceholder(/Trace id, traceparent/).fill(`level=INFO msg="order placed" trace_id=${slow.traceId} user=bob`)
  await page.keyboard.press('Enter')
  await page.waitForURL((u) => u.pathname === '/trace/' + slow.traceId)
  await sees(page.getByRole('heading', { name: /POST \/checkout/ }))
})

view('a span says all there is of it, and leads on', () => '/trace/' + slow.traceId, async (page) => {
  await row(page, 'db.query pricing_rules').click()
  const panel = page.getByRole('complementary')
  await sees(panel.getByText('db.query.text'))
  await sees(panel.getByText('Critical path'))
  await panel.getByRole('link', { name: 'more like this' }).first().click()
  await page.waitForURL((u) => u.pathname === '/' && u.searchParams.has('q'))
  await sees(page.locator('main li a[href^="/trace/"]'))
})

view('keys lead through a trace', () => '/trace/' + slow.traceId, async (page) => {
  await sees(row(page, 'external.taxApi'))
  await page.keyboard.press('b')
  await sees(page.getByRole('complementary').getByText('external.taxApi'))
  await page.keyboard.press('Escape')
  await page.getByRole('complementary').waitFor({ state: 'hidden' })
  await page.keyboard.press('c')
  await address(page, (q) => q.get('critical') !== null)
  await row(page, 'validateToken').waitFor({ timeout: 5000 })
  await page.keyboard.press('c')
  await page.keyboard.press('+')
  await sees(page.getByRole('button', { name: /Whole trace/ }))
  await page.keyboard.press('0')
  await page.getByRole('button', { name: /Whole trace/ }).waitFor({ state: 'hidden' })
  await page.keyboard.press('/')
  await page.keyboard.type('taxApi')
  await sees(page.getByRole('status').filter({ hasText: /^1$|1 of 1/ }))
  await page.keyboard.press('Enter')
  await sees(page.getByRole('status').filter({ hasText: '1 of 1' }))
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  const count = await page.getByRole('treeitem').count()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowLeft')
  await page.waitForFunction((n) => document.querySelectorAll('[role=treeitem]').length < n, count)
  await address(page, (q) => /^[0-9a-f]{16}$/.test(q.get('folded') ?? ''))
  await page.reload() // what is folded is in the address
  await page.waitForFunction((n) => document.querySelectorAll('[role=treeitem]').length < n && document.querySelector('[role=treeitem]'), count)
  await page.locator('#waterfall').focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowRight')
  await page.waitForFunction((n) => document.querySelectorAll('[role=treeitem]').length === n, count)
  await address(page, (q) => !q.has('folded'))
  await page.keyboard.press('?')
  await sees(page.getByRole('dialog').getByText('the bottleneck'))
})

view('f shows a subtree alone, back shows all', () => '/trace/' + slow.traceId, async (page) => {
  await row(page, 'pricing.calculate').click()
  await page.keyboard.press('f')
  await page.waitForFunction(() => document.querySelectorAll('[role=treeitem]').length === 3)
  await page.goBack()
  await page.waitForFunction(() => document.querySelectorAll('[role=treeitem]').length > 10)
})

view('a service can be hidden', () => '/trace/' + slow.traceId, async (page) => {
  await page.getByRole('button', { name: /Services ▾/ }).click()
  await page.getByRole('checkbox', { name: 'orders', exact: true }).uncheck()
  await row(page, 'orders.place').waitFor({ state: 'detached' })
  assert.ok(parameters(page).toString().includes('orders'))
})

view('the other views of a trace', () => '/trace/' + slow.traceId, async (page) => {
  const views = page.getByRole('group', { name: 'Views of the trace' })
  await views.getByRole('button', { name: 'Flame graph' }).click()
  await sees(page.getByText(/A double click zooms in/))
  assert.ok(await drawn(page, 'main canvas') > 5, 'the flame graph has frames of several colours')
  await views.getByRole('button', { name: 'Operations' }).click()
  const first = page.locator('main tbody tr').first()
  await sees(first)
  assert.match(await first.innerText(), /external\.taxApi/) // sorted by the critical path
  await views.getByRole('button', { name: 'Services' }).click()
  await sees(page.getByText('pricing').first())
})

view('bars are drawn, in the colours of services', () => '/trace/' + slow.traceId, async (page) => {
  await sees(row(page, 'external.taxApi'))
  assert.ok(await drawn(page, '#waterfall canvas') > 5)
})

view('services: list, map, and one', '/services', async (page) => {
  await sees(page.getByRole('link', { name: 'pricing', exact: true }))
  await page.getByRole('button', { name: 'Map' }).click()
  await address(page, (q) => q.get('view') === 'map')
  await sees(page.locator('main svg').getByText('gateway'))
  await page.goBack()
  await page.getByRole('link', { name: 'pricing', exact: true }).click()
  await sees(page.getByText('pricing.calculate').or(page.getByText('POST /price')))
})

view('two traces are compared by operation', '/', async (page) => {
  const fast = (await ask(server, '/api/v1/query?q=' + encodeURIComponent('{ name = "POST /checkout" && kind = server && duration < 1s }'))).traces[0]
  await page.goto(`${server.url}/compare?a=${fast.traceId}&b=${slow.traceId}`)
  await sees(page.getByText(/B took .* longer/))
  await sees(page.getByText(/more of the critical path went to external\.taxApi/))
})

view('two sets are compared by attribute', `/compare?base=${encodeURIComponent('{ nestedSetParent < 0 }')}&set=${encodeURIComponent('{ trace:duration > 500ms }')}`, async (page) => {
  await sees(page.getByText(/= POST \/checkout differs most/))
  // What took the time is named, of the mean trace of each side.
  await sees(page.getByText(/A trace of the selection takes .* on average/))
  await sees(page.getByRole('region', { name: 'Table of operations' }).getByText('external.taxApi'))
  // What a few spans happen to have is not among what differs, but can be looked at.
  const lists = page.getByRole('region', { name: 'What differs' }).locator('ol')
  const before = await lists.count()
  await page.getByRole('button', { name: /^Show .* that chance may explain/ }).click()
  await sees(page.getByText('chance may explain these'))
  assert.equal(await lists.count(), before + 1)
  // Of a single span nothing is sure, and that is said above what it has.
  await page.goto(`${server.url}/compare?base=${encodeURIComponent('{ nestedSetParent < 0 }')}&set=${encodeURIComponent(`{ trace:id = "${slow.traceId}" }`)}`)
  await sees(page.getByText('chance may explain all of this'))
  await sees(page.getByRole('region', { name: 'What differs' }).locator('ol li'))
})

view('before and after a deploy', '/compare', async (page) => {
  const middle = new Date(Date.now() - 8_000 - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
  await page.getByLabel('Service').selectOption('gateway')
  await page.getByLabel('Moment').fill(middle)
  await page.getByRole('heading', { name: 'Before and after' }).locator('..').getByRole('button', { name: 'Compare' }).click()
  await address(page, (q) => q.get('set') === '{ }' && /gateway/.test(q.get('base') ?? ''))
  await sees(page.getByText(/differs most|chance may explain|No attribute sets/).or(page.getByText('there is nothing to compare')))
})

test('the empty page turns into the first trace by itself', async () => {
  const empty = await startServer()
  const { page, trouble, close } = await open(browser, empty, '/')
  try {
    await sees(page.getByRole('heading', { name: 'No span has arrived yet' }))
    for (const name of ['Go', 'Node.js', 'Python', 'Java', 'curl']) await sees(page.getByRole('tab', { name }))
    const now = BigInt(Date.now()) * 1_000_000n
    const span = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), name: 'the first span', kind: 2, startTimeUnixNano: String(now - 50_000_000n), endTimeUnixNano: String(now) }
    await send(empty, { resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'first' } }] }, scopeSpans: [{ spans: [span] }] }] })
    await sees(page.locator('main li').filter({ hasText: 'the first span' }))
    assert.deepEqual(trouble, [])
  } finally {
    await close()
    await empty.stop()
  }
})

test('a server that went away is said, and what was there stays', async () => {
  const other = await startServer()
  await runShop(other, 2, 10)
  const { page, close } = await open(browser, other, '/')
  try {
    await sees(page.locator('main li a[href^="/trace/"]'))
    await other.stop()
    await page.getByRole('button', { name: 'Refresh' }).click()
    await sees(page.getByText(/not reach|does not answer|unreachable/i))
    assert.ok((await page.locator('main li a[href^="/trace/"]').count()) > 0)
  } finally {
    await close()
  }
})

view('an id that nobody sent says so', '/trace/' + '0123456789abcdef'.repeat(2), async (page) => {
  await sees(page.getByText(/0123456789abcdef0123456789abcdef/))
  assert.equal(await page.getByRole('treeitem').count(), 0)
})

// What a machine can see of accessibility; wide and narrow, light and dark.
for (const [width, height] of [[1440, 900], [420, 840]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`nothing serious for axe, and nothing too wide, at ${width} in ${colorScheme}`, async () => {
      const id = slow.traceId
      for (const path of ['/', '/?q=' + encodeURIComponent('{ status = error } | rate() by(name)'), `/trace/${id}`, `/trace/${id}?view=flame`, `/trace/${id}?view=operations`, `/trace/${id}?view=services`, '/services', '/services?view=map', '/services?service=gateway', '/compare', `/compare?a=${id}&b=${id}`]) {
        const { page, trouble, close } = await open(browser, server, path, { viewport: { width, height }, colorScheme, reducedMotion: 'reduce' })
        try {
          await page.waitForLoadState('networkidle')
          if (path === `/trace/${id}`) {
            await row(page, 'db.query pricing_rules').click()
            await sees(page.getByRole('complementary').getByText('db.query.text'))
          }
          assert.deepEqual(await serious(page), [], path)
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
          assert.ok(wide <= 0, `${path} is ${wide} pixels too wide`)
          assert.deepEqual(trouble, [], path)
        } finally {
          await close()
        }
      }
    })
  }
}

/** How many colours a canvas has. */
function drawn(page, selector) {
  return page.locator(selector).first().evaluate((c) => {
    const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height)
    const seen = new Map()
    for (let i = 0; i < data.length; i += 4) {
      const k = (data[i] << 24) | (data[i + 1] << 16) | (data[i + 2] << 8) | data[i + 3]
      seen.set(k, (seen.get(k) ?? 0) + 1)
    }
    return [...seen.values()].filter((n) => n > 60).length
  })
}
