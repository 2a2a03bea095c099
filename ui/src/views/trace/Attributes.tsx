import { type Attr, safeURL, type SpanDocument } from '../../base/api'
import { link } from '../../base/location'
import { formatCount } from '../../timeline/label'
import { attribute, findAddress, literal, operation, quote } from '../../trace/literal'
import { Copy } from './Copy'
import styles from './Panel.module.css'

type Scope = 'span' | 'resource' | 'instrumentation' | 'event' | 'link'

/** Attributes of one scope, each with the ways on from it. */
export function Attributes({ scope, all, doc }: { scope: Scope; all: Attr[]; doc?: SpanDocument }) {
  return (
    <dl className={styles.attributes}>
      {all.map((a, i) => (
        <div key={`${a.name}-${i}`}>
          <dt>{a.name}</dt>
          <dd>
            <Value text={a.value} />
            <span className={styles.acts}>
              <Copy className={styles.small} text={() => a.value} label="copy" title={`Copy ${a.name}`} />
              <More scope={scope} a={a} doc={doc} />
            </span>
          </dd>
        </div>
      ))}
    </dl>
  )
}

function More({ scope, a, doc }: { scope: Scope; a: Attr; doc: SpanDocument | undefined }) {
  const value = literal(a.type, a.value)
  if (value === null) return null
  const is = `${attribute(scope, a.name)} = ${value}`
  // Without its service, an operation is its name.
  const of = scope === 'resource' && a.name === 'service.name' ? `name = ${quote(doc?.name ?? '')}` : operation(doc?.service ?? '', doc?.name ?? '')
  return (
    <>
      <a {...link(findAddress(`{ ${is} }`))} title={`Find spans with ${a.name} = ${a.value.slice(0, 100)}`}>
        more like this
      </a>
      {doc && (
        <a {...link(findAddress(`{ ${of} && !(${is}) }`))} title="Find spans of this operation without this value">
          exclude
        </a>
      )}
    </>
  )
}

const folded = 600 // characters from which on a value is folded

function Value({ text }: { text: string }) {
  const url = safeURL(text)
  if (url) {
    return (
      <a className={styles.value} href={url} target="_blank" rel="noopener noreferrer">
        {text}
      </a>
    )
  }
  if (text.length > folded) {
    return (
      <details className={styles.value}>
        <summary>
          {text.slice(0, 120)}… <span className="quiet">{formatCount(text.length)} characters</span>
        </summary>
        <bdi>{text}</bdi>
      </details>
    )
  }
  return (
    <span className={styles.value}>
      <bdi>{text === '' ? '""' : text}</bdi>
    </span>
  )
}
