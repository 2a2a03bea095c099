import { describe, expect, it } from 'vitest'
import { convert } from '../src/trace/import/formats'
import { BadFile, type Batch, idOf, microsOf, type Span } from '../src/trace/import/model'
import { parts, Summary } from '../src/trace/import/parts'
import { exact, most, pieces } from '../src/trace/import/read'

const trace = '0af7651916cd43dd8448eb211c80319c'
const id = 'b7ad6b7169203331'
const spansOf = (b: Batch): Span[] => b.groups.flatMap((g) => g.spans)
const attributes = (all: { key: string; value: unknown }[] | undefined) => Object.fromEntries((all ?? []).map((a) => [a.key, a.value]))
const resourceOf = (b: Batch, i = 0) => attributes((b.groups[i]?.resource as { attributes: { key: string; value: unknown }[] } | undefined)?.attributes)
/** What is in a file, read as the page reads it. */
async function read(text: string | Uint8Array<ArrayBuffer>): Promise<Batch[]> {
  const all: Batch[] = []
  for await (const p of pieces(new Blob([text]))) all.push(convert(p.doc))
  return all
}
async function one(text: string): Promise<Batch> {
  const [b, ...more] = await read(text)
  expect(more).toEqual([])
  if (!b) throw new Error('nothing was read')
  return b
}

describe('numbers', () => {
  it.each([
    ['{"t":1795458000123456789}', '{"t":"1795458000123456789"}'],
    ['[1795458000123456789, -1795458000123456789 ]', '["1795458000123456789", "-1795458000123456789" ]'],
    ['{"t":"[1795458000123456789","u":1795458000123456789}', '{"t":"[1795458000123456789","u":"1795458000123456789"}'],
    ['{"t\\\\":1795458000123456789,"\\":1795458000123456789":1}', '{"t\\\\":"1795458000123456789","\\":1795458000123456789":1}'],
    ['{"t":1795458000123456.5,"u":1795458000123456e3,"v":0.1795458000123456789}', '{"t":1795458000123456.5,"u":1795458000123456e3,"v":0.1795458000123456789}'],
    ['{"t":123,"u":[1,2]}', '{"t":123,"u":[1,2]}'],
  ])('%s', (text, want) => expect(exact(text)).toBe(want))

  it.each([
    [1795458000123456, 1795458000123456000n],
    ['1795458000123456', 1795458000123456000n],
    ['1795458000123456.789', 1795458000123456789n],
    [12.5, 12500n],
    [-3, -3000n],
    ['x', null],
    [null, null],
    [NaN, null],
  ])('%s µs', (v, want) => expect(microsOf(v)).toBe(want))

  it.each([
    ['B7AD6B7169203331', 16, id],
    ['1', 16, '0000000000000001'],
    ['b7ad6b7169203331', 32, '0000000000000000' + id],
    ['0000000000000000' + id, 16, id], // written by who pads all ids alike
    [trace, 16, ''],
    ['0000', 16, ''],
    ['xyz', 16, ''],
    [undefined, 16, ''],
  ] as const)('id %s of %i digits', (v, digits, want) => expect(idOf(v, digits)).toBe(want))
})

