import { useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { openFiles, useJob } from './job'

/** A button that lets a person choose files with traces, for who does not drag. */
export function OpenFile({ className = 'button' }: { className?: string | undefined }) {
  const client = useQueryClient()
  const input = useRef<HTMLInputElement>(null)
  const busy = useJob().state === 'running'
  return (
    <>
      <button type="button" className={className} disabled={busy} title="Traces as OTLP, Jaeger or Zipkin JSON; or drop files anywhere" onClick={() => input.current?.click()}>
        Open a file
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept=".json,.jsonl,.ndjson,.txt,application/json"
        aria-label="Files with traces"
        onChange={(e) => {
          const files = [...(e.target.files ?? [])]
          e.target.value = '' // so that the same file can be chosen again
          void openFiles(files, client)
        }}
      />
    </>
  )
}
