import { type ReactNode, useState } from 'react'
import { type Attr, type LogRecord, type SpanDocument } from '../../base/api'
import { link } from '../../base/location'
import { choose, useSettings } from '../../base/theme'
import { after, formatDuration, formatMoment, moment, rfc3339 } from '../../base/time'
import { Handle } from '../../timeline/Handle'
import { percent, plural } from '../../timeline/label'
import { useModel } from '../../timeline/model'
import { useNarrow } from '../../timeline/useSize'
import { errorOf, flagsOf, isError, kindOf, nameOf, serviceOf, spanId } from '../../trace/decode'
import { findAddress, operation } from '../../trace/literal'
import { Attributes } from './Attributes'
import { Copy } from './Copy'
import { Events } from './Events'
import { Incoming, Links } from './Links'
import { Logs } from './Logs'
import { Rank } from './Rank'
import { useSpan } from './useTrace'
import styles from './Panel.module.css'

/** Panel is all there is of one span: at the side, or on a phone as a sheet from below. */
export function Panel({ node, logs, close, focus }: { node: number; logs: LogRecord[]; close: () => void; focus: () => void }) {
  const { t, adjusted } = useModel()
  const { panel, zone } = useSettings()
  const narrow = useNarrow()
  const [tall, setTall] = useState(false)
  const id = spanId(t, node)
  const missing = flagsOf(t, node).includes('missing')
  const { data, error, isPending } = useSpan(t.id, missing ? '' : id)
  const begin = t.begin[node] ?? 0
  const doc = data && which(data, nameOf(t, node), String(t.start + BigInt(begin)))
  const at = after(t.start, begin as never)
  const own = logs.filter((l) => l.spanId === id)
  const shift = adjusted?.shift[node] ?? 0
  return (
    <aside className={styles.panel} style={narrow ? undefined : { width: panel }} data-tall={tall || undefined} aria-label={`Span ${nameOf(t, node)}`}>
      {!narrow && <Handle reverse at={panel} least={260} most={900} label="Width of the panel" onMove={(w) => choose({ panel: w })} />}
      <div className={styles.head}>
        {narrow && (
          <button type="button" className={styles.grip} onClick={() => setTall(!tall)} aria-label={tall ? 'Smaller' : 'Larger'} aria-expanded={tall} />
        )}
        <h2 className={styles.title}>
          <bdi>{missing ? 'Parent not received' : nameOf(t, node) || '(no name)'}</bdi>
        </h2>
        <button type="button" className={styles.close} onClick={close} aria-label="Close the panel">
          ×
        </button>
      </div>
      <div className={styles.body}>
        <p className="quiet">
          {[serviceOf(t, node), missing ? '' : kindOf(t, node), ['', 'status ok', ''][t.status[node] ?? 0]].filter(Boolean).join(' · ')}
          {isError(t, node) && <span className="error"> · failed</span>}
        </p>
        {isError(t, node) && <p className={styles.failed}>{doc?.statusMessage || errorOf(t, node) || 'It says no reason.'}</p>}
        {missing && (
          <p>
            {plural(t.children[node] ?? 0, 'span')} name this parent, but it was not received: it is still on its way, was dropped, or its service does not
            send. Its time is that of its children.
          </p>
        )}
        <Times node={node} />
        {shift !== 0 && (
          <p className={styles.note}>
            Drawn {formatDuration(Math.abs(shift))} {shift > 0 ? 'later' : 'earlier'} than it was sent, since clocks are adjusted.
          </p>
        )}
        <dl className={styles.facts}>
          <div>
            <dt>Begins</dt>
            <dd className="mono">
              <span title={rfc3339(at)}>{formatMoment(at, zone)}</span> <span className="quiet">+{formatDuration(begin)}</span>{' '}
              <Copy className={styles.small} text={() => rfc3339(at)} label="RFC 3339" /> <Copy className={styles.small} text={() => String(at)} label="ns" />
            </dd>
          </div>
          <div>
            <dt>Span id</dt>
            <dd className="mono">
              {id} <Copy className={styles.small} text={() => id} label="copy" />
            </dd>
          </div>
          {doc?.traceState && (
            <div>
              <dt>Trace state</dt>
              <dd className="mono">{doc.traceState}</dd>
            </div>
          )}
        </dl>
        {flagText(flagsOf(t, node)).map((text) => (
          <p key={text} className={styles.note}>
            {text}
          </p>
        ))}
        {doc && <Rank doc={doc} />}
        <p className={styles.ways}>
          {(t.children[node] ?? 0) > 0 && (
            <button type="button" className={styles.small} onClick={focus}>
              Only this and below <kbd>f</kbd>
            </button>
          )}
          {doc && <a {...link(findAddress(`{ ${operation(doc.service, doc.name)} }`))}>Traces with this operation</a>}
        </p>
        {error && <p className="error">The span could not be read: {error.message}.</p>}
        {isPending && !missing && <p className="quiet">Reading the span …</p>}
        {doc && (
          <>
            <Events doc={doc} />
            <Part name="Attributes" count={doc.attributes.length} dropped={doc.droppedAttributes}>
              <Attributes scope="span" all={doc.attributes} doc={doc} />
            </Part>
            <Logs logs={own} start={t.start} />
            <Part name="Links" count={doc.links.length} dropped={doc.droppedLinks} hideEmpty>
              <Links links={doc.links} />
            </Part>
            <Incoming trace={t.id} span={id} since={t.start} />
            <Part name="Resource" count={doc.resource.length} folded>
              <Attributes scope="resource" all={doc.resource} doc={doc} />
            </Part>
            <Part name="Scope" count={doc.scope.attributes.length} hideEmpty={!doc.scope.name} folded>
              <p className={styles.scope}>
                {doc.scope.name} <span className="quiet">{doc.scope.version}</span>
              </p>
              <Attributes scope="instrumentation" all={doc.scope.attributes} doc={doc} />
            </Part>
          </>
        )}
      </div>
    </aside>
  )
}