describe('OTLP', () => {
  const doc = (span: string, list = 'resourceSpans') =>
    `{"${list}":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a"}}]},"schemaUrl":"r","scopeSpans":[{"scope":{"name":"lib"},"schemaUrl":"s","spans":[${span}]}]}]}`
  const span = `{"traceId":"${trace}","spanId":"${id}","name":"n","startTimeUnixNano":"1795458000123456789","endTimeUnixNano":1795458000123456790,"attributes":[{"key":"n","value":{"intValue":9007199254740993}}]}`
  const want = { traceId: trace, spanId: id, name: 'n', startTimeUnixNano: '1795458000123456789', endTimeUnixNano: '1795458000123456790', attributes: [{ key: 'n', value: { intValue: '9007199254740993' } }] }

  it.each([
    ['resourceSpans', doc(span)],
    ['batches, as “Save JSON” has them', doc(span, 'batches')],
    ['Tempo’s v2', `{"trace":${doc(span)}}`],
    ['a list of documents', `[${doc(span)}]`],
    ['over several lines', JSON.stringify(JSON.parse(exact(doc(span))), null, 2)],
    ['with a byte order mark', '\ufeff' + doc(span)],
  ])('%s', async (_, text) => {
    const b = await one(text)
    expect(spansOf(b)).toEqual([want])
    expect(b.groups[0]).toMatchObject({ schemaUrl: 'r', scopeSchemaUrl: 's', scope: { name: 'lib' } })
    expect(resourceOf(b)).toEqual({ 'service.name': { stringValue: 'a' } })
  })
  it('a document a line', async () => expect((await read(`${doc(span)}\r\n\n${doc(span)}\n`)).flatMap(spansOf)).toEqual([want, want]))
  it('ids in base64, as Tempo has them', async () => {
    const b = await one(doc(`{"traceId":"CvdlGRbNQ92ESOshHIAxnA==","spanId":"t61rcWkgMzE=","parentSpanId":"","startTimeUnixNano":"1","endTimeUnixNano":"2","links":[{"traceId":"CvdlGRbNQ92ESOshHIAxnA==","spanId":"t61rcWkgMzE="}]}`))
    expect(spansOf(b)).toEqual([{ traceId: trace, spanId: id, startTimeUnixNano: '1', endTimeUnixNano: '2', links: [{ traceId: trace, spanId: id }] }])
  })
  it('what can’t be sent is counted', async () => {
    const b = await one(doc(`${span},{"traceId":"0","spanId":"1"},{"traceId":"1","spanId":"1","startTimeUnixNano":"soon"}`))
    expect([spansOf(b).length, b.left, b.why]).toEqual([1, 2, 'a span has no valid traceId and spanId'])
  })
})

