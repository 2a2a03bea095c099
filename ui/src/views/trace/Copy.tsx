import { useEffect, useState } from 'react'

/** Copy puts a text on the clipboard, and says so for a moment. */
export function Copy({ text, label, className, title }: { text: () => string; label: string; className?: string | undefined; title?: string }) {
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (!said) return
    const timer = setTimeout(() => setSaid(''), 1500)
    return () => clearTimeout(timer)
  }, [said])
  return (
    <button
      type="button"
      className={className}
      title={title}
      onClick={() => {
        // Over plain HTTP from another machine, browsers have no clipboard.
        const done = navigator.clipboard?.writeText(text())
        if (done) done.then(() => setSaid('Copied'), () => setSaid('Not allowed'))
        else setSaid('Not allowed here')
      }}
    >
      <span aria-live="polite">{said || label}</span>
    </button>
  )
}
