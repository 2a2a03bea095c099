// What somebody may put into spans and log records to have it run in the page of whoever
// looks at them: in names, keys, values, stacks, links, services. If any of it runs, it
// sets window.hacked or opens a dialog.
const run = 'window.hacked=1;alert(1)'
const scripts = [
  `<script>${run}</script>`,
  `<img src=x onerror="${run}">`,
  `"><svg onload="${run}">`,
  `javascript:${run}`,
  `{{constructor.constructor('${run}')()}}`,
  '${' + run + '}',
  `</title><script>${run}</script>`,
  `<iframe srcdoc="<script>parent.${run}</script>">`,
  `data:text/html,<script>${run}</script>`,
  'https://example.com/"onmouseover="' + run,
  '\u202eexe.\u202dcod \u0000\u001b[31m\ud83d\ude00 مرحبا \u2028',
  '__proto__',
]
const text = (key, value) => ({ key, value: { stringValue: value } })
const hex = (n, width) => n.toString(16).padStart(width, '0')

/** A trace, and its log records, with all of that everywhere. */
export function hostile(id = 'badbadbadbadbadbadbadbadbadbad00') {
  const now = BigInt(Date.now()) * 1_000_000n
  const attributes = scripts.flatMap((s, i) => [text(s, s), text(`url.full.${i}`, s), text('exception.stacktrace', s)])
  const spans = scripts.map((s, i) => ({
    traceId: id,
    spanId: hex(i + 1, 16),
    parentSpanId: i === 0 ? '' : hex(Math.ceil(i / 2), 16),
    name: s,
    kind: 1 + (i % 5),
    startTimeUnixNano: String(now + BigInt(i) * 1_000_000n),
    endTimeUnixNano: String(now + BigInt(200 - i) * 1_000_000n),
    status: { code: 2, message: s },
    traceState: s,
    attributes,
    events: [{ timeUnixNano: String(now + 5_000_000n), name: 'exception', attributes: [text('exception.type', s), text('exception.message', s), text('exception.stacktrace', `at ${s}\n`.repeat(40))] }],
    links: [{ traceId: id, spanId: hex(1, 16), attributes: [text(s, s)] }],
  }))
  const resource = (i) => ({ attributes: [text('service.name', scripts[i % 3]), text(scripts[i], scripts[i])] })
  return {
    id,
    traces: { resourceSpans: spans.map((span, i) => ({ resource: resource(i), scopeSpans: [{ scope: { name: scripts[i], version: scripts[i] }, spans: [span] }] })) },
    logs: {
      resourceLogs: scripts.map((s, i) => ({
        resource: resource(i),
        scopeLogs: [{ logRecords: [{ traceId: id, spanId: hex(i + 1, 16), timeUnixNano: String(now + 7_000_000n), severityNumber: 17, severityText: s, body: { stringValue: s }, attributes, eventName: s }] }],
      })),
    },
  }
}
