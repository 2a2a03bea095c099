import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { Problem } from '../../base/api'
import { go } from '../../base/location'
import { plural } from '../../timeline/label'
import { found, type Outcome, type Progress, type Trouble, upload } from './upload'

// One job at a time, whichever view began it, and whichever is shown while it runs.

/** The input for files is there as long as the page, whichever button asked for it and is gone meanwhile. */
export const filesId = 'files-with-traces'

export type Job =
  | { state: 'none' }
  | { state: 'running'; progress: Progress; finding: boolean }
  | { state: 'done'; line: string; trouble: Trouble[] }

let job: Job = { state: 'none' }
let abort: AbortController | null = null
const listeners = new Set<() => void>()

function set(next: Job) {
  job = next
  for (const l of listeners) l()
}

const subscribe = (l: () => void) => {
  listeners.add(l)
  return () => listeners.delete(l)
}
export const useJob = (): Job => useSyncExternalStore(subscribe, () => job)
export const running = (): boolean => job.state === 'running'
export const cancel = () => abort?.abort()
export const dismiss = () => set({ state: 'none' })

/** Sends files to this server and opens what came; nothing if it is already at it. */
export async function openFiles(files: File[], client: QueryClient): Promise<void> {
  if (running() || !files.length) return
  abort = new AbortController()
  const { signal } = abort
  let progress: Progress = { file: files[0]?.name ?? '', share: 0, spans: 0 }
  set({ state: 'running', progress, finding: false })
  const out = await upload(files, signal, (p) => set({ state: 'running', progress: (progress = p), finding: false }))
  if (out.sent > 0 && !out.cancelled) {
    set({ state: 'running', progress, finding: true })
    await open(out, client, signal)
  }
  set(out.trouble.length || out.refused || out.cancelled || out.summary.traces.size !== 1 ? { state: 'done', line: lineOf(out), trouble: out.trouble } : { state: 'none' })
}

async function open(out: Outcome, client: QueryClient, signal: AbortSignal) {
  const { traces, from, to } = out.summary
  const [id] = traces
  if (id === undefined || from === null || to === null) return
  let here = false
  try {
    here = await found(id, from, to, signal)
  } catch (e) {
    if (signal.aborted) return
    out.trouble.push({ file: '', cause: e instanceof Problem ? e.message : String(e), hint: 'The spans were taken; look for them when the server answers.' })
  }
  if (!here && !out.trouble.length) out.trouble.push({ file: '', cause: 'The server took the spans, but does not find them', hint: 'They may be older than what it keeps.' })
  void client.invalidateQueries()
  // Whole seconds: the time is shown to people.
  const second = 1_000_000_000n
  if (traces.size === 1) go('/trace/' + id)
  else go(`/?from=${(from / second) * second}&to=${(to / second + 1n) * second}`)
}

function lineOf(out: Outcome): string {
  const { traces } = out.summary
  const what = `${plural(traces.size, 'trace')} with ${plural(out.sent, 'span')}`
  const refused = out.refused ? ` ${plural(out.refused, 'span was', 'spans were')} left out: ${out.why || 'the server gives no reason'}.` : ''
  if (out.cancelled) return out.sent ? `Cancelled. ${plural(out.sent, 'span was', 'spans were')} sent before, and stay.${refused}` : 'Cancelled, nothing was sent.'
  return (out.sent ? what + ' came.' : 'Nothing was sent.') + refused
}