describe('Jaeger', () => {
  const file = (span: object, process: object = { serviceName: 'shop', tags: [{ key: 'hostname', type: 'string', value: 'h' }] }) =>
    JSON.stringify({ data: [{ traceID: trace, spans: [{ traceID: trace, spanID: id, operationName: 'op', references: [], startTime: 1795458000123456, duration: 1001, tags: [], logs: [], processID: 'p1', ...span }], processes: { p1: process } }], total: 0 })
  const spanOf = async (span: object) => spansOf(await one(file(span)))[0]

  it('times, name, resource', async () => {
    const b = await one(file({}))
    expect(spansOf(b)[0]).toMatchObject({ traceId: trace, spanId: id, name: 'op', startTimeUnixNano: '1795458000123456000', endTimeUnixNano: '1795458000124457000' })
    expect(resourceOf(b)).toEqual({ 'service.name': { stringValue: 'shop' }, 'host.name': { stringValue: 'h' } })
  })
  it('a service without a name has none', async () => expect(resourceOf(await one(file({}, { serviceName: 'OTLPResourceNoServiceName' })))).toEqual({}))
  it.each([
    ['string', 'x', { stringValue: 'x' }],
    ['bool', true, { boolValue: true }],
    ['bool', 'false', { boolValue: false }],
    ['int64', 42, { intValue: '42' }],
    ['int64', '9223372036854775807', { intValue: '9223372036854775807' }],
    ['int64', '9223372036854775808', { stringValue: '9223372036854775808' }],
    ['int64', 'many', { stringValue: 'many' }],
    ['float64', 2, { doubleValue: 2 }],
    ['float64', '0.5', { doubleValue: 0.5 }],
    ['float64', 'NaN', { doubleValue: 'NaN' }],
    ['float64', '+Inf', { doubleValue: 'Infinity' }],
    ['binary', 'AQI=', { bytesValue: 'AQI=' }],
    [undefined, 1.5, { doubleValue: 1.5 }],
    ['string', { a: 1 }, { stringValue: '{"a":1}' }],
  ])('a tag of type %s: %s', async (type, value, want) => expect(attributes((await spanOf({ tags: [{ key: 'k', type, value }] }))?.attributes)).toEqual({ k: want }))
  const tag = (key: string, value: unknown, type = typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? 'int64' : 'string') => ({ key, type, value })
  it.each<[string, object[], number | undefined, number | undefined, string | undefined]>([
    ['error', [tag('error', true)], undefined, 2, ''],
    ['error as text, with its description', [tag('error', 'true'), tag('otel.status_description', 'late')], undefined, 2, 'late'],
    ['no error', [tag('error', false)], undefined, undefined, undefined],
    ['a code', [tag('otel.status_code', 'OK')], undefined, 1, ''],
    ['a kind', [tag('span.kind', 'producer')], 4, undefined, undefined],
    ['500 of a server', [tag('span.kind', 'server'), tag('http.status_code', 503), tag('http.status_message', 'busy')], 2, 2, 'busy'],
    ['404 of a server', [tag('span.kind', 'server'), tag('http.status_code', 404)], 2, undefined, undefined],
    ['404 of a client', [tag('span.kind', 'client'), tag('http.status_code', 404)], 3, 2, ''],
  ])('%s', async (_, tags, kind, code, message) => {
    const s = await spanOf({ tags })
    expect([s?.kind, s?.status?.code, s?.status?.message]).toEqual([kind, code, message])
  })
  it('scope and trace state', async () => {
    const b = await one(file({ tags: [tag('otel.scope.name', 'lib'), tag('otel.library.version', '2'), tag('w3c.tracestate', 'a=b')], flags: 1 }))
    expect([b.groups[0]?.scope, spansOf(b)[0]?.traceState, spansOf(b)[0]?.flags, spansOf(b)[0]?.attributes]).toEqual([{ name: 'lib', version: '2' }, 'a=b', 1, []])
  })
  const ref = (refType: string, traceID: string, spanID: string) => ({ refType, traceID, spanID })
  const link = (traceId: string, spanId: string, type: string) => ({ traceId, spanId, attributes: [{ key: 'opentracing.ref_type', value: { stringValue: type } }] })
  const [two, other] = ['0000000000000002', '1'.repeat(32)]
  it.each<[string, object, string | undefined, object[]]>([
    ['none', {}, undefined, []],
    ['a parent', { references: [ref('CHILD_OF', trace, two)] }, two, []],
    ['a parent that is followed', { references: [ref('FOLLOWS_FROM', trace, two)] }, two, [link(trace, two, 'follows_from')]],
    ['a parent and one of another trace', { references: [ref('FOLLOWS_FROM', other, '3'), ref('CHILD_OF', trace, two)] }, two, [link(other, '0000000000000003', 'follows_from')]],
    ['a parent of another trace', { references: [ref('CHILD_OF', other, two)] }, undefined, [link(other, two, 'child_of')]],
    ['the old field', { parentSpanID: '2', references: [] }, two, []],
    ['itself', { references: [ref('CHILD_OF', trace, id)] }, undefined, []],
  ])('references: %s', async (_, span, parent, links) => {
    const s = await spanOf(span)
    expect([s?.parentSpanId, s?.links]).toEqual([parent, links])
  })
  it('logs are events', async () => {
    const s = await spanOf({ logs: [{ timestamp: 1795458000123457, fields: [tag('n', 1), tag('event', 'exception'), tag('exception.type', 'E')] }, { timestamp: 'never', fields: [] }] })
    expect(s?.events).toEqual([{ timeUnixNano: '1795458000123457000', name: 'exception', attributes: [{ key: 'n', value: { intValue: '1' } }, { key: 'exception.type', value: { stringValue: 'E' } }] }])
  })
  it.each([
    [{ spanID: '' }, 'a span has no valid traceID and spanID'],
    [{ startTime: 'now' }, `span ${id} has startTime now and duration 1001; they must be microseconds`],
    [{ startTime: '1795458000123456789' }, /must be microseconds/],
  ])('what can’t be sent: %o', async (span, why) => {
    const b = await one(file(span))
    expect([spansOf(b), b.left]).toEqual([[], 1])
    expect(b.why).toMatch(why)
  })
  it('several traces, and spans of several processes', () => {
    const s = (spanID: string, processID: string) => ({ traceID: '7', spanID, startTime: 1, duration: 1, processID })
    const b = convert({ data: [{ traceID: '7', spans: [s('1', 'p1'), s('2', 'p2'), s('3', 'p1')], processes: { p1: { serviceName: 'a' }, p2: { serviceName: 'b' } } }, { traceID: '8', spans: [], processes: {} }] })
    expect(b.groups.map((g, i) => [resourceOf(b, i)['service.name'], g.spans.map((x) => x.spanId.slice(-1))])).toEqual([[{ stringValue: 'a' }, ['1', '3']], [{ stringValue: 'b' }, ['2']]])
  })
})

