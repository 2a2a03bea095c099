import { type Batch, type Doc, docsOf, type Group, idOf, inRange, isDoc, type Link, type Span, textOf, wholeOf } from './model'

/**
 * Spans of OTLP/JSON, which pass as they are but for their ids: Tempo writes them in base64,
 * OTLP in hexadecimal.
 */
export function fromOTLP(resourceSpans: unknown): Batch {
  const groups: Group[] = []
  let [left, why] = [0, '']
  for (const rs of docsOf(resourceSpans)) {
    // instrumentationLibrarySpans is what scopeSpans was called until 2022.
    for (const ss of docsOf(rs.scopeSpans ?? rs.instrumentationLibrarySpans)) {
      const g: Group = { resource: rs.resource ?? {}, scope: ss.scope ?? ss.instrumentationLibrary ?? {}, spans: [] }
      if (textOf(rs.schemaUrl)) g.schemaUrl = textOf(rs.schemaUrl)
      if (textOf(ss.schemaUrl)) g.scopeSchemaUrl = textOf(ss.schemaUrl)
      for (const s of docsOf(ss.spans)) {
        const span = spanOf(s)
        if (typeof span !== 'string') g.spans.push(span)
        else if (left++ === 0) why = span
      }
      if (g.spans.length) groups.push(g)
    }
  }
  return { groups, left, why }
}

/** The span, or why it can't be sent. */
function spanOf(s: Doc): Span | string {
  const traceId = anyId(s.traceId, 32)
  const spanId = anyId(s.spanId, 16)
  if (!traceId || !spanId) return 'a span has no valid traceId and spanId'
  const start = wholeOf(s.startTimeUnixNano ?? 0)
  const end = wholeOf(s.endTimeUnixNano ?? 0)
  if (start === null || end === null || !inRange(start) || !inRange(end)) return `span ${spanId} has no valid startTimeUnixNano and endTimeUnixNano`
  const { parentSpanId, links, ...rest } = s
  const parent = anyId(parentSpanId, 16)
  return {
    ...rest,
    traceId,
    spanId,
    ...(parent ? { parentSpanId: parent } : {}),
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(end),
    ...(links ? { links: docsOf(links).map((l) => ({ ...l, traceId: anyId(l.traceId, 32), spanId: anyId(l.spanId, 16) }) as Link) } : {}),
  }
}

function anyId(v: unknown, digits: 16 | 32): string {
  const hex = idOf(v, digits)
  const text = textOf(v)
  if (hex || text.length !== Math.ceil(digits / 6) * 4 || !/^[\w+/-]+=*$/.test(text)) return hex
  try {
    const bytes = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
    return idOf([...bytes].map((c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join(''), digits)
  } catch {
    return ''
  }
}

export const isOTLP = (d: unknown): d is Doc => isDoc(d) && (Array.isArray(d.resourceSpans) || Array.isArray(d.batches))
