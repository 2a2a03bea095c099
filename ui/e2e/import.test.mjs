// A file with traces is dropped on the page, or chosen, and what it holds is seen.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ask, open, runShop, serious, startBrowser, startServer } from './harness.mjs'

let server, browser
before(async () => {
  server = await startServer()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

const sees = (locator) => locator.first().waitFor({ state: 'visible', timeout: 15_000 })
const target = (page) => page.getByText('Drop to open')

/** Drops files on an element, as a person does: over the page, then let go. */
async function drop(page, files, selector = 'main') {
  const data = await page.evaluateHandle((all) => {
    const d = new DataTransfer()
    for (const [name, text] of all) d.items.add(new File([text], name))
    return d
  }, Object.entries(files))
  await page.dispatchEvent(selector, 'dragenter', { dataTransfer: data })
  await page.dispatchEvent(selector, 'dragover', { dataTransfer: data })
  await sees(target(page))
  await page.dispatchEvent(selector, 'drop', { dataTransfer: data })
  await target(page).waitFor({ state: 'hidden' })
}

function view(name, check, allowed = /^$/) {
  test(name, async () => {
    const { page, trouble, close } = await open(browser, server, '/')
    try {
      await page.waitForLoadState('networkidle')
      await check(page)
      assert.deepEqual(trouble.filter((t) => !allowed.test(t)), [])
    } finally {
      await close()
    }
  })
}

const now = Date.now()
let ids = 0
const id = () => (++ids).toString(16).padStart(32, 'f')
const micros = (ms) => (now - 60_000 + ms) * 1000
const nanos = (ms) => `${now - 60_000 + ms}000123`

function otlp(trace, names = ['GET /cart', 'load cart']) {
  const spans = names.map((name, i) => ({ traceId: trace, spanId: `0${i + 1}`.repeat(8), ...(i ? { parentSpanId: '01'.repeat(8) } : {}), name, kind: i ? 3 : 2, startTimeUnixNano: nanos(10 * i), endTimeUnixNano: nanos(200 - 10 * i) }))
  return { resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] }, scopeSpans: [{ scope: { name: 'lib' }, spans }] }] }
}
const jaeger = (trace) => {
  const span = (spanID, operationName, ms, processID, more) => ({ traceID: trace, spanID, operationName, references: [], startTime: micros(ms), duration: 90_000, tags: [], logs: [], processID, ...more })
  return {
    data: [
      {
        traceID: trace,
        spans: [
          span('a1', 'jaeger root', 0, 'p1', { tags: [{ key: 'span.kind', type: 'string', value: 'server' }] }),
          span('a2', 'jaeger child', 5, 'p2', { references: [{ refType: 'CHILD_OF', traceID: trace, spanID: 'a1' }], tags: [{ key: 'error', type: 'bool', value: true }, { key: 'rows', type: 'int64', value: 7 }] }),
        ],
        processes: { p1: { serviceName: 'front', tags: [] }, p2: { serviceName: 'back', tags: [] } },
      },
    ],
  }
}
const zipkin = (trace) => [
  { traceId: trace, id: 'b1', name: 'zipkin root', kind: 'SERVER', timestamp: micros(0), duration: 90_000, localEndpoint: { serviceName: 'edge' } },
  { traceId: trace, id: 'b2', parentId: 'b1', name: 'zipkin call', kind: 'CLIENT', timestamp: micros(5), duration: 60_000, localEndpoint: { serviceName: 'edge' } },
  { traceId: trace, id: 'b2', parentId: 'b1', name: 'zipkin call', kind: 'SERVER', shared: true, timestamp: micros(9), duration: 50_000, localEndpoint: { serviceName: 'depot' }, tags: { error: 'no room' } },
]