describe('Zipkin', () => {
  const file = (...spans: object[]) => JSON.stringify(spans.map((s) => ({ traceId: trace, id, timestamp: 1795458000123456, duration: 1001, localEndpoint: { serviceName: 'shop' }, ...s })))
  const spanOf = async (s: object) => spansOf(await one(file(s)))[0]

  it('times, name, resource, annotations', async () => {
    const b = await one(file({ name: 'get', kind: 'SERVER', parentId: '2', annotations: [{ timestamp: 1795458000123457, value: 'wire' }] }))
    expect(spansOf(b)).toEqual([
      {
        traceId: trace, spanId: id, parentSpanId: '0000000000000002', name: 'get', kind: 2, startTimeUnixNano: '1795458000123456000', endTimeUnixNano: '1795458000124457000', attributes: [],
        events: [{ timeUnixNano: '1795458000123457000', name: 'wire', attributes: [] }],
      },
    ])
    expect(resourceOf(b)).toEqual({ 'service.name': { stringValue: 'shop' } })
  })
  it('both halves of a call keep their id, each with its service', async () => {
    const b = await one(file({ kind: 'CLIENT' }, { kind: 'SERVER', shared: true, localEndpoint: { serviceName: 'back' } }))
    expect(spansOf(b).map((s) => [s.spanId, s.kind, attributes(s.attributes)])).toEqual([[id, 3, {}], [id, 2, { 'zipkin.shared': { boolValue: true } }]])
    expect([resourceOf(b, 0), resourceOf(b, 1)]).toEqual([{ 'service.name': { stringValue: 'shop' } }, { 'service.name': { stringValue: 'back' } }])
  })
  it.each<[string, object, number | undefined, string | undefined, object]>([
    ['none', {}, undefined, undefined, {}],
    ['error', { error: '' }, 2, '', {}],
    ['error with a text', { error: 'timeout' }, 2, 'timeout', {}],
    ['error as a number', { error: 500 }, 2, '500', {}],
    ['a code', { 'otel.status_code': 'OK' }, 1, '', {}],
    ['two texts', { error: 'timeout', 'otel.status_description': 'late' }, 2, 'late', { error: { stringValue: 'timeout' } }],
    ['others', { a: 'b', n: null, o: { p: 1 } }, undefined, undefined, { a: { stringValue: 'b' }, o: { stringValue: '{"p":1}' } }],
  ])('tags: %s', async (_, tags, code, message, rest) => {
    const s = await spanOf({ tags })
    expect([s?.status?.code, s?.status?.message, attributes(s?.attributes)]).toEqual([code, message, rest])
  })
  it('endpoints', async () =>
    expect(attributes((await spanOf({ localEndpoint: { ipv4: '1.2.3.4' }, remoteEndpoint: { serviceName: 'db', ipv6: '::ffff:5.6.7.8', port: 5432 } }))?.attributes)).toEqual({
      'network.local.address': { stringValue: '1.2.3.4' },
      'network.peer.address': { stringValue: '5.6.7.8' },
      'network.peer.port': { intValue: '5432' },
      'peer.service': { stringValue: 'db' },
    }))
  it('times as text, in fractions, and none', async () => {
    expect(await spanOf({ timestamp: '1795458000123456', duration: 0.5 })).toMatchObject({ startTimeUnixNano: '1795458000123456000', endTimeUnixNano: '1795458000123456500' })
    expect(attributes((await spanOf({ timestamp: undefined, duration: undefined }))?.attributes)).toEqual({ 'otel.zipkin.absentField.startTime': { boolValue: true } })
  })
  it('a list of traces', () => expect(spansOf(convert([[{ traceId: '1', id: '1' }], [{ traceId: '2', id: '1' }]])).map((s) => s.traceId.slice(-1))).toEqual(['1', '2']))
  it('v1 is refused', () => expect(() => convert([{ traceId: '1', id: '1', binaryAnnotations: [] }])).toThrow(/Zipkin v1/))
})

