import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { open, send, startBrowser, startServer } from './harness.mjs'
import { hostile } from './hostile.mjs'

let server, browser
const bad = hostile()
before(async () => {
  server = await startServer()
  browser = await startBrowser()
  await send(server, bad.traces)
  await send(server, bad.logs, 'logs')
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

// Whatever a span carries is text, in every view.
for (const path of [
  '/',
  `/trace/${bad.id}`,
  `/trace/${bad.id}?span=0000000000000001`,
  `/trace/${bad.id}?span=0000000000000004`,
  `/trace/${bad.id}?view=flame`,
  `/trace/${bad.id}?view=operations`,
  `/trace/${bad.id}?view=services`,
  '/services',
  `/compare?a=${bad.id}&b=${bad.id}`,
  '/?q=' + encodeURIComponent('{ name = "<script>" }'),
]) {
  test(`nothing of a hostile trace runs: ${path}`, async () => {
    const { page, trouble, close } = await open(browser, server, 'about:blank' === path ? '/' : path)
    await page.waitForTimeout(1200)
    assert.equal(await page.evaluate(() => window.hacked), undefined)
    const unsafe = await page.evaluate(() => [...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href')).filter((h) => !/^(\/|#|https?:|mailto:)/.test(h)))
    assert.deepEqual(unsafe, [])
    assert.equal(await page.evaluate(() => document.querySelectorAll('script:not([src]), iframe, object, embed, [onerror], [onload], [onmouseover]').length), 0)
    assert.deepEqual(trouble, [])
    await close()
  })
}

test('the policy is strict', async () => {
  const res = await fetch(server.url + '/', { headers: { Accept: 'text/html' } })
  const policy = res.headers.get('content-security-policy')
  for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "require-trusted-types-for 'script'", "frame-ancestors 'none'", "base-uri 'none'"]) {
    assert.ok(policy?.includes(part), `${policy} lacks ${part}`)
  }
  assert.equal(res.headers.get('x-content-type-options'), 'nosniff')
  assert.equal((await fetch(server.url + '/assets/nothing.js')).status, 404)
})
