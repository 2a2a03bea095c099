import { BadFile, type Batch, type Doc, docsOf, flag, Grouped, idOf, inRange, isDoc, type KeyValue, kindOf, microsOf, type Span, text, textOf, whole, wholeOf } from './model'

// Zipkin v2's JSON. What tags mean is as in internal/zipkin and in
// https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/

/** Spans of a list. Of a call, both halves may have the same id; the server's half says shared. */
export function fromZipkin(spans: unknown[]): Batch {
  const out = new Grouped()
  for (const s of docsOf(spans)) {
    if ('binaryAnnotations' in s) throw new BadFile('It has spans of Zipkin v1, with binaryAnnotations', 'Save them as Zipkin v2, of /api/v2/trace/ID.')
    const made = spanOf(s)
    if (typeof made === 'string') {
      out.leave(made)
      continue
    }
    const service = isDoc(s.localEndpoint) ? textOf(s.localEndpoint.serviceName) : ''
    out.of(JSON.stringify([service, made.scope]), () => ({ resource: { attributes: service ? [text('service.name', service)] : [] }, scope: made.scope })).spans.push(made.span)
  }
  return out.batch()
}

export const isZipkin = (d: unknown): d is Doc => isDoc(d) && 'traceId' in d && 'id' in d

function spanOf(s: Doc): { span: Span; scope: { name: string; version: string } } | string {
  const traceId = idOf(s.traceId, 32)
  const spanId = idOf(s.id, 16)
  if (!traceId || !spanId) return 'a span has no valid traceId and id'
  const start = microsOf(s.timestamp ?? 0)
  const duration = microsOf(s.duration ?? 0)
  if (start === null || duration === null || duration < 0n || !inRange(start) || !inRange(start + duration)) {
    return `span ${spanId} has timestamp ${textOf(s.timestamp) || 'nowhere'} and duration ${textOf(s.duration) || 'nowhere'}; they must be microseconds`
  }
  const span: Span = {
    traceId,
    spanId,
    name: textOf(s.name),
    kind: Math.max(kindOf(textOf(s.kind)), 0),
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + duration),
    events: docsOf(s.annotations).flatMap((a) => {
      const time = microsOf(a.timestamp)
      return time !== null && inRange(time) ? [{ timeUnixNano: String(time), name: textOf(a.value), attributes: [] }] : []
    }),
  }
  const parent = idOf(s.parentId, 16)
  if (parent && parent !== spanId) span.parentSpanId = parent
  const attributes: KeyValue[] = []
  const scope = tags(span, isDoc(s.tags) ? s.tags : {}, attributes, start === 0n)
  endpoint(s.localEndpoint, 'network.local', attributes)
  endpoint(s.remoteEndpoint, 'network.peer', attributes)
  const peer = isDoc(s.remoteEndpoint) ? textOf(s.remoteEndpoint.serviceName) : ''
  if (peer) attributes.push(text('peer.service', peer))
  if (start === 0n) attributes.push(flag('otel.zipkin.absentField.startTime', true))
  if (s.shared === true) attributes.push(flag('zipkin.shared', true))
  if (s.debug === true) attributes.push(flag('zipkin.debug', true))
  span.attributes = attributes
  return { span, scope }
}

const codes: Record<string, number> = { UNSET: 0, OK: 1, ERROR: 2, STATUS_CODE_UNSET: 0, STATUS_CODE_OK: 1, STATUS_CODE_ERROR: 2 }

/** Takes the tags that have a meaning, keeps the others as attributes, and returns the scope. */
function tags(span: Span, all: Doc, attributes: KeyValue[], noStart: boolean): { name: string; version: string } {
  let [failure, message, code]: [string | null, string, number] = [null, '', 0]
  const meant = new Map<string, string>()
  for (const [key, value] of Object.entries(all)) {
    if (value === null) continue
    const v = typeof value === 'object' ? JSON.stringify(value) : textOf(value)
    const dropped = /^otel\.dropped_(attributes|events|links)_count$/.exec(key)?.[1]
    const n = wholeOf(v)
    if (key === 'error') failure = v
    else if (key === 'otel.status_code' && codes[v.toUpperCase()] !== undefined) code = codes[v.toUpperCase()] ?? 0
    else if (key === 'otel.status_description') message = v
    else if (/^otel\.(scope|library)\.(name|version)$/.test(key)) meant.set(key, v)
    else if (key === 'w3c.tracestate') span.traceState = v
    else if (key === 'otel.zipkin.absentField.startTime' && noStart) continue // it is marked again
    else if (key === 'span.kind' && !span.kind && kindOf(v)) span.kind = kindOf(v)
    else if (dropped && n !== null && n >= 0n && n < 2n ** 32n) {
      if (dropped === 'attributes') span.droppedAttributesCount = Number(n)
      else if (dropped === 'events') span.droppedEventsCount = Number(n)
      else span.droppedLinksCount = Number(n)
    } else attributes.push(text(key, v))
  }
  if (failure !== null) {
    code = 2
    const says = failure !== '' && failure !== 'true' && failure !== message
    if (says && message) attributes.push(text('error', failure)) // two texts, neither of which is to be lost
    else if (says) message = failure
  }
  if (code || message) span.status = { code, message }
  return { name: meant.get('otel.scope.name') ?? meant.get('otel.library.name') ?? '', version: meant.get('otel.scope.version') ?? meant.get('otel.library.version') ?? '' }
}

function endpoint(v: unknown, prefix: string, attributes: KeyValue[]) {
  if (!isDoc(v)) return
  const address = textOf(v.ipv6) || textOf(v.ipv4)
  if (address) attributes.push(text(prefix + '.address', address.replace(/^::ffff:(?=\d+\.)/i, '')))
  const port = wholeOf(v.port)
  if (port !== null && port > 0n && port < 65536n) attributes.push(whole(prefix + '.port', port))
}
