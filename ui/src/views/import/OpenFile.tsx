import { filesId, useJob } from './job'

/** A button that lets a person choose files with traces, for who does not drag. */
export function OpenFile({ className = 'button' }: { className?: string | undefined }) {
  const busy = useJob().state === 'running'
  return (
    <button type="button" className={className} disabled={busy} title="Traces as OTLP, Jaeger or Zipkin JSON; or drop files anywhere" onClick={() => document.getElementById(filesId)?.click()}>
      Open a file
    </button>
  )
}
