import { getJSON, Problem, type QueryAnswer } from '../../base/api'
import { rfc3339, type Moment } from '../../base/time'
import { convert, taken } from '../../trace/import/formats'
import { BadFile } from '../../trace/import/model'
import { parts, Summary } from '../../trace/import/parts'
import { pieces } from '../../trace/import/read'

export type Trouble = { file: string; cause: string; hint: string }
export type Progress = { file: string; share: number; spans: number }
export type Outcome = { summary: Summary; sent: number; refused: number; why: string; trouble: Trouble[]; cancelled: boolean }

/** Sends the spans of files to this server, in parts; a file that can't be sent does not keep the others. */
export async function upload(files: File[], signal: AbortSignal, tell: (p: Progress) => void): Promise<Outcome> {
  const out: Outcome = { summary: new Summary(), sent: 0, refused: 0, why: '', trouble: [], cancelled: false }
  for (const f of files) {
    try {
      await one(f, out, signal, tell)
    } catch (e) {
      if (signal.aborted) {
        out.cancelled = true
        break
      }
      const bad = e instanceof BadFile || e instanceof Problem
      out.trouble.push({ file: f.name, cause: e instanceof Error ? e.message : String(e), hint: bad ? e.hint : 'It may have been moved or changed: choose it again.' })
    }
  }
  return out
}

async function one(file: File, out: Outcome, signal: AbortSignal, tell: (p: Progress) => void) {
  let [before, spans] = [0, 0]
  tell({ file: file.name, share: 0, spans })
  for await (const p of pieces(file)) {
    const batch = convert(p.doc)
    const all = batch.groups.reduce((n, g) => n + g.spans.length, 0)
    refuse(out, batch.left, batch.why)
    out.summary.add(batch)
    let here = 0
    for (const part of parts(batch.groups)) {
      const refused = await post(part.body, signal)
      refuse(out, refused.count, refused.why)
      here += part.spans
      spans += part.spans
      out.sent += part.spans - refused.count
      tell({ file: file.name, share: before + ((p.done - before) * here) / all, spans })
    }
    signal.throwIfAborted()
    spans += batch.left
    before = p.done
  }
  if (spans === 0) throw new BadFile('It holds no span', taken)
}

function refuse(out: Outcome, count: number, why: string) {
  if (count && !out.refused) out.why = why
  out.refused += count
}

const again = [429, 502, 503, 504] // a server that has much to do says so, and when to come back
const tries = 6

/** Sends one part, and says how many of its spans the server did not take. */
async function post(body: string, signal: AbortSignal): Promise<{ count: number; why: string }> {
  for (let n = 1; ; n++) {
    let res: Response
    try {
      res = await fetch('/v1/traces', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body, signal })
    } catch (e) {
      if (signal.aborted) throw e
      throw new Problem('The server does not answer', 'Drop the file again when it does; spans that came twice count once.', 0)
    }
    const said = await answerOf(res)
    if (res.ok) return { count: Number(said.partialSuccess?.rejectedSpans ?? 0) || 0, why: said.partialSuccess?.errorMessage ?? '' }
    if (!again.includes(res.status) || n === tries) throw new Problem(`The server answers ${res.status}: ${said.message || res.statusText || 'no reason given'}`, wayOut(res.status), res.status)
    await pause(Math.min(Number(res.headers.get('Retry-After')) || n, 10) * 1000, signal)
  }
}

function wayOut(status: number): string {
  if (status === 413) return 'A span of the file is larger than the server takes: raise its limit of a request, or send it without that span.'
  if (again.includes(status)) return 'The server has too much to do: drop the file again in a while.'
  return 'Check the file with the program that wrote it.'
}

type Said = { message?: string; partialSuccess?: { rejectedSpans?: string | number; errorMessage?: string } }

async function answerOf(res: Response): Promise<Said> {
  const text = await res.text()
  try {
    return JSON.parse(text) as Said
  } catch {
    return { message: text.slice(0, 300) }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const stop = () => {
      clearTimeout(timer)
      failed(signal.reason instanceof Error ? signal.reason : new Error('cancelled'))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      done()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}

/** Waits until one of the traces can be found, for some seconds; it reports whether it was. */
export async function found(id: string, from: bigint, to: bigint, signal: AbortSignal): Promise<boolean> {
  const range = { from: rfc3339(from as Moment), to: rfc3339((to + 1_000_000_000n) as Moment) }
  for (let n = 0; n < 30; n++) {
    const answer = await getJSON<QueryAnswer>('/api/v1/query?' + new URLSearchParams({ q: `{ trace:id = "${id}" }`, limit: '1', spans: '1', ...range }).toString(), signal)
    if (answer.traces?.length) return true
    await pause(100 + 20 * n, signal)
  }
  return false
}
