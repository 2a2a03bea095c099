import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { ask, open, runShop, sees, send, serious, startBrowser, startServer } from './harness.mjs'
import { hostile } from './hostile.mjs'

const folder = mkdtempSync(join(tmpdir(), 'everspan-share-'))
const bad = hostile()
let server, browser, trace, where
before(async () => {
  server = await startServer()
  where = server.url
  browser = await startBrowser()
  await runShop(server, 4, 10)
  await send(server, bad.traces)
  await send(server, bad.logs, 'logs')
  trace = (await ask(server, '/api/v1/query?q=' + encodeURIComponent('{ name = "POST /checkout" && kind = server } >> { name = "external.taxApi" }'))).traces[0]
})
after(async () => {
  await browser?.close()
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** All that is packed into a file. */
const unpacked = (html) => [...html.matchAll(/<script type="text\/plain" id="[^"]+">([^<]*)<\/script>/g)].map((m) => gunzipSync(Buffer.from(m[1], 'base64')).toString('latin1')).join('\n')

/** Opens a file without a server: whatever asks for anything else is trouble. */
async function offline(name, html, options = {}) {
  const file = join(folder, name)
  writeFileSync(file, html)
  const { page, trouble, close } = await open(browser, { url: 'about:' }, 'blank', options)
  page.on('request', (r) => !r.url().startsWith('file:') && !r.url().startsWith('data:') && trouble.push(`asks for ${r.url()}`))
  await page.goto(pathToFileURL(file).href)
  return { page, trouble, close }
}

test('a trace is saved as one file, which opens offline and lacks what was ticked', async () => {
  const { page, trouble, close } = await open(browser, server, '/trace/' + trace.traceId)
  await page.getByRole('button', { name: 'Share' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/resource\.host\.name|resource\.service\.version/).first().check()
  await dialog.getByLabel('Find an attribute').fill('db.query')
  await dialog.getByLabel(/span\.db\.query\.text/).check()
  await sees(dialog.getByText('2 left out'))
  const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('link', { name: 'Save HTML file' }).click()])
  const html = readFileSync(await download.path(), 'utf8')
  assert.deepEqual(trouble, [])
  await close()

  const all = unpacked(html)
  assert.ok(!html.includes('INSERT') && !/"name":"db\.query\.text"/.test(all) && !/SELECT|INSERT/.test(all), 'what was ticked is nowhere in the file')
  assert.match(all, /"name":"db\.system\.name"/)

  const file = await offline('trace.html', html)
  await sees(file.page.getByText(/of this request/))
  await file.page.getByRole('treeitem').filter({ hasText: 'db.query pricing_rules' }).click()
  const panel = file.page.getByRole('complementary')
  await sees(panel.getByText('db.system.name'))
  assert.equal(await panel.getByText('db.query.text').count(), 0)
  await sees(file.page.getByText(/Left out: .*span\.db\.query\.text/))
  // The state is behind #, and back leads back.
  assert.match(file.page.url(), /#span=/)
  await file.page.keyboard.press('Escape')
  await panel.waitFor({ state: 'hidden' })
  await file.page.goBack()
  await sees(panel)
  await file.page.getByRole('group', { name: 'Views of the trace' }).getByRole('button', { name: 'Operations' }).click()
  await sees(file.page.locator('main tbody tr').filter({ hasText: 'external.taxApi' }))
  // Other ways lead to the server.
  assert.equal(await file.page.getByRole('link', { name: 'Open it on its server' }).getAttribute('href'), `${where}/trace/${trace.traceId}`)
  assert.deepEqual(file.trouble, [])
  await file.close()
})

for (const [width, colorScheme] of [[1440, 'light'], [420, 'dark']]) {
  test(`nothing serious for axe in a shared file at ${width} in ${colorScheme}`, async () => {
    const html = await (await fetch(`${server.url}/api/v1/traces/${trace.traceId}/html`)).text()
    const file = await offline('axe.html', html, { viewport: { width, height: 900 }, colorScheme })
    await sees(file.page.getByText(/of this request/))
    assert.deepEqual(await serious(file.page), [])
    assert.deepEqual(file.trouble, [])
    await file.close()
  })
}

test('nothing of a hostile trace runs in a shared file', async () => {
  const html = await (await fetch(`${server.url}/api/v1/traces/${bad.id}/html`)).text()
  assert.equal(html.match(/<script/g).length, html.match(/<script type="text\/plain" id="[\w-]+">/g).length + (html.match(/<script>/g) ?? []).length)
  const file = await offline('hostile.html', html)
  await sees(file.page.getByRole('treeitem'))
  for (const row of await file.page.getByRole('treeitem').all()) await row.click({ timeout: 2000 }).catch(() => {})
  await file.page.waitForTimeout(500)
  assert.equal(await file.page.evaluate(() => window.hacked), undefined)
  assert.deepEqual(file.trouble, [])
  await file.close()
})

test('what is no attribute is refused, and an unknown trace said', async () => {
  const wrong = await fetch(`${server.url}/api/v1/traces/${trace.traceId}/html?without=user`)
  assert.equal(wrong.status, 400)
  assert.match((await wrong.json()).hint, /span\.user\.id/)
  assert.equal((await fetch(`${server.url}/api/v1/traces/${'12'.repeat(16)}/html`)).status, 404)
})
