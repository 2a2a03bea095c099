// Text of TraceQL, made from values of any kind.

/** A string in TraceQL, which has Go's escapes. */
export function quote(text: string): string {
  let s = '"'
  for (const c of text) {
    const n = c.codePointAt(0) ?? 0
    if (c === '"' || c === '\\') s += '\\' + c
    else if (c === '\n') s += '\\n'
    else if (c === '\t') s += '\\t'
    else if (c === '\r') s += '\\r'
    else if (n < 0x20 || n === 0x7f) s += '\\x' + n.toString(16).padStart(2, '0')
    else s += c
  }
  return s + '"'
}

/** The name of an attribute with its scope; a name with blanks or operators in it is quoted. */
export const attribute = (scope: 'span' | 'resource' | 'instrumentation' | 'event' | 'link', name: string): string =>
  `${scope}.${/^[A-Za-z_][A-Za-z0-9_./-]*$/.test(name) ? name : quote(name)}`

/** A value as TraceQL writes it, or null for types that nothing compares with. */
export function literal(type: string, value: string): string | null {
  switch (type) {
    case 'string':
    case 'bytes':
      return quote(value)
    case 'bool':
      return value === 'true' || value === 'false' ? value : null
    case 'int':
    case 'double':
      return /^-?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(value) ? value : null
    default:
      return null
  }
}

/** The spans of an operation. */
export const operation = (service: string, name: string): string =>
  service ? `resource.service.name = ${quote(service)} && name = ${quote(name)}` : `name = ${quote(name)}`

/** The address that shows what a query finds. */
export const findAddress = (query: string): string => '/?q=' + encodeURIComponent(query)
