import type { SpanDocument } from '../base/api'
import type { Shared } from '../base/shared'
import { decodeTrace, spanId, type Trace } from './decode'

/** Answers what the trace view asks, from the elements of a shared file; see base/shared. */
export function sharedAnswer(shared: Shared, unpack: (id: string) => Promise<Response>): (path: string) => Promise<Response> {
  const trace = `/api/v1/traces/${shared.traceId}/`
  let decoded: Promise<Trace> | undefined
  return async (path) => {
    if (path === trace + 'columns') return unpack('columns')
    if (path === trace + 'logs') return unpack('logs')
    const id = path.startsWith(trace + 'spans/') ? path.slice(trace.length + 6) : ''
    if (!id) return Response.json({ error: 'a shared file has one trace and nothing else', hint: 'open it on its server' }, { status: 404 })
    decoded ??= unpack('columns').then(async (r) => decodeTrace(await r.arrayBuffer()))
    const spans = await spansOf(await decoded, id, shared.part, unpack)
    return spans.length ? Response.json({ spans }) : Response.json({ error: `the trace has no span ${id}` }, { status: 404 })
  }
}

/** All spans that have an id. Elements have them in drawing order, and null for one that was not received. */
async function spansOf(t: Trace, id: string, part: number, unpack: (id: string) => Promise<Response>): Promise<SpanDocument[]> {
  const found: SpanDocument[] = []
  for (let n = 0; n < t.nodes; n++) {
    if (spanId(t, n) !== id) continue
    const docs = (await (await unpack(`spans-${Math.floor(n / part)}`)).json()) as (SpanDocument | null)[]
    const doc = docs[n % part]
    if (doc) found.push(doc)
  }
  return found
}
