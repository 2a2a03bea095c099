import { describe, expect, it } from 'vitest'
import { Problem } from '../src/base/api'
import { conditions, filter, isMetrics, narrow } from '../src/query/conditions'
import { buildQuery, emptyForm, type Form, literal, readForm, shown } from '../src/query/form'
import { lex } from '../src/query/lex'
import { wrongPlace } from '../src/query/problem'
import { parseDuration, quote, quoteName, quotePattern, unquote, writeDuration } from '../src/query/quote'

const form = (change: Partial<Form>): Form => ({ ...emptyForm, ...change })

describe('quoting', () => {
  it.each([
    ['GET /cart', '"GET /cart"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['C:\\temp', '"C:\\\\temp"'],
    ['a\nb', '"a\\nb"'],
    ['\ud800', '"\ufffd"'],
    ['🛒', '"🛒"'],
  ])('%j is written %s', (text, want) => {
    expect(quote(text)).toBe(want)
    expect(unquote(want)).toBe(text.replace(/\p{Surrogate}/gu, '\ufffd'))
  })
  it.each([
    ['span.http.route', 'span.http.route'],
    ['span.a name', 'span."a name"'],
    ['resource.a"b', 'resource."a\\"b"'],
    ['.feature-flag', '.feature-flag'],
    ['span:name', 'span:name'],
  ])('the name %j is written %s', (name, want) => expect(quoteName(name)).toBe(want))
  it('reads backticks', () => expect(unquote('`C:\\temp`')).toBe('C:\\temp'))
  it('a pattern matches itself', () => expect(new RegExp(`^${quotePattern('a.b*(c)')}$`).test('a.b*(c)')).toBe(true))
})

describe('durations', () => {
  it.each([
    ['1h30m', 5400e9],
    ['1.5s', 1.5e9],
    ['250 ms', 250e6],
    ['20', 20e6],
    ['7d', 7 * 86400e9],
    ['soon', null],
    ['', null],
  ])('%j is %s ns', (text, want) => expect(parseDuration(text)).toBe(want))
  it.each([
    [2_312_345_678, 'near', '2.31s'],
    [2_312_345_678, 'up', '2.32s'],
    [12_389_000, 'down', '12.3ms'],
    [840_000, 'near', '840us'],
    [7, 'near', '7ns'],
    [12_345e9, 'near', '12300s'],
  ] as const)('%s ns rounded %s is %s', (ns, round, want) => expect(writeDuration(ns, round)).toBe(want))
})

describe('tokens', () => {
  it.each([
    ['{ span.http.route = "a b" }', 'bracket attribute operator text bracket'],
    ['{ .5xx || .x.y-z > 1.5 }', 'bracket number word operator attribute operator number bracket'],
    ['{ span."a b".c = 1h30m }', 'bracket attribute operator duration bracket'],
    ['{ span:duration>=10ms&&parent.span.x!=nil}', 'bracket field operator duration operator attribute operator word bracket'],
    ['{} | rate() by(name)', 'bracket bracket operator word bracket bracket word bracket word bracket'],
    ['{ name = "open', 'bracket word operator wrong'],
    ["{ name = 'x' }", 'bracket word operator wrong bracket'],
  ])('%s', (text, want) => expect(lex(text).map((t) => t.kind).join(' ')).toBe(want))
  it('covers everything but white space', () => {
    const text = '{ § name=~`x.*` }&>>{ } ? | max(duration) > 1e9'
    expect(lex(text).map((t) => t.text).join('')).toBe(text.replace(/\s/g, ''))
  })
})

describe('conditions', () => {
  it.each([
    ['{ }', []],
    ['', []],
    ['{ a = 1 && (b = 2 || c = 3) && name = "x && y" }', ['a = 1', '(b = 2 || c = 3)', 'name = "x && y"']],
    ['{ a = 1 || b = 2 && c = 3 }', ['a = 1 || b = 2 && c = 3']],
    ['{ a = 1 } && { b = 2 }', null],
    ['{ a = 1 } | rate()', null],
  ])('of %s', (text, want) => expect(conditions(text)).toEqual(want))
  it('a filter keeps what binds looser together', () => {
    expect(filter(['a = 1 || b = 2', 'c = 3'])).toBe('{ (a = 1 || b = 2) && c = 3 }')
    expect(filter(['(a = 1 || b = 2)', 'c = 3'])).toBe('{ (a = 1 || b = 2) && c = 3 }')
  })
  it('narrows a filter, and replaces bounds', () => {
    expect(narrow('{ name = "x" && trace:duration >= 1s }', 'trace:duration >= 2s', 'trace:duration <= 3s')).toBe(
      '{ name = "x" && trace:duration >= 2s && trace:duration <= 3s }',
    )
    expect(narrow('{ a = 1 } >> { b = 2 }', 'trace:duration >= 2s')).toBe('{ a = 1 } >> { b = 2 } | { trace:duration >= 2s }')
  })
  it('knows metrics', () => {
    expect(isMetrics('{ } | quantile_over_time(duration, .5)')).toBe(true)
    expect(isMetrics('{ name = "rate()" }')).toBe(false)
    expect(isMetrics('{ } | count() > 2')).toBe(false)
  })
})

describe('the form', () => {
  const cases: [Form, string][] = [
    [emptyForm, '{ }'],
    [form({ service: 'a "b"', operation: 'GET /x' }), '{ resource.service.name = "a \\"b\\"" && name = "GET /x" }'],
    [form({ min: '1.5s', max: '3s', of: 'trace', errors: true }), '{ trace:duration >= 1.5s && trace:duration <= 3s && status = error }'],
    [
      form({
        attributes: [
          { name: 'span.http.response.status_code', op: '>=', value: '500' },
          { name: 'span.code', op: '=', value: '"500"' },
          { name: 'span.a b', op: '=~', value: '.*x' },
          { name: 'kind', op: '=', value: 'server' },
        ],
      }),
      '{ span.http.response.status_code >= 500 && span.code = "500" && span."a b" =~ ".*x" && kind = server }',
    ],
  ]
  it.each(cases)('%j', (f, want) => {
    expect(buildQuery(f)).toBe(want)
    expect(readForm(want)).toEqual({ form: f })
  })
  it.each(['{ duration > 2s }', '{ duration >= 1s && trace:duration >= 2s }', '{ status = ok && name != "x" }', '{ kind = client && span:childCount > 3 }'])('writes %s as it read it', (text) => {
    const f = readForm(text).form
    expect(f && buildQuery(f)).toBe(text)
  })
  it('leaves out what is not a duration yet', () => expect(buildQuery(form({ min: '1x' }))).toBe('{ }'))
  it('a bare number is milliseconds', () => expect(buildQuery(form({ min: '250' }))).toBe('{ duration >= 250ms }'))
  it('a name without a scope means any', () =>
    expect(buildQuery(form({ attributes: [{ name: 'user.id', op: '=', value: 'bob' }] }))).toBe('{ .user.id = "bob" }'))
  it.each([
    ['{ a = 1 } | count() > 2', 'more than one filter'],
    ['{ status = error || kind = client }', '“or”'],
    ['{ duration > parent.duration }', 'compares two fields'],
  ])('says why it can’t show %s', (text, why) => expect(readForm(text).why).toContain(why))
  it('quotes show only where they tell', () => {
    expect(shown('"bob"')).toBe('bob')
    expect(shown('"200"')).toBe('"200"')
    expect(literal('7d')).toBe('7d')
    expect(literal('500', '=~')).toBe('"500"')
  })
})

describe('an error', () => {
  it('stands under its character', () => {
    const text = '{ name = "🛒" &&\n status = eror }'
    const p = new Problem('the query is wrong at 2:11: unknown name "eror"; did you mean error?', ' status = eror }\n          ^^^^\n', 400)
    const w = wrongPlace(text, p)
    expect(text.slice(w?.from, w?.to)).toBe('eror')
    expect(w?.message).toContain('did you mean')
  })
  it('counts characters, not their halves', () => {
    const p = new Problem('the query is wrong at 1:15: x', '{ name = "🛒" && eror }\n              ^^^^\n', 400)
    const text = '{ name = "🛒" && eror }'
    const w = wrongPlace(text, new Problem(p.message.replace('15', '17'), p.hint, 400))
    expect(text.slice(w?.from, w?.to)).toBe('eror')
  })
})
