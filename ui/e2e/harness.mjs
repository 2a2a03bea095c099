// The page is tested in a real browser, against a real server with real traces.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = resolve(fileURLToPath(import.meta.url), '../../..')
const everspan = process.env.EVERSPAN_BIN ?? join(root, 'bin/everspan')
const shopProgram = process.env.SHOP_BIN ?? join(root, 'bin/shop')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8')
const chrome = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Starts a server on free ports, with nothing in it. */
export async function startServer(...flags) {
  const data = mkdtempSync(join(tmpdir(), 'everspan-page-'))
  const off = ['zipkin', 'jaeger-grpc', 'jaeger-storage', 'jaeger-thrift', 'jaeger-collector', 'sampling-http', 'sampling-grpc'].flatMap((p) => ['--' + p, 'off'])
  const child = spawn(everspan, ['serve', '--data', data, '--http', '127.0.0.1:0', '--otlp-grpc', '127.0.0.1:0', '--otlp-http', '127.0.0.1:0', ...off, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] })
  const said = []
  const server = { url: '', grpc: '', otlp: '', said }
  await new Promise((done, failed) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line)
      const [, name, value] = /^ {2}(\S+)\s+(\S+)$/.exec(line) ?? []
      if (name === 'http') server.url = value
      if (name === 'otlp-grpc') server.grpc = value
      if (name === 'otlp-http') server.otlp = value
      if (name === 'data') done()
    })
    child.on('exit', (code) => failed(new Error(`everspan serve ended with ${code}:\n${said.join('\n')}`)))
  })
  child.removeAllListeners('exit')
  server.stop = async () => {
    const ended = new Promise((done) => child.on('exit', done))
    child.kill('SIGTERM')
    await ended
    rmSync(data, { recursive: true, force: true })
  }
  return server
}

/** Lets the shop send to a server for some seconds, with some checkouts that are slow. */
export async function runShop(server, seconds, rate = 12) {
  const child = spawn(shopProgram, ['--server', server.url, '--endpoint', server.grpc.replace(/^https?:\/\//, ''), '--rate', String(rate), '--duration', `${seconds}s`], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', (d) => (text += d))
  child.stderr.on('data', (d) => (text += d))
  const code = await new Promise((done) => child.on('exit', done))
  if (code !== 0) throw new Error(`shop ended with ${code}:\n${text}`)
  return text
}

/** Sends OTLP in JSON. */
export async function send(server, body, signal = 'traces') {
  const res = await fetch(`${server.otlp}/v1/${signal}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  if (!res.ok) throw new Error(`${res.status} ${await res.text()}`)
}

export async function ask(server, path) {
  const res = await fetch(server.url + path)
  return res.json()
}

export async function startBrowser() {
  return chromium.launch({
    executablePath: chrome,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
}

/** A page in a context of its own, and what to do with it before it loads. What goes wrong in it is in `trouble`. */
export async function open(browser, server, path, options = {}, before = () => undefined) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light', ...options })
  const page = await context.newPage()
  const trouble = []
  page.on('pageerror', (e) => trouble.push(`error: ${e.message}`))
  page.on('console', (m) => {
    if (m.type() === 'error' && !/status of (400|404)/.test(m.text())) trouble.push(`console: ${m.text()}`)
  })
  page.on('dialog', (d) => {
    trouble.push(`dialog: ${d.message()}`)
    d.dismiss()
  })
  await before(page)
  await page.goto(server.url + path)
  return { page, trouble, close: () => context.close() }
}

/** Does what check does in a page of its own, in which nothing may go wrong. */
export async function visit(browser, server, path, check, options, before) {
  const { page, trouble, close } = await open(browser, server, path, options, before)
  try {
    await check(page)
    assert.deepEqual(trouble, [])
  } finally {
    await close()
  }
}

/** Waits until the first of what is located is there to be seen. */
export const sees = (locator) => locator.first().waitFor({ state: 'visible', timeout: 10_000 })

/** Waits until the address says so. */
export const address = (page, test) => page.waitForURL((u) => test(u.searchParams, u), { timeout: 10_000 })

/** What axe finds serious, a line each. */
export async function serious(page) {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  const bad = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
  return bad.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')).slice(0, 3).join(' | ')}`)
}