for (const [name, file, make, names] of [
  ['OTLP/JSON', 'otlp.json', (t) => JSON.stringify(otlp(t)), ['GET /cart', 'load cart']],
  ['a document a line', 'traces.jsonl', (t) => [['GET /cart'], ['GET /cart', 'a late span']].map((n) => JSON.stringify(otlp(t, n))).join('\n'), ['GET /cart', 'a late span']],
  ['JSON of Jaeger’s page', 'jaeger.json', (t) => JSON.stringify(jaeger(t), null, 2), ['jaeger root', 'jaeger child']],
  ['Zipkin v2', 'zipkin.json', (t) => JSON.stringify(zipkin(t)), ['zipkin root', 'zipkin call']],
]) {
  view(`${name} is dropped, and its trace drawn`, async (page) => {
    const trace = id()
    await drop(page, { [file]: make(trace) })
    await page.waitForURL((u) => u.pathname === '/trace/' + trace)
    for (const n of names) await sees(page.getByRole('treeitem').filter({ hasText: n }))
    await sees(page.getByRole('heading', { name: names[0] }))
  })
}

view('several traces lead to Find, with their time and a line that says what came', async (page) => {
  const files = { 'a.json': JSON.stringify(otlp(id(), ['of a'])), 'b.json': JSON.stringify(zipkin(id())) }
  await drop(page, files)
  await page.waitForURL((u) => u.searchParams.has('from') && u.searchParams.has('to'))
  await sees(page.getByRole('status').filter({ hasText: '2 traces with 4 spans came.' }))
  await sees(page.locator('main li').filter({ hasText: 'of a' }))
  await page.getByRole('button', { name: 'Close' }).click()
  await page.getByText('2 traces with 4 spans came.').waitFor({ state: 'hidden' })
})

view('a file that can’t be read is named, with the cause and the way out; the others are sent', async (page) => {
  const trace = id()
  await drop(page, { 'shopping.txt': '<img src=x onerror=alert(1)>', 'logs.json': '{"resourceLogs":[{}]}', 'good.json': JSON.stringify(otlp(trace)) }, '#query')
  await page.waitForURL((u) => u.pathname === '/trace/' + trace)
  const state = page.getByRole('status').filter({ hasText: 'shopping.txt' })
  await sees(state)
  assert.match(await state.innerText(), /shopping\.txt: It is HTML, not JSON\. A trace/)
  assert.match(await state.innerText(), /logs\.json: It is OTLP with log records/)
  assert.deepEqual(await serious(page), [])
})

