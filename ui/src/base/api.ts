// Answers of the native API, as internal/api documents them.

/** Problem is an error that says what happened and what to do. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly hint: string,
    readonly status: number,
  ) {
    super(message)
  }
}

async function check(res: Response): Promise<Response> {
  if (res.ok) return res
  const text = await res.text()
  try {
    const doc = JSON.parse(text) as { error?: string; hint?: string }
    if (doc.error) throw new Problem(doc.error, doc.hint ?? '', res.status)
  } catch (e) {
    if (e instanceof Problem) throw e
  }
  throw new Problem(`the server answers ${res.status}`, text.slice(0, 300), res.status)
}

/** How answers are had: from the server, or from what a shared file holds. */
let ask: (path: string, signal: AbortSignal | null) => Promise<Response> = (path, signal) => fetch(path, { signal })

export function answerFrom(source: (path: string) => Promise<Response>) {
  ask = source
}

async function request(path: string, signal?: AbortSignal): Promise<Response> {
  let res: Response
  try {
    res = await ask(path, signal ?? null)
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e
    throw new Problem('the server does not answer', 'It may be starting again; this page keeps trying.', 0)
  }
  return check(res)
}

export async function getJSON<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await request(path, signal)).json()) as T
}

export async function getBytes(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  return (await request(path, signal)).arrayBuffer()
}

export type Attr = { name: string; type: string; value: string }

export type TraceSummary = {
  traceId: string
  startUnixNano: string
  durationNano: number
  service: string
  name: string
  spanCount: number
  errorCount: number
}

export type FoundSpan = { spanId: string; name: string; startUnixNano: string; durationNano: number; attributes: Attr[] }
export type Spanset = { matched: number; group: Attr[]; scalars: Attr[]; spans: FoundSpan[] }
export type FoundTrace = TraceSummary & {
  services: { service: string; spanCount: number; errorCount: number }[] | null
  spanSets: Spanset[] | null
}
export type Series = { labels: Attr[]; values: (number | null)[]; exemplars?: { traceId: string; spanId: string; timeUnixNano: string; value: number }[] }
export type Scanned = { blocks: number; blocksPruned: number; blocksRead: number; traces: number; spans: number; bytes: number; elapsedNano: number }

/** QueryAnswer is that of GET /api/v1/query: traces, or series. */
export type QueryAnswer = {
  query: string
  traces?: FoundTrace[]
  series?: Series[]
  times?: string[]
  stepNano?: number
  next?: string
  unit?: string
  partial?: string[] | null
  scanned: Scanned
}

export type LogRecord = {
  timeUnixNano: string
  traceId?: string
  spanId?: string
  service: string
  severity?: string
  severityText?: string
  eventName?: string
  body: string
  bodyType: string
  attributes: Attr[]
  resource: Attr[]
}
export type LogAnswer = { logs: LogRecord[]; next?: string; links?: { name: string; url: string }[]; partial?: string[] }

export type SpanEvent = { name: string; timeUnixNano: string; attributes: Attr[] }
export type SpanLink = { traceId: string; spanId: string; traceState?: string; attributes: Attr[] }

/** SpanDocument is all there is of one span, of GET /api/v1/traces/{id}/spans/{span}. */
export type SpanDocument = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  service: string
  kind: string
  status: string
  statusMessage?: string
  traceState?: string
  startUnixNano: string
  durationNano: number
  attributes: Attr[]
  resource: Attr[]
  scope: { name: string; version: string; attributes: Attr[] }
  events: SpanEvent[]
  links: SpanLink[]
  droppedAttributes?: number
  droppedEvents?: number
  droppedLinks?: number
}

/** Only addresses that are safe to follow become links. */
export function safeURL(text: string): string | null {
  return /^(https?:\/\/|mailto:)/i.test(text) ? text : null
}
