const patterns = [
  /\b[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\b/, // a traceparent
  /trace_?id["']?\s*[=:]\s*["']?([0-9a-f]{1,32})\b/i,
  /\/traces?\/([0-9a-f]{1,32})\b/i,
  /\b([0-9a-f]{32})\b/i,
  /^\s*([0-9a-f]{12,32})\s*$/i,
]

/** Finds the trace id in what a person may paste: the id, a traceparent, an address, a line of a log. */
export function findTraceId(text: string): string | null {
  for (const p of patterns) {
    const m = p.exec(text)
    if (m?.[1]) return m[1].toLowerCase()
  }
  return null
}
