import { type Batch, type Doc, docsOf, double, flag, Grouped, idOf, inRange, isDoc, type KeyValue, kindOf, type Link, microsOf, type Span, text, textOf, whole, wholeOf } from './model'

// Jaeger's JSON, as its page saves it and its API answers. What tags mean is as in
// internal/jaeger and in https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/

// What OpenTelemetry's exporter for Jaeger sends for a resource that does not name its service.
const noService = 'OTLPResourceNoServiceName'

/** Spans of one trace: {traceID, spans, processes}. */
export function fromJaeger(trace: Doc): Batch {
  const out = new Grouped()
  const processes = isDoc(trace.processes) ? trace.processes : {}
  for (const s of docsOf(trace.spans)) {
    const made = spanOf(s, idOf(s.traceID ?? trace.traceID, 32))
    if (typeof made === 'string') {
      out.leave(made)
      continue
    }
    const id = textOf(s.processID)
    const process = isDoc(s.process) ? s.process : processes[id]
    const key = JSON.stringify([isDoc(s.process) ? s.process : id, made.scope])
    out.of(key, () => ({ resource: { attributes: isDoc(process) ? resource(process) : [] }, scope: made.scope })).spans.push(made.span)
  }
  return out.batch()
}

export const isJaeger = (d: unknown): d is Doc => isDoc(d) && Array.isArray(d.spans) && ('processes' in d || docsOf(d.spans).some((s) => 'traceID' in s))

function spanOf(s: Doc, traceId: string): { span: Span; scope: { name: string; version: string } } | string {
  const spanId = idOf(s.spanID, 16)
  if (!traceId || !spanId) return 'a span has no valid traceID and spanID'
  const start = microsOf(s.startTime)
  const duration = microsOf(s.duration ?? 0)
  if (start === null || duration === null || !inRange(start) || !inRange(start + duration)) {
    return `span ${spanId} has startTime ${textOf(s.startTime) || 'nowhere'} and duration ${textOf(s.duration) || 'nowhere'}; they must be microseconds`
  }
  const span: Span = {
    traceId,
    spanId,
    name: textOf(s.operationName),
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + duration),
    events: docsOf(s.logs).flatMap((l) => {
      const time = microsOf(l.timestamp)
      if (time === null || !inRange(time)) return []
      const fields = docsOf(l.fields).map(attribute)
      const at = fields.findIndex((f) => f.key === 'event' && 'stringValue' in f.value)
      const name = fields[at]?.value
      return [{ timeUnixNano: String(time), name: name && 'stringValue' in name ? name.stringValue : '', attributes: fields.filter((_, i) => i !== at) }]
    }),
  }
  if (Number(s.flags) & 1) span.flags = 1
  references(span, s)
  return { span, scope: tags(span, docsOf(s.tags)) }
}

/** The first CHILD_OF in the trace is the parent, or else a FOLLOWS_FROM; the others are links. */
function references(span: Span, s: Doc) {
  const refs = docsOf(s.references).map((r) => ({ traceId: idOf(r.traceID ?? span.traceId, 32), spanId: idOf(r.spanID, 16), follows: r.refType === 'FOLLOWS_FROM' }))
  const own = refs.filter((r) => r.spanId && r.traceId === span.traceId)
  const parent = idOf(s.parentSpanID, 16) || (own.find((r) => !r.follows) ?? own[0])?.spanId
  if (parent && parent !== span.spanId) span.parentSpanId = parent
  span.links = refs
    .filter((r) => r.traceId && r.spanId && (r.follows || r.spanId !== parent))
    .map((r): Link => ({ traceId: r.traceId, spanId: r.spanId, attributes: [text('opentracing.ref_type', r.follows ? 'follows_from' : 'child_of')] }))
}

/** Takes the tags that have a meaning, keeps the others as attributes, and returns the scope. */
function tags(span: Span, all: Doc[]): { name: string; version: string } {
  const meant = new Map<string, string>()
  const attributes: KeyValue[] = []
  let [failed, code] = [false, 0]
  for (const tag of all) {
    const a = attribute(tag)
    const string = 'stringValue' in a.value ? a.value.stringValue : null
    if (a.key === 'error' && (string === 'true' || ('boolValue' in a.value && a.value.boolValue))) {
      failed = true
      continue
    }
    if (a.key === 'http.status_code') code = Number(string ?? ('intValue' in a.value ? a.value.intValue : 0)) || 0
    if (string !== null) {
      if (a.key === 'http.status_message') meant.set(a.key, string)
      if (/^(otel\.(status_code|status_description|scope\.name|scope\.version|library\.name|library\.version)|w3c\.tracestate)$/.test(a.key)) {
        meant.set(a.key, string)
        continue
      }
      if (a.key === 'span.kind' && kindOf(string)) {
        span.kind = kindOf(string)
        continue
      }
    }
    attributes.push(a)
  }
  const message = meant.get('otel.status_description')
  const said = meant.get('otel.status_code')?.toUpperCase()
  if (failed) span.status = { code: 2, message: message ?? meant.get('http.status_message') ?? '' }
  else if (said !== undefined) span.status = { code: said === 'ERROR' ? 2 : said === 'OK' ? 1 : 0, message: message ?? '' }
  else {
    if (code >= 500 || (code >= 400 && span.kind !== 2)) span.status = { code: 2, message: meant.get('http.status_message') ?? '' }
    if (message !== undefined) attributes.push(text('otel.status_description', message)) // it describes no status
  }
  const state = meant.get('w3c.tracestate')
  if (state) span.traceState = state
  span.attributes = attributes
  return { name: meant.get('otel.scope.name') ?? meant.get('otel.library.name') ?? '', version: meant.get('otel.scope.version') ?? meant.get('otel.library.version') ?? '' }
}

/** A tag as an attribute of its type; a value that is not of it is text. */
function attribute(tag: Doc): KeyValue {
  const { type, value: v } = tag
  const key = textOf(tag.key)
  const n = wholeOf(v)
  if (type === 'bool' || typeof v === 'boolean') {
    if (v === true || v === 'true') return flag(key, true)
    if (v === false || v === 'false') return flag(key, false)
  } else if (type === 'int64' || (type === undefined && Number.isInteger(v))) {
    if (n !== null) return whole(key, n)
  } else if (type === 'float64' || (type === undefined && typeof v === 'number')) {
    const d = v === '+Inf' ? Infinity : v === '-Inf' ? -Infinity : Number(v)
    if (v === 'NaN' || !Number.isNaN(d)) return double(key, d)
  } else if (type === 'binary' && typeof v === 'string' && /^[\w+/-]*=*$/.test(v)) return { key, value: { bytesValue: v } }
  return text(key, typeof v === 'object' && v !== null ? JSON.stringify(v) : textOf(v))
}

function resource(process: Doc): KeyValue[] {
  const service = textOf(process.serviceName)
  const all = docsOf(process.tags).map(attribute)
  const has = (key: string) => all.some((a) => a.key === key)
  for (const a of all) if (a.key === 'hostname' && !has('host.name')) a.key = 'host.name'
  return service && service !== noService ? [text('service.name', service), ...all] : all
}
