// A made-up trace with everything that is odd in it, and what a person sees of that.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { address, open, sees, send, startBrowser, startServer, visit } from './harness.mjs'

const id = '0dd'.padStart(32, '0')
const other = '0de'.padStart(32, '0')
const failed = '0df'.padStart(32, '0')
const start = BigInt(Date.now() - 60_000) * 1_000_000n
const ms = (n) => String(start + BigInt(Math.round(n * 1e6)))
const long = 'ein sehr langer Name '.repeat(25).trim()
const attribute = (key, value) => ({ key, value: { stringValue: value } })
const resource = (name) => ({ attributes: [attribute('service.name', name)] })
const hex = (n) => n.toString(16).padStart(16, '0')
const span = (n, parent, name, from, to, more = {}) => ({ traceId: id, spanId: hex(n), parentSpanId: parent ? hex(parent) : '', name, kind: 1, startTimeUnixNano: ms(from), endTimeUnixNano: ms(to), ...more })

const services = {
  shop: [
    span(1, 0, 'GET /page', 0, 1000, { kind: 2 }),
    span(2, 1, 'prepare', 0, 200),
    // Nothing covers 200 to 600 ms.
    ...Array.from({ length: 8 }, (_, i) => span(10 + i, 1, 'SELECT price', 600 + 20 * i, 615 + 20 * i, { kind: 3, attributes: [attribute('db.query.text', 'SELECT price FROM items WHERE id = ?')] })),
    span(3, 1, 'render 😀 مرحبا', 800, 950, {
      status: { code: 2, message: 'no template for "page"' },
      events: [
        { timeUnixNano: ms(900), name: 'exception', attributes: [attribute('exception.type', 'TemplateError'), attribute('exception.message', 'no template for "page"'), attribute('exception.stacktrace', 'at render (page.js:10)\n'.repeat(30))] },
        { timeUnixNano: ms(850), name: 'cache.miss', attributes: [attribute('cache.key', 'page-7')] },
      ],
      links: [{ traceId: other, spanId: hex(99), attributes: [attribute('why', 'warmed by')] }],
      attributes: [attribute('url.full', 'https://example.com/page?id=7'), attribute('danger', 'javascript:alert(1)'), attribute('user.id', 'u-7')],
    }),
    span(4, 1, long, 955, 960),
    span(5, 77, 'lost child', 300, 340), // its parent never came
    span(6, 7, 'round', 400, 410),
    span(7, 6, 'about', 402, 408),
  ],
  // Another machine, whose clock is three seconds behind.
  stock: [span(8, 1, 'check stock', -2400, -2300, { kind: 2 })],
}

