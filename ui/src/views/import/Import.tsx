import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { formatCount } from '../../timeline/label'
import styles from './Import.module.css'
import { cancel, dismiss, filesId, openFiles, running, useJob } from './job'

/** Import takes files that are dropped anywhere on the page, or chosen, and says how they fare. */
export function Import() {
  const client = useQueryClient()
  const [over, setOver] = useState(false)
  useEffect(() => {
    // Text and links that are dragged are not ours. The editor would insert a file as text: it is not asked.
    const files = (e: DragEvent) => e.dataTransfer?.types.includes('Files') ?? false
    const hold = (e: DragEvent) => {
      if (!files(e)) return
      e.preventDefault()
      e.stopPropagation()
      if (e.dataTransfer) e.dataTransfer.dropEffect = running() ? 'none' : 'copy'
      setOver(true)
    }
    const leave = (e: DragEvent) => {
      if (e.relatedTarget === null) setOver(false)
    }
    const drop = (e: DragEvent) => {
      if (!files(e)) return
      e.preventDefault()
      e.stopPropagation()
      setOver(false)
      void openFiles([...(e.dataTransfer?.files ?? [])], client)
    }
    window.addEventListener('dragenter', hold, true)
    window.addEventListener('dragover', hold, true)
    window.addEventListener('dragleave', leave, true)
    window.addEventListener('drop', drop, true)
    return () => {
      window.removeEventListener('dragenter', hold, true)
      window.removeEventListener('dragover', hold, true)
      window.removeEventListener('dragleave', leave, true)
      window.removeEventListener('drop', drop, true)
    }
  }, [client])
  return (
    <>
      <State />
      <input
        id={filesId}
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
      {over && (
        <div className={styles.target}>
          <p>
            <b>{running() ? 'A file is still being sent' : 'Drop to open'}</b>
            <span>{running() ? 'Cancel it first, or wait.' : 'Traces as OTLP, Jaeger or Zipkin JSON. They are sent to this server.'}</span>
          </p>
        </div>
      )}
    </>
  )
}

function State() {
  const job = useJob()
  return (
    <div role="status">
      {job.state === 'running' && (
        <div className={styles.state}>
          <span className={styles.line}>
            {job.finding ? 'Looking for the spans of ' : 'Sending '}
            <bdi>{job.progress.file}</bdi>
          </span>
          <progress className={styles.progress} aria-label="Sent" value={job.finding ? undefined : job.progress.share} />
          {/* Read out once, not at each step. */}
          <span className="mono quiet" aria-hidden="true">
            {formatCount(job.progress.spans)} spans
          </span>
          <button type="button" className="button" onClick={cancel}>
            Cancel
          </button>
        </div>
      )}
      {job.state === 'done' && (
        <div className={styles.state}>
          <div className={styles.line}>
            <p>{job.line}</p>
            {job.trouble.map((t) => (
              <p key={t.file + t.cause}>
                {t.file && (
                  <>
                    <b>
                      <bdi>{t.file}</bdi>
                    </b>
                    {': '}
                  </>
                )}
                {t.cause}
                {/[.!?]$/.test(t.cause) ? '' : '.'} <span className="quiet">{t.hint}</span>
              </p>
            ))}
          </div>
          <button type="button" className="button" onClick={dismiss}>
            Close
          </button>
        </div>
      )}
    </div>
  )
}
