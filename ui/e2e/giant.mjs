// Sends one trace of very many spans, and prints its id:
//
//   node e2e/giant.mjs [spans] [http://127.0.0.1:4318]
//
// A batch job whose steps call services, which ask a database again and again: deep in
// places, wide in others, a few failures, runs of alike calls.

import { randomBytes } from 'node:crypto'

const count = Number(process.argv[2] ?? 100_000)
const to = process.argv[3] ?? 'http://127.0.0.1:4318'
const traceId = randomBytes(16).toString('hex')
const services = ['batch', 'gateway', 'orders', 'pricing', 'inventory', 'ledger', 'mail', 'search']
const start = BigInt(Date.now() - 120_000) * 1_000_000n

let seed = 1
const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647
let made = 0
let waiting = new Map() // by service
let queued = 0

const attribute = (key, value) => ({ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } })

function span(service, name, kind, parent, begin, length, error = '') {
  const id = (++made).toString(16).padStart(16, '0')
  const s = {
    traceId,
    spanId: id,
    name,
    kind,
    startTimeUnixNano: String(start + BigInt(Math.round(begin))),
    endTimeUnixNano: String(start + BigInt(Math.round(begin + length))),
    attributes: [attribute('item', made)],
  }
  if (parent) s.parentSpanId = parent
  if (error) s.status = { code: 2, message: error }
  if (!waiting.has(service)) waiting.set(service, [])
  waiting.get(service).push(s)
  queued++
  return id
}

async function flush() {
  const resourceSpans = [...waiting].map(([service, spans]) => ({
    resource: { attributes: [attribute('service.name', service)] },
    scopeSpans: [{ scope: { name: 'giant' }, spans }],
  }))
  waiting = new Map()
  queued = 0
  const res = await fetch(to + '/v1/traces', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ resourceSpans }) })
  if (!res.ok) throw new Error(`${res.status}: ${await res.text()}`)
}

const whole = 60e9
const root = span('batch', 'nightly settlement', 1, '', 0, whole)
const steps = Math.max(Math.ceil(count / 40), 1)
for (let i = 0; made < count; i++) {
  const begin = (whole * i) / steps
  const length = (whole / steps) * 0.9
  const step = span('batch', `settle ${['order', 'refund', 'invoice'][i % 3]}`, 1, root, begin, length)
  let parent = step
  let at = begin
  let room = length
  for (let depth = 0; depth < 6 && made < count; depth++) {
    const service = services[1 + ((i + depth) % (services.length - 1))]
    at += room * 0.03
    room *= 0.9
    parent = span(service, `${service}.call`, depth % 2 ? 2 : 3, parent, at, room, random() < 0.002 ? 'deadline exceeded' : '')
  }
  const calls = Math.min(count - made, 33)
  for (let k = 0; k < calls; k++) {
    span('ledger', `SELECT balance ${k % 11 === 10 ? 'history' : ''}`.trim(), 3, parent, at + (room * k) / 33, (room / 33) * (0.3 + 0.6 * random()))
  }
  if (queued >= 5000) await flush()
}
await flush()
console.log(traceId)
