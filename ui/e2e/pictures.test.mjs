// What is drawn can be walked through by keys, and says where one is.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, runShop, sees, serious, startBrowser, startServer, visit } from './harness.mjs'

let server, browser, trace
before(async () => {
  server = await startServer()
  browser = await startBrowser()
  await runShop(server, 6, 12)
  trace = (await ask(server, '/api/v1/query?q=' + encodeURIComponent('{ name = "POST /checkout" && kind = server }'))).traces.toSorted((a, b) => b.spanCount - a.spanCount)[0]
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

function view(name, path, check, options) {
  const walk = async (page) => {
    await check(page)
    await page.waitForFunction(() => !document.querySelector('[data-old]')) // what was found before is pale until the new is there
    assert.deepEqual(await serious(page), [])
  }
  test(name, () => visit(browser, server, path(), walk, options))
}

const picture = (page, name) => page.getByRole('application', { name })
/** Focuses as the Tab key does: with a ring. */
async function tabTo(page, locator) {
  await sees(locator)
  for (let n = 0; n < 60 && !(await locator.evaluate((e) => e === document.activeElement)); n++) await page.keyboard.press('Tab')
  assert.ok(await locator.evaluate((e) => e === document.activeElement), 'Tab leads there')
}
view('the scatter by keys: a trace, and a box', () => '/?since=5m', async (page) => {
  const dots = picture(page, /traces by start and duration/)
  await tabTo(page, dots)
  const says = (text) => page.locator('main [role=status]').filter({ hasText: text }).first().waitFor({ state: 'attached', timeout: 10_000 })
  await says(/Enter opens it\.$/) // the newest one
  // A box is drawn upwards and to the left; in the end all that is left is in it.
  for (let n = 0; n < 6; n++) await page.keyboard.press('Shift+ArrowUp')
  for (let n = 0; n < 20; n++) await page.keyboard.press('Shift+ArrowLeft')
  await says(/^Box from .* to .*\. Enter shows only/)
  await sees(page.getByRole('button', { name: /Show only th/ }))
  await page.keyboard.press('Escape')
  assert.equal(await page.getByRole('button', { name: /Show only th/ }).count(), 0)
  for (let n = 0; n < 20; n++) await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Enter')
  await page.waitForURL((u) => /trace:duration >= .* && trace:duration <= /.test(u.searchParams.get('q') ?? '') && u.searchParams.has('from'))
})

view('a dot of the scatter opens by Enter', () => '/?since=5m', async (page) => {
  await tabTo(page, picture(page, /traces by start and duration/))
  await page.keyboard.press('Enter')
  await page.waitForURL((u) => u.pathname.startsWith('/trace/'))
  await sees(page.getByRole('treeitem'))
})

/** What is read out of the picture. */
const said = (page) => page.locator('main [role=status]').filter({ hasText: /level \d|, [\d\u202f]+ spans?$/ }).innerText()
async function press(page, key) {
  await page.keyboard.press(key)
  await page.waitForTimeout(50)
  return said(page)
}
/** The pixels of a picture, to tell whether it has changed. */
const pixels = (locator) => locator.evaluate((c) => c.toDataURL())

view('the flame graph by keys', () => `/trace/${trace.traceId}?view=flame`, async (page) => {
  const flame = picture(page, /Flame graph of \d+ frames/)
  const canvas = flame.locator('canvas')
  await sees(flame)
  await page.waitForTimeout(300)
  const bare = await pixels(canvas)
  await tabTo(page, flame)
  assert.match(await said(page), /level 1, 1 of 1$/)
  assert.notEqual(await pixels(canvas), bare, 'the frame in focus is outlined')
  assert.match(await press(page, 'ArrowDown'), /level 2, 1 of /)
  const first = await said(page)
  const below = await press(page, 'ArrowDown')
  assert.match(below, /level 3/)
  assert.equal(await press(page, 'ArrowUp'), first)

  // Plus zooms, Escape zooms out.
  const all = await pixels(canvas)
  await press(page, 'ArrowDown')
  await press(page, '+')
  await sees(page.getByRole('button', { name: 'Show all' }))
  await press(page, 'Escape')
  await page.getByRole('button', { name: 'Show all' }).waitFor({ state: 'hidden' })
  await press(page, 'ArrowUp')
  assert.equal(await pixels(canvas), all)

  // Siblings in time, there and back.
  await press(page, 'Home')
  await press(page, 'ArrowDown')
  for (let at = await said(page), n = 0; n < 10; n++, at = await said(page)) {
    const [, place, of] = /(\d+) of (\d+)$/.exec(at)
    if (Number(of) > 1) {
      assert.equal(place, '1')
      assert.match(await press(page, 'ArrowRight'), new RegExp(`2 of ${of}$`))
      assert.equal(await press(page, 'ArrowLeft'), at)
      break
    }
    await press(page, 'ArrowDown')
    assert.notEqual(await said(page), at, 'some span has several children')
  }

  const name = (await said(page)).split(', ')[0]
  await page.keyboard.press('Enter')
  await page.waitForURL((u) => u.searchParams.has('span'))
  await sees(page.getByRole('complementary').getByText(name))
  assert.ok(await flame.evaluate((e) => e === document.activeElement), 'the arrows go on from there')
})

view('the merged flame graph by keys', () => `/trace/${trace.traceId}?view=flame&by=operation`, async (page) => {
  const flame = picture(page, /Flame graph/)
  await tabTo(page, flame)
  await press(page, 'ArrowDown')
  await press(page, 'Enter')
  await sees(page.getByRole('button', { name: 'Show all' }))
  await press(page, 'Escape')
  await page.getByRole('button', { name: 'Show all' }).waitFor({ state: 'hidden' })
  assert.equal(new URL(page.url()).searchParams.get('span'), null)
})

const heat = () => '/?since=5m&q=' + encodeURIComponent('{ nestedSetParent < 0 } | histogram_over_time(trace:duration)')

view('the heat map by keys', heat, async (page) => {
  const map = picture(page, /Heat map of \d+ spans/)
  await tabTo(page, map)
  const start = await said(page)
  assert.match(start, /^\d{4}-\d\d-\d\d [\d:]+, .* to .*, \d+ spans?$/)
  assert.doesNotMatch(start, /, 0 spans$/)
  const left = await press(page, 'ArrowLeft')
  assert.notEqual(left.slice(0, 19), start.slice(0, 19), 'left is another time')
  assert.equal(await press(page, 'ArrowRight'), start)
  const [, bottom, top] = /, (.*) to (.*),/.exec(start)
  assert.match(await press(page, 'ArrowUp'), new RegExp(`, ${top} to `))
  assert.equal(await press(page, 'ArrowDown'), start)
  assert.match(await press(page, 'ArrowDown'), new RegExp(` to ${bottom},`))
  await press(page, 'ArrowUp')

  const count = Number(/(\d+) spans?$/.exec(start)[1])
  await page.keyboard.press('Enter')
  await page.waitForURL((u) => /trace:duration >= .* && trace:duration <= /.test(u.searchParams.get('q') ?? ''))
  await page.waitForFunction((n) => document.querySelectorAll('main li a[href^="/trace/"]').length >= Math.min(n, 3), count)
})

view('the heat map is fine for axe while its cells are walked, on a phone in the dark', heat, async (page) => {
  await tabTo(page, picture(page, /Heat map/))
  await press(page, 'ArrowUp')
}, { viewport: { width: 420, height: 840 }, colorScheme: 'dark' })

view('the flame graph is, too', () => `/trace/${trace.traceId}?view=flame`, async (page) => {
  await tabTo(page, picture(page, /Flame graph/))
  await press(page, 'ArrowDown')
}, { viewport: { width: 420, height: 840 }, colorScheme: 'dark' })
