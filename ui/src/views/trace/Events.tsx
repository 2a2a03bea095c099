import type { SpanDocument, SpanEvent } from '../../base/api'
import { between, formatDuration, moment } from '../../base/time'
import { Attributes } from './Attributes'
import { Copy } from './Copy'
import { Part } from './Panel'
import styles from './Panel.module.css'

/** What happened within a span, by time; exceptions first, with their stacks folded. */
export function Events({ doc }: { doc: SpanDocument }) {
  const exceptions = doc.events.filter((e) => e.name === 'exception')
  const others = doc.events.filter((e) => e.name !== 'exception')
  return (
    <>
      {exceptions.map((e, i) => (
        <Exception key={i} e={e} start={doc.startUnixNano} />
      ))}
      <Part name="Events" count={others.length} dropped={doc.droppedEvents} hideEmpty>
        {others.map((e, i) => (
          <div key={i} className={styles.event}>
            <p>
              <span className="mono quiet">+{offset(e, doc.startUnixNano)}</span> <bdi>{e.name}</bdi>
            </p>
            <Attributes scope="event" all={e.attributes} />
          </div>
        ))}
      </Part>
    </>
  )
}

const offset = (e: SpanEvent, start: string) => formatDuration(between(moment(start), moment(e.timeUnixNano)))

function Exception({ e, start }: { e: SpanEvent; start: string }) {
  const get = (name: string) => e.attributes.find((a) => a.name === name)?.value ?? ''
  const stack = get('exception.stacktrace')
  const shown = ['exception.type', 'exception.message', 'exception.stacktrace']
  const rest = e.attributes.filter((a) => !shown.includes(a.name))
  return (
    <section className={styles.exception}>
      <p>
        <b>{get('exception.type') || 'exception'}</b> <span className="mono quiet">+{offset(e, start)}</span>
      </p>
      <p className={styles.value}>{get('exception.message')}</p>
      {stack && (
        <details>
          <summary>
            Stack <span className="quiet">{stack.split('\n').length} lines</span>
          </summary>
          <Copy className={styles.small} text={() => stack} label="copy" />
          <pre className={styles.stack}>{stack}</pre>
        </details>
      )}
      {rest.length > 0 && <Attributes scope="event" all={rest} />}
    </section>
  )
}