/** Of several spans with an id, the one that a node is of. */
function which(docs: SpanDocument[], name: string, start: string): SpanDocument | undefined {
  const same = docs.filter((d) => d.name === name)
  return same.find((d) => moment(d.startUnixNano) === moment(start)) ?? same[0] ?? docs[0]
}

/** Where the time of the span went: in itself, in its children; and what the request waited for. */
function Times({ node }: { node: number }) {
  const { t, palette } = useModel()
  const length = t.length[node] ?? 0
  const self = t.self[node] ?? 0
  const critical = t.critical[node] ?? 0
  const service = t.service[node] ?? 0
  const share = (n: number) => (length > 0 ? `${(100 * n) / length}%` : '0')
  return (
    <div className={styles.times}>
      <p>
        <b>{formatDuration(length)}</b>{' '}
        {t.root.durationNano > 0 && node !== t.root.node && <span className="quiet">{percent(length / t.root.durationNano)} of the request</span>}
      </p>
      <div className={styles.split} aria-hidden="true">
        <i style={{ width: share(self), background: palette.core[service] }} />
        <i style={{ width: share(length - self), background: palette.bar[service] }} />
      </div>
      <dl className={styles.facts}>
        <div>
          <dt>Itself</dt>
          <dd className="mono">
            {formatDuration(self)} <span className="quiet">{length > 0 && percent(self / length)}</span>
          </dd>
        </div>
        <div>
          <dt>Children</dt>
          <dd className="mono">
            {formatDuration(length - self)} <span className="quiet">{plural(t.children[node] ?? 0, 'span')}</span>
          </dd>
        </div>
        <div>
          <dt>Critical path</dt>
          <dd className="mono">
            {formatDuration(critical)}{' '}
            <span className="quiet">{critical > 0 && t.root.durationNano > 0 ? `${percent(critical / t.root.durationNano)} of the request` : 'not waited for'}</span>
          </dd>
        </div>
      </dl>
    </div>
  )
}

function flagText(flags: string[]): string[] {
  const texts: Record<string, string> = {
    duplicate: 'Another span of this trace has the same id.',
    shared: 'It shares its id with the client span above it, as Zipkin’s clients send it.',
    selfParent: 'It names itself as its parent.',
    cycle: 'Its parent is one of its own descendants; the edge was cut here.',
    startsBeforeParent: 'It begins before its parent: clocks may differ.',
    endsAfterParent: 'It ends after its parent: it went on after the answer, or clocks differ.',
    negativeDuration: 'It came with an end before its start, and is drawn without length.',
  }
  return flags.map((f) => texts[f] ?? '').filter(Boolean)
}

export function Part(p: { name: string; count: number; dropped?: number | undefined; folded?: boolean; hideEmpty?: boolean; children: ReactNode }) {
  if (p.count === 0 && !p.dropped && p.hideEmpty) return null
  return (
    <details className={styles.part} open={!p.folded}>
      <summary>
        <h3>{p.name}</h3> <span className="quiet">{p.count}</span>
      </summary>
      {p.children}
      {p.dropped ? <p className={styles.note}>The sender dropped {p.dropped} more.</p> : null}
    </details>
  )
}

export type Scope = 'span' | 'resource' | 'instrumentation' | 'event' | 'link'
export type { Attr }
