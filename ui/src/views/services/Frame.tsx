import { type ReactNode, useRef, useState } from 'react'
import { useSize } from '../../timeline/useSize'
import styles from './Services.module.css'

type Props = { width: number; height: number; least: number; children: ReactNode; label: string; far: boolean }

/**
 * Frame shows a drawing as large as it fits, but no smaller than can be read: it scrolls
 * then, and is made larger and smaller by buttons.
 */
export function Frame({ width, height, least, children, label, far }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const size = useSize(box)
  const [chosen, setChosen] = useState<number | null>(null)
  const fit = Math.min(size.width / width, (window.innerHeight * 0.68) / height, 1.25)
  const scale = chosen ?? Math.max(fit, least)
  const zoom = (to: number | null) => {
    const e = box.current
    const next = to === null ? fit : Math.min(Math.max(to, Math.min(fit, 0.1)), 3)
    if (e) {
      // What is in the middle stays there.
      const [x, y] = [(e.scrollLeft + e.clientWidth / 2) / scale, (e.scrollTop + e.clientHeight / 2) / scale]
      requestAnimationFrame(() => e.scrollTo(x * next - e.clientWidth / 2, y * next - e.clientHeight / 2))
    }
    setChosen(next)
  }
  return (
    <div className={styles.frame}>
      <div className={styles.canvas} ref={box} role="region" aria-label="Map" tabIndex={0}>
        {size.width > 0 && (
          <svg className={styles.map} data-far={far || undefined} viewBox={`0 0 ${width} ${height}`} width={width * scale} height={height * scale} role="group" aria-label={label}>
            {children}
          </svg>
        )}
      </div>
      <div className={styles.zoom} role="group" aria-label="Size of the map">
        <button type="button" className="button" aria-label="Smaller" onClick={() => zoom(scale / 1.4)}>
          −
        </button>
        <button type="button" className="button" aria-label="Larger" onClick={() => zoom(scale * 1.4)}>
          +
        </button>
        <button type="button" className="button" onClick={() => zoom(null)}>
          Fit
        </button>
      </div>
    </div>
  )
}