describe('what is not taken is named', () => {
  it.each([
    ['', /empty/],
    ['hello', /no JSON/],
    ['<html>', /HTML/],
    ['{"resourceSpans":[', /not whole JSON/],
    ['null', /null/],
    ['42', /a number/],
    ['{}', /empty JSON object/],
    ['{"some":1,"thing":2}', /unknown form, with “some”, “thing”/],
    ['{"resourceLogs":[{}]}', /log records/],
    ['{"resourceMetrics":[{}]}', /metrics/],
    ['{"traceEvents":[]}', /traceEvents/],
    ['[1,2]', /a number/],
    ['{"batches":[]}\n{"batches":[]\n', /Line 2 is not JSON/],
  ])('%s', async (text, want) => {
    const e: unknown = await read(text).catch((x: unknown) => x)
    expect(e).toBeInstanceOf(BadFile)
    expect((e as BadFile).message).toMatch(want)
    expect((e as BadFile).hint).not.toBe('')
  })
  it.each([
    [[0x1f, 0x8b, 8], /gzip/],
    [[0x28, 0xb5, 0x2f, 0xfd], /zstd/],
    [[0x50, 0x4b, 3, 4], /zip/],
    [[10, 2, 8, 1], /binary/],
  ])('bytes %o', async (bytes, want) => expect(read(new Uint8Array(bytes))).rejects.toThrow(want))
  it('too large', async () => {
    const large = { size: most + 1 } as Blob
    await expect(pieces(large).next()).rejects.toThrow(/513 MiB, and at most 512 MiB/)
  })
  it('nothing is no error of the form', async () => expect(spansOf(await one('[]'))).toEqual([]))
})

describe('parts', () => {
  const span = (n: number, name = 'ä'.repeat(50)): Span => ({ traceId: trace, spanId: n.toString(16).padStart(16, '0'), name, startTimeUnixNano: String(100 - n), endTimeUnixNano: String(100 + n) })
  const groups = [0, 1, 2].map((g) => ({ resource: { n: g }, scope: {}, schemaUrl: 'x', spans: Array.from({ length: 10 }, (_, i) => span(10 * g + i + 1)) }))
  it.each([1, 600, 1000, 2500, 1e6])('of %i bytes hold every span once, under its resource', (size) => {
    const all = [...parts(groups, size)]
    const seen: [number, string][] = []
    for (const p of all) {
      if (p.spans > 1) expect(new TextEncoder().encode(p.body).length).toBeLessThanOrEqual(size)
      const doc = JSON.parse(p.body) as { resourceSpans: { resource: { n: number }; schemaUrl: string; scopeSpans: { spans: Span[] }[] }[] }
      const here = doc.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans.map((x): [number, string] => [r.resource.n, x.spanId])))
      expect(here.length).toBe(p.spans)
      seen.push(...here)
    }
    expect(seen).toEqual(groups.flatMap((g, n) => g.spans.map((s) => [n, s.spanId])))
    if (size === 1) expect(all.length).toBe(30)
    if (size === 1e6) expect(all.length).toBe(1)
  })
  it('nothing is no part', () => expect([...parts([])]).toEqual([]))
  it('are summed up', () => {
    const s = new Summary()
    s.add({ groups, left: 0, why: '' })
    expect([s.traces.size, s.spans, s.from, s.to]).toEqual([1, 30, 70n, 130n])
  })
})