let server, browser
before(async () => {
  server = await startServer('--log-links', 'Loki=https://loki.example/?t={trace_id}')
  browser = await startBrowser()
  await send(server, {
    resourceSpans: [
      ...Object.entries(services).map(([name, spans]) => ({ resource: resource(name), scopeSpans: [{ scope: { name: 'by hand' }, spans }] })),
      {
        resource: resource('shop'),
        scopeSpans: [
          {
            spans: [
              { ...span(51, 0, 'POST /pay', 0, 300, { kind: 2, status: { code: 2, message: 'payment failed' } }), traceId: failed },
              { ...span(52, 51, 'charge card', 10, 250, { kind: 3, status: { code: 2, message: 'card declined by issuer' } }), traceId: failed },
            ],
          },
        ],
      },
      { resource: resource('warmer'), scopeSpans: [{ spans: [{ ...span(99, 0, 'warm', -5000, -4900), traceId: other, links: [{ traceId: id, spanId: hex(1) }] }] }] },
    ],
  })
  await send(server, { resourceLogs: [{ resource: resource('shop'), scopeLogs: [{ logRecords: [{ traceId: id, spanId: hex(3), timeUnixNano: ms(870), severityNumber: 17, severityText: 'ERROR', body: { stringValue: 'template is gone' } }] }] }] }, 'logs')
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

const row = (page, name) => page.getByRole('treeitem').filter({ hasText: name }).first()
const choose = async (page, name) => {
  await row(page, name).click()
  await sees(page.getByRole('complementary').getByRole('heading', { name }))
  return page.getByRole('complementary')
}
const view = (name, check, path = '/trace/' + id, options, before) => test(name, () => visit(browser, server, path, check, options, before))

view('eight alike calls are one row, which opens', async (page) => {
  await sees(row(page, '8 × SELECT price'))
  const rows = await page.getByRole('treeitem').count()
  await row(page, '8 × SELECT price').click()
  await page.waitForFunction((n) => document.querySelectorAll('[role=treeitem]').length >= n + 7, rows)
  await address(page, (q) => q.has('unrolled'))
})

view('a gap, an orphan, a cycle and a clock that is off are named', async (page) => {
  assert.match(await row(page, 'GET /page').innerText(), /no span covers/)
  await sees(row(page, 'parent not received'))
  for (const [name, text] of [['1 missing parent', /on its way/], ['1 cycle', /own ancestors/], [/outside (its|their) parent/, /clocks differ/]]) {
    await page.getByRole('button', { name }).click()
    await sees(page.getByText(text))
  }
})

view('a switch adjusts clocks, and says what it moved', async (page) => {
  await page.getByRole('switch', { name: /Adjust clocks/ }).check()
  await sees(page.getByText(/1 moved by up to/))
  await address(page, (q) => q.get('adjust') === '1')
  const panel = await choose(page, 'check stock')
  await sees(panel.getByText(/Drawn .* later than it was sent/))
})

view('an exception with its stack folded, events, log records, links and safe addresses', async (page) => {
  const panel = await choose(page, 'render')
  await sees(panel.getByText('TemplateError'))
  assert.equal(await panel.getByText('at render (page.js:10)').first().isVisible(), false)
  await panel.getByText('Stack').click()
  await sees(panel.getByText('at render (page.js:10)'))
  await sees(panel.getByText('cache.miss'))
  await sees(panel.getByText('template is gone'))
  assert.equal(await panel.getByRole('link', { name: 'https://example.com/page?id=7' }).getAttribute('rel'), 'noopener noreferrer')
  assert.equal(await panel.getByRole('link', { name: 'javascript:alert(1)' }).count(), 0)
  assert.match(await row(page, 'render').innerText(), /links to 1 span/)
  await panel.getByRole('link', { name: /▸/ }).first().click()
  await page.waitForURL((u) => u.pathname === '/trace/' + other)
})

view('a span says who links to it', async (page) => {
  const panel = await choose(page, 'GET /page')
  await sees(panel.getByText('Linked from'))
  await sees(panel.getByRole('link', { name: /warm · warmer/ }))
})

view('more like this, and others than this', async (page) => {
  const panel = await choose(page, 'render')
  const user = panel.locator('dl div').filter({ hasText: 'user.id' }).first()
  await user.hover()
  await user.getByRole('link', { name: 'exclude' }).click()
  await address(page, (q) => /!\(span\.user\.id = "u-7"\)/.test(q.get('q') ?? ''))
})

view('the minimap zooms, and dragging the bars moves', async (page) => {
  const map = page.getByRole('img', { name: 'The whole trace' })
  const b = await map.boundingBox()
  await page.mouse.move(b.x + b.width * 0.7, b.y + 20)
  await page.mouse.down()
  await page.mouse.move(b.x + b.width * 0.9, b.y + 20, { steps: 3 })
  await page.mouse.up()
  await sees(page.getByRole('img', { name: /^Shown: / }))
  await address(page, (q) => q.has('from') && q.has('to'))
  const from = Number(new URL(page.url()).searchParams.get('from'))
  const tree = await page.getByRole('tree').boundingBox()
  await page.mouse.move(tree.x + tree.width * 0.6, tree.y + 200)
  await page.mouse.down()
  await page.mouse.move(tree.x + tree.width * 0.6 + 100, tree.y + 200, { steps: 3 })
  await page.mouse.up()
  await address(page, (q) => Number(q.get('from')) < from)
  await page.mouse.wheel(0, 0)
  await page.keyboard.down('Control')
  await page.mouse.wheel(0, -300)
  await page.keyboard.up('Control')
  await page.getByRole('button', { name: /Whole trace/ }).click()
  await sees(page.getByRole('img', { name: 'The whole trace' }))
})

view('e leads to the error, with its message in the row', async (page) => {
  assert.match(await row(page, 'render').innerText(), /no template for "page"/)
  await page.keyboard.press('e')
  await sees(page.getByRole('complementary').getByText('no template for "page"'))
})

view('a request that failed says where, and why', async (page) => {
  await sees(page.locator('main header').getByText(/card declined by issuer/))
  await page.locator('main header').getByRole('button', { name: 'Go to it' }).last().click()
  await sees(page.getByRole('complementary').getByRole('heading', { name: 'charge card' }))
}, '/trace/' + failed)

view('on a screen of 2,560 pixels nothing is cut or lost', async (page) => {
  for (const path of ['/', '/trace/' + id, '/services', '/compare']) {
    await page.goto(server.url + path)
    await page.waitForLoadState('networkidle')
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 2560)
  }
}, '/', { viewport: { width: 2560, height: 1300 } })

view('a very long name is cut in the row and whole in the panel', async (page) => {
  const cell = row(page, 'ein sehr langer Name')
  assert.ok((await cell.boundingBox()).height < 30)
  await cell.click()
  await sees(page.getByRole('complementary').getByRole('heading', { name: long }))
})

view('on a phone, a span is a sheet from below, and all of it can be reached', async (page) => {
  await row(page, 'render').click()
  const sheet = page.getByRole('complementary')
  await sees(sheet)
  const b = await sheet.boundingBox()
  assert.ok(b.x <= 1 && b.width >= 418 && b.y > 200, JSON.stringify(b))
  await sheet.getByText('user.id').scrollIntoViewIfNeeded()
  await sees(sheet.getByText('user.id'))
  await sheet.getByRole('button', { name: /close/i }).click()
  await sheet.waitFor({ state: 'hidden' })
}, '/trace/' + id, { viewport: { width: 420, height: 840 }, hasTouch: true, isMobile: true })

view('times in UTC, and the theme, are remembered', async (page) => {
  await page.getByLabel('Times').selectOption('utc')
  await page.getByLabel('Theme').selectOption('dark')
  const utc = new Date(Number(start / 1_000_000n) - 2400).toISOString().slice(11, 16)
  await sees(page.locator('main header time').filter({ hasText: utc }))
  await page.reload()
  await sees(page.locator('main header time').filter({ hasText: utc }))
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
}, '/trace/' + id, { timezoneId: 'Asia/Kolkata' })

view('the editor offers names and values that were received', async (page) => {
  const editor = page.getByRole('textbox', { name: /TraceQL|query/i }).last()
  await sees(editor)
  await editor.click()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.type(' span.user')
  await sees(page.locator('[role=option]').filter({ hasText: 'user.id' }))
  await page.waitForTimeout(200) // a list that has just opened takes no key, lest one is meant for the text
  await page.keyboard.press('Tab')
  await page.keyboard.type(' = ')
  await sees(page.locator('[role=option]').filter({ hasText: 'u-7' }))
  await page.waitForTimeout(200)
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await address(page, (q) => q.get('q') === '{ span.user.id = "u-7" }')
  await sees(page.locator('main li').filter({ hasText: 'GET /page' }))
}, '/')

let letEditorCome
view('who types before the editor is there types on in it', async (page) => {
  const plain = page.locator('textarea')
  await plain.click()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.type(' kind')
  letEditorCome()
  await sees(page.locator('.cm-editor'))
  await page.keyboard.type(' = server')
  await page.keyboard.press('Escape') // what is offered
  await page.keyboard.press('Enter')
  await address(page, (q) => q.get('q') === '{ kind = server }')
}, '/', {}, (page) => page.route(/Editor-.*\.js/, async (route) => {
  await new Promise((done) => (letEditorCome = done))
  await route.continue()
}))

test('an answer that is not complete says so first, and never that there is nothing', async () => {
  const hasty = await startServer('--query-timeout', '1us')
  try {
    await send(hasty, { resourceSpans: [{ resource: resource('shop'), scopeSpans: [{ spans: [{ traceId: id, spanId: hex(1), name: 'GET /page', kind: 2, startTimeUnixNano: ms(0), endTimeUnixNano: ms(10) }] }] }] })
    for (const path of ['/', '/?q=' + encodeURIComponent('{ kind = server } | rate()'), '/services', '/services?view=map', '/compare?set=' + encodeURIComponent('{ status = error }')]) {
      const { page, trouble, close } = await open(browser, hasty, path)
      await sees(page.getByRole('status').filter({ hasText: /not complete|not everything was looked at/ }).getByText('stopped after 1µs'))
      for (const wrong of [/No span has arrived yet/, /No trace found/, /No span matches/, /No request in/]) assert.equal(await page.getByText(wrong).count(), 0, path)
      assert.deepEqual(trouble, [])
      await close()
    }
  } finally {
    await hasty.stop()
  }
})

view('a trace leads to other log stores', async (page) => {
  assert.equal(await page.getByRole('link', { name: 'Loki' }).getAttribute('href'), 'https://loki.example/?t=' + id)
})

test('of very many log records it is said how many are shown', async () => {
  const chatty = '0e0'.padStart(32, '0')
  await send(server, { resourceSpans: [{ resource: resource('shop'), scopeSpans: [{ spans: [{ ...span(1, 0, 'GET /chatty', 0, 10), traceId: chatty }] }] }] })
  const logRecords = Array.from({ length: 10_001 }, (_, i) => ({ traceId: chatty, spanId: hex(1), timeUnixNano: ms(i / 2000), severityNumber: 9, body: { stringValue: 'step ' + i } }))
  await send(server, { resourceLogs: [{ resource: resource('shop'), scopeLogs: [{ logRecords }] }] }, 'logs')
  const { page, trouble, close } = await open(browser, server, '/trace/' + chatty)
  await sees(page.getByText(/more log records than the oldest 10\u202f000/))
  assert.deepEqual(trouble, [])
  await close()
})
