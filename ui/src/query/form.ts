import { conditions, filter } from './conditions'
import { lex } from './lex'
import { parseDuration, quote, quoteName, unquote, writeDuration } from './quote'

// The form of the common case, and the query that says the same.

export type Condition = { name: string; op: string; value: string }
export type Form = {
  service: string
  operation: string
  min: string
  max: string
  of: 'span' | 'trace' // whose duration
  errors: boolean
  attributes: Condition[]
}

export const ops = ['=', '!=', '=~', '!~', '>', '>=', '<', '<=']
const own = new Set(['name', 'duration', 'status', 'statusMessage', 'kind', 'rootName', 'rootServiceName', 'traceDuration'])
export const emptyForm: Form = { service: '', operation: '', min: '', max: '', of: 'span', errors: false, attributes: [] }

/** How a value is written: numbers, durations and true as they are, all else in quotes. */
export function literal(value: string, op = '='): string {
  const v = value.trim()
  if (op === '=~' || op === '!~') return unquote(v) === null ? quote(value) : v
  if (unquote(v) !== null || /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(v) || v === 'true' || v === 'false' || v === 'nil') return v
  const tokens = lex(v)
  if (tokens.length === 1 && tokens[0]?.kind === 'duration') return v
  return quote(value)
}

/** The value of a literal as the form shows it: without quotes, unless it would be read as something else. */
export function shown(text: string, op = '='): string {
  const s = unquote(text)
  return s === null || literal(s, op) !== quote(s) ? text : s
}

/** The TraceQL of a form. What is not filled in, or is no duration, is left out. */
export function buildQuery(f: Form): string {
  const all: string[] = []
  if (f.service) all.push(`resource.service.name = ${quote(f.service)}`)
  if (f.operation) all.push(`name = ${quote(f.operation)}`)
  const duration = f.of === 'trace' ? 'trace:duration' : 'duration'
  const bound = (op: string, text: string) => {
    const ns = text.trim() ? parseDuration(text) : null
    if (ns === null) return
    const bare = lex(text.trim())
    all.push(`${duration} ${op} ${bare.length === 1 && bare[0]?.kind === 'duration' ? text.trim() : writeDuration(ns)}`)
  }
  bound('>=', f.min)
  bound('<=', f.max)
  if (f.errors) all.push('status = error')
  for (const a of f.attributes) {
    const name = a.name.trim()
    if (!name || !a.value.trim()) continue
    const known = /^(span|resource|event|link|instrumentation|parent)\.|^\.|^(span|trace|event|link|instrumentation):/.test(name) || own.has(name)
    const word = /^(span:)?(kind|status)$/.test(name)
    all.push(`${quoteName(known ? name : '.' + name)} ${a.op} ${word ? a.value.trim() : literal(a.value, a.op)}`)
  }
  return filter(all)
}

export type Reading = { form: Form; why?: undefined } | { form: null; why: string }

/** Reads a query back into the form, or says why it can't be shown there. */
export function readForm(text: string): Reading {
  const parts = conditions(text)
  if (parts === null) return { form: null, why: 'it is more than one filter in braces' }
  const f: Form = { ...emptyForm, attributes: [] }
  const seen = new Set<string>()
  for (const part of parts) {
    const why = take(f, part, seen)
    if (why) return { form: null, why }
  }
  return { form: f }
}

function take(f: Form, part: string, seen: Set<string>): string {
  const tokens = lex(part)
  let [name, op, value] = tokens.map((t) => t.text)
  if (tokens.length === 4 && value === '-' && tokens[3]?.kind === 'number') value = '-' + tokens[3].text
  else if (tokens.length !== 3) return tokens.some((t) => t.text === '||' || t.text === '!') ? '“or” and “not” have no place there' : `“${part}” has no place there`
  if (!name || !op || !value || !ops.includes(op) || !/attribute|field|word/.test(tokens[0]?.kind ?? '')) return `“${part}” has no place there`
  if (/attribute|field|operator|wrong/.test(tokens[2]?.kind ?? '') && !value.startsWith('-')) return `“${part}” compares two fields`
  const text = unquote(value)
  const once = (key: string) => !seen.has(key) && seen.add(key)
  if (op === '=' && text !== null && /^(resource)?\.service\.name$/.test(name) && once('service')) f.service = text
  else if (op === '=' && text !== null && (name === 'name' || name === 'span:name') && once('operation')) f.operation = text
  else if (op === '=' && value === 'error' && (name === 'status' || name === 'span:status')) f.errors = true
  else if (/^(span:|trace:)?duration$|^traceDuration$/.test(name)) {
    const of = name.startsWith('trace') ? 'trace' : 'span'
    const end = op === '>=' ? 'min' : op === '<=' ? 'max' : null
    // The form has one pair of bounds; what doesn't fit there is a condition like others.
    if (!end || parseDuration(value) === null || (seen.has('duration') && f.of !== of) || !once(end)) {
      f.attributes.push({ name, op, value })
      return ''
    }
    seen.add('duration')
    f.of = of
    f[end] = value
  } else f.attributes.push({ name: unquoteName(name), op, value: shown(value, op) })
  return ''
}

function unquoteName(name: string): string {
  const at = name.indexOf('"')
  const inner = at >= 0 ? unquote(name.slice(at)) : null
  return inner === null ? name : name.slice(0, at) + inner
}
