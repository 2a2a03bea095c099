import { fromJaeger, isJaeger } from './jaeger'
import { BadFile, type Batch, isDoc, listOf } from './model'
import { fromOTLP, isOTLP } from './otlp'
import { fromZipkin, isZipkin } from './zipkin'

export const taken = 'Taken are OTLP/JSON (also one document a line), the JSON that this page and Jaeger’s page save, and Zipkin v2 JSON.'

/** Makes OTLP of a document, in whichever of the formats it is. */
export function convert(doc: unknown): Batch {
  if (isOTLP(doc)) return fromOTLP(doc.resourceSpans ?? doc.batches)
  if (isJaeger(doc)) return fromJaeger(doc)
  if (isZipkin(doc)) return fromZipkin([doc])
  if (isDoc(doc)) {
    if (isOTLP(doc.trace)) return convert(doc.trace) // of Tempo's /api/v2/traces
    if (isOTLP(doc.result)) return convert(doc.result) // of Jaeger's /api/v3/traces
    if (Array.isArray(doc.data)) return joined(doc.data)
  }
  if (Array.isArray(doc)) return doc.length && doc.every(isZipkin) ? fromZipkin(doc) : joined(doc)
  throw new BadFile(`It is ${what(doc)}`, taken)
}

const joined = (docs: unknown[]): Batch => {
  const all = docs.map(convert)
  return { groups: all.flatMap((b) => b.groups), left: all.reduce((n, b) => n + b.left, 0), why: all.find((b) => b.left)?.why ?? '' }
}

/** What a document is that holds no spans. */
function what(doc: unknown): string {
  if (!isDoc(doc)) return `JSON, but ${doc === null ? 'null' : `a ${typeof doc}`} where a trace was expected`
  if (listOf(doc.resourceLogs).length) return 'OTLP with log records, not with spans'
  if (listOf(doc.resourceMetrics).length) return 'OTLP with metrics, not with spans'
  if (Array.isArray(doc.traceEvents)) return 'a recording of a browser or a profiler (traceEvents), not a distributed trace'
  const keys = Object.keys(doc).slice(0, 4)
  return keys.length ? `JSON of an unknown form, with ${keys.map((k) => `“${k.slice(0, 30)}”`).join(', ')}` : 'an empty JSON object'
}
