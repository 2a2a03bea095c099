import type { Batch, Group, Span } from './model'

export const partSize = 4 * 2 ** 20 // bytes; servers take 16 MiB and more

export type Part = { body: string; spans: number }

const encoder = new TextEncoder()
const length = (text: string) => encoder.encode(text).length

/** Requests for /v1/traces of at most so many bytes each, unless one span alone has more. */
export function* parts(groups: Group[], size = partSize): Generator<Part> {
  const open = '{"resourceSpans":['
  let [body, used, count] = [open, open.length, 0]
  for (const g of groups) {
    const head = (used > open.length ? ',' : '') + `{"resource":${JSON.stringify(g.resource)}${g.schemaUrl ? `,"schemaUrl":${JSON.stringify(g.schemaUrl)}` : ''},"scopeSpans":[{"scope":${JSON.stringify(g.scope)}${g.scopeSchemaUrl ? `,"schemaUrl":${JSON.stringify(g.scopeSchemaUrl)}` : ''},"spans":[`
    const again = head.replace(/^,/, '')
    let inside = 0 // spans of this group in this part
    let texts: string[] = []
    const end = () => {
      if (inside) body += (body === open ? again : head) + texts.join(',') + ']}]}'
      ;[inside, texts] = [0, []]
    }
    const headSize = length(head) + 4
    for (const s of g.spans) {
      const text = JSON.stringify(s)
      const more = length(text) + 1 + (inside ? 0 : headSize)
      if (count && used + more + 2 > size) {
        end()
        yield { body: body + ']}', spans: count }
        ;[body, used, count] = [open, open.length + headSize, 0]
      }
      used += more
      texts.push(text)
      inside++
      count++
    }
    end()
  }
  if (count) yield { body: body + ']}', spans: count }
}

/** Summary is what came, of all files together. */
export class Summary {
  readonly traces = new Set<string>()
  spans = 0
  from: bigint | null = null
  to: bigint | null = null

  add(b: Batch) {
    for (const g of b.groups) for (const s of g.spans) this.one(s)
  }
  private one(s: Span) {
    this.traces.add(s.traceId)
    this.spans++
    const [from, to] = [BigInt(s.startTimeUnixNano), BigInt(s.endTimeUnixNano)]
    if (this.from === null || from < this.from) this.from = from
    if (this.to === null || to > this.to) this.to = to
  }
}
