import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import type { EditorView } from '@codemirror/view'
import { loadNames, loadValues, type Value } from '../offers'
import { placeAt, tagOf } from '../context'
import { quote, quoteName } from '../quote'
import { fields, kinds, stages, statuses } from '../words'

// Offers names and values that the server has seen, and the words of the language.

let names: Promise<string[]> | null = null
function known(): Promise<string[]> {
  names ??= loadNames().catch(() => {
    names = null
    return []
  })
  window.setTimeout(() => (names = null), 60_000)
  return names
}

const values = new Map<string, Promise<Value[]>>()
function valuesOf(tag: string, q: string): Promise<Value[]> {
  const key = tag + '\n' + q
  let v = values.get(key)
  if (!v) {
    v = loadValues(tag, q).catch(() => [])
    values.set(key, v)
    window.setTimeout(() => values.delete(key), 30_000)
  }
  return v
}

/** Writes a function with its brackets, and puts the cursor where typing goes on. */
function call(name: string) {
  const bare = name === 'rate' || name === 'count_over_time' || name === 'count' || name === 'coalesce'
  return (view: EditorView, _: Completion, from: number, to: number) =>
    view.dispatch({ changes: { from, to, insert: name + '()' }, selection: { anchor: from + name.length + (bare ? 2 : 1) } })
}

export async function complete(ctx: CompletionContext): Promise<CompletionResult | null> {
  const place = placeAt(ctx.state.doc.toString(), ctx.pos)
  if (place.from === ctx.pos && !ctx.explicit && place.want !== 'value' && place.want !== 'name') return null
  switch (place.want) {
    case 'name': {
      const attributes = (await known()).map((n): Completion => ({ label: quoteName(n), boost: n === 'resource.service.name' ? 5 : 0 }))
      const own = fields.map((f): Completion => ({ label: f.name, detail: f.about, boost: f.name.includes(':') ? -5 : 2 }))
      return { from: place.from, options: [...own, ...attributes], validFor: /^[^\s{}()=<>!~&|]*$/ }
    }
    case 'value': {
      const words = place.name.endsWith('status') ? statuses : place.name.endsWith('kind') ? kinds : null
      if (words) return { from: place.from, options: words.map((label) => ({ label })), validFor: /^\w*$/ }
      const tag = tagOf(place.name)
      const pattern = place.op === '=~' || place.op === '!~'
      const found = tag ? await valuesOf(tag, place.others) : [{ type: 'duration', value: '100ms' }, { type: 'duration', value: '1s' }]
      const options = found.map((v): Completion => ({ label: v.type === 'string' || pattern ? quote(v.value) : v.value, ...(v.type === 'string' ? {} : { detail: v.type }) }))
      return { from: place.from, options, validFor: /^("[^"]*"?|[\w.-]*)$/ }
    }
    case 'stage':
      return { from: place.from, options: stages.map((s) => ({ label: s.name, detail: s.about, apply: call(s.name) })), validFor: /^\w*$/ }
    case 'filter':
      return ctx.explicit ? { from: place.from, options: [{ label: '{ }' }, { label: '| rate()' }, { label: '| by(resource.service.name)' }] } : null
    case 'operator':
      return ctx.explicit ? { from: place.from, options: ['=', '!=', '=~', '>', '<', '&&', '||'].map((label) => ({ label })) } : null
  }
}
