import { Problem } from '../base/api'

// Where a query is wrong, of what the server says: "the query is wrong at 1:12: …".

export type Wrong = { from: number; to: number; message: string }

/** The place in a text of what a refused query is about; null if the error names none. */
export function wrongPlace(text: string, error: unknown): Wrong | null {
  if (!(error instanceof Problem)) return null
  const m = /at (\d+):(\d+): ([^]*)$/.exec(error.message)
  if (!m) return null
  const lines = text.split('\n')
  const line = Math.min(Number(m[1]), lines.length) - 1
  const before = lines.slice(0, line).reduce((n, l) => n + l.length + 1, 0)
  const chars = [...(lines[line] ?? '')]
  const column = Number(m[2]) - 1
  const from = before + chars.slice(0, column).join('').length
  const carets = /\^+/.exec(error.hint.split('\n')[1] ?? '')?.[0].length ?? 1
  const to = before + chars.slice(0, column + carets).join('').length
  return { from, to, message: m[3] ?? '' }
}
