import { taken } from './formats'
import { BadFile } from './model'

export const most = 512 * 2 ** 20 // bytes of a file

export type Piece = { doc: unknown; done: number } // done is the share of the file that is read

/** The JSON documents of a file: one, or one a line, which are read one after the other. */
export async function* pieces(file: Blob): AsyncGenerator<Piece> {
  if (file.size > most) throw new BadFile(`It has ${Math.ceil(file.size / 2 ** 20)} MiB, and at most 512 MiB are taken`, 'Split it, or send it to /v1/traces in parts.')
  if (file.size === 0) throw new BadFile('It is empty', taken)
  const known = magic(new Uint8Array(await file.slice(0, 8).arrayBuffer()))
  if (known) throw known
  for await (const l of lines(file)) {
    let doc: unknown
    try {
      doc = parse(l.text)
    } catch (e) {
      if (l.first) break // one document of several lines
      throw new BadFile(`Line ${l.number} is not JSON: ${reason(e)}`, 'The file may have been cut; remove the line.')
    }
    yield { doc, done: l.done }
    if (l.last) return
  }
  yield { doc: await whole(file), done: 1 }
}

async function whole(file: Blob): Promise<unknown> {
  let text: string
  try {
    text = await file.text()
  } catch {
    throw new BadFile('The browser has no room for a document of this size', 'Write it with one document a line, as the Collector’s file exporter does.')
  }
  try {
    return parse(text)
  } catch (e) {
    if (e instanceof RangeError) throw new BadFile('The browser has no room for a document of this size', 'Write it with one document a line, as the Collector’s file exporter does.')
    if (/^\s*</.test(text)) throw new BadFile('It is HTML, not JSON', 'A trace that was saved as one HTML file is opened in the browser itself. ' + taken)
    throw /^\s*[[{]/.test(text) ? new BadFile(`It is not whole JSON: ${reason(e)}`, 'The file may have been cut. ' + taken) : new BadFile('It is no JSON', taken)
  }
}

const reason = (e: unknown) => (e instanceof Error ? e.message.slice(0, 200) : String(e))

function magic(b: Uint8Array): BadFile | null {
  const [x, y] = [b[0], b[1]]
  if (x === 0x1f && y === 0x8b) return new BadFile('It is compressed with gzip', 'Unpack it first: gunzip FILE.')
  if (x === 0x28 && y === 0xb5) return new BadFile('It is compressed with zstd', 'Unpack it first: zstd -d FILE.')
  if (x === 0x50 && y === 0x4b) return new BadFile('It is a zip archive', 'Unpack it first.')
  if (b.some((c) => c < 9)) return new BadFile('It is binary, not JSON', taken)
  return null
}

type Line = { text: string; number: number; done: number; first: boolean; last: boolean }

/** The lines of a file that have text, as they come, so that a long file need not be in memory. */
async function* lines(file: Blob): AsyncGenerator<Line> {
  const reader = file.stream().getReader()
  const decoder = new TextDecoder()
  let held: string[] = []
  let read = 0
  let given = 0
  let number = 0
  let next: { text: string; number: number } | null = null // was read, and is given when it is known whether it is the last
  const give = (l: { text: string; number: number }, last: boolean): Line => ({ ...l, done: last ? 1 : read / file.size, first: given++ === 0, last })
  try {
    for (;;) {
      const { value, done } = await reader.read()
      read += value?.length ?? 0
      const parts = (value ? decoder.decode(value, { stream: true }) : decoder.decode()).split('\n')
      for (const [i, p] of parts.entries()) {
        held.push(p)
        if (i === parts.length - 1 && !done) break
        const text = held.join('')
        held = []
        number++
        if (!text.trim()) continue
        if (next !== null) yield give(next, false)
        next = { text, number }
      }
      if (done) break
    }
    if (next !== null) yield give(next, true)
  } finally {
    void reader.cancel().catch(() => undefined)
  }
}

const parse = (text: string): unknown => JSON.parse(exact(text))

/**
 * Puts quotes around whole numbers of 16 digits and more, which JSON.parse would round:
 * nanoseconds since 1970 have 19.
 */
export function exact(text: string): string {
  if (!/[[:,]\s*-?\d{16}/.test(text)) return text
  const out: string[] = []
  let from = 0 // what is before it is in out
  let at = 0 // outside of a string
  while (at < text.length) {
    const quote = text.indexOf('"', at)
    const end = quote < 0 ? text.length : quote
    if (end - at > 16) {
      for (const m of text.slice(at, end).matchAll(/(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g)) {
        const start = at + m.index
        out.push(text.slice(from, start), '"', m[0], '"')
        from = start + m[0].length
      }
    }
    if (quote < 0) break
    at = close(text, quote) + 1
  }
  out.push(text.slice(from))
  return out.join('')
}

/** The quote that ends the string that begins at one. */
function close(text: string, quote: number): number {
  for (let i = text.indexOf('"', quote + 1); i >= 0; i = text.indexOf('"', i + 1)) {
    let back = i
    while (text[back - 1] === '\\') back--
    if ((i - back) % 2 === 0) return i
  }
  return text.length
}