view('text and links that are dragged are left alone', async (page) => {
  const data = await page.evaluateHandle(() => {
    const d = new DataTransfer()
    d.setData('text/plain', 'a trace')
    d.setData('text/uri-list', 'https://example.org/')
    return d
  })
  for (const type of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('main', type, { dataTransfer: data })
  await page.waitForTimeout(200)
  assert.equal(await target(page).count(), 0)
  assert.equal(new URL(page.url()).pathname, '/')
})

view('a drag that goes away takes the target with it', async (page) => {
  const data = await page.evaluateHandle(() => {
    const d = new DataTransfer()
    d.items.add(new File(['x'], 'x.json'))
    return d
  })
  await page.dispatchEvent('main', 'dragenter', { dataTransfer: data })
  await sees(target(page))
  await page.dispatchEvent('main', 'dragleave', { dataTransfer: data })
  await target(page).waitFor({ state: 'hidden' })
})

view('large files go in parts, which can be cancelled', async (page) => {
  let parts = 0
  await page.route('**/v1/traces', async (route) => {
    parts++
    assert.ok(route.request().postDataBuffer().length <= 4 * 2 ** 20)
    if (parts === 1) return route.fulfill({ status: 503, headers: { 'Retry-After': '1' }, body: '{"message":"busy"}' })
    if (parts === 2) return route.continue()
    await new Promise(() => undefined) // never
  })
  const names = Array.from({ length: 9 }, (_, i) => `${i} ` + 'x'.repeat(1_000_000))
  await drop(page, { 'large.json': JSON.stringify(otlp(id(), names)) })
  await sees(page.getByRole('progressbar', { name: 'Sent' }))
  await page.waitForFunction(() => document.querySelector('progress')?.value > 0.2)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await sees(page.getByRole('status').filter({ hasText: /Cancelled\. \d spans were sent before, and stay/ }))
  assert.equal(parts, 3)
  await page.unrouteAll({ behavior: 'ignoreErrors' })
}, /status of 503/)

test('a trace is saved on one server, and opened on an empty one', async () => {
  const other = await startServer()
  const folder = mkdtempSync(join(tmpdir(), 'everspan-import-'))
  try {
    await runShop(server, 4, 10)
    const found = (await ask(server, '/api/v1/query?q=' + encodeURIComponent('{ name = "POST /checkout" && kind = server }'))).traces.toSorted((a, b) => b.spanCount - a.spanCount)[0]
    const from = await open(browser, server, '/trace/' + found.traceId)
    await from.page.getByRole('button', { name: 'Share' }).click()
    const [download] = await Promise.all([from.page.waitForEvent('download'), from.page.getByRole('button', { name: 'Save JSON' }).click()])
    const path = join(folder, download.suggestedFilename())
    await download.saveAs(path)
    await from.close()

    const to = await open(browser, other, '/')
    await sees(to.page.getByRole('heading', { name: 'No span has arrived yet' }))
    const [chooser] = await Promise.all([to.page.waitForEvent('filechooser'), to.page.getByRole('button', { name: 'Open a file' }).click()])
    await chooser.setFiles(path)
    await to.page.waitForURL((u) => u.pathname === '/trace/' + found.traceId)
    await sees(to.page.getByRole('treeitem').filter({ hasText: 'POST /checkout' }))
    const spans = async (s) => spansOf(await (await fetch(`${s.url}/api/traces/${found.traceId}`, { headers: { Accept: 'application/json' } })).json())
    const [before, after_] = [await spans(server), await spans(other)]
    assert.ok(before.length > 10)
    assert.deepEqual(after_, before)

    // Twice the same is not twice as much.
    await drop(to.page, { 'again.json': readFileSync(path, 'utf8') })
    await to.page.getByRole('progressbar').waitFor({ state: 'hidden' })
    assert.deepEqual(await spans(other), before)
    assert.deepEqual(to.trouble, [])
    await to.close()

    // The same by way of Jaeger's and Zipkin's JSON, of which the times are in microseconds.
    for (const [name, url] of [['jaeger.json', `/api/traces/${found.traceId}?prettyPrint=true`], ['zipkin.json', `/api/v2/trace/${found.traceId}`]]) {
      const third = await startServer()
      try {
        const p = await open(browser, third, '/')
        const text = await (await fetch(server.url + url, { headers: { Accept: name === 'jaeger.json' ? '*/*' : 'application/json' } })).text()
        writeFileSync(join(folder, name), text)
        await p.page.getByLabel('Files with traces').setInputFiles(join(folder, name))
        await p.page.waitForURL((u) => u.pathname === '/trace/' + found.traceId)
        const came = await spans(third)
        assert.equal(came.length, before.length, name)
        for (const [i, s] of came.entries()) {
          assert.deepEqual([s.id, s.parent, s.service, s.name, s.kind, s.status], [before[i].id, before[i].parent, before[i].service, before[i].name, before[i].kind, before[i].status], name)
          assert.ok(BigInt(before[i].start) - BigInt(s.start) < 1000n, name)
        }
        assert.deepEqual(p.trouble, [])
        await p.close()
      } finally {
        await third.stop()
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
    await other.stop()
  }
})

/** The spans of an answer as lines to compare. */
function spansOf(doc) {
  const all = doc.batches.flatMap((b) => b.scopeSpans.flatMap((s) => s.spans.map((x) => ({ service: b.resource.attributes.find((a) => a.key === 'service.name')?.value.stringValue, scope: s.scope, span: x }))))
  return all
    .map(({ service, scope, span: s }) => ({ service, scope, id: s.spanId, parent: s.parentSpanId ?? '', name: s.name, kind: s.kind ?? 0, status: s.status?.code ?? 0, start: s.startTimeUnixNano, end: s.endTimeUnixNano, attributes: (s.attributes ?? []).toSorted((a, b) => (a.key < b.key ? -1 : 1)), events: s.events ?? [], links: s.links ?? [] }))
    .toSorted((a, b) => (a.id + a.service < b.id + b.service ? -1 : 1))
}
