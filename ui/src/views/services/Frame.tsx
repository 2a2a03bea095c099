import { type ReactNode, useLayoutEffect, useRef, useState } from 'react'
import { useSize } from '../../timeline/useSize'
import styles from './Services.module.css'

type Point = { x: number; y: number }
type Props = { width: number; height: number; least: number; about: string; middle: Point | undefined; bar: ReactNode; children: ReactNode; label: string }

/**
 * Frame shows a drawing as large as it fits, but no smaller than can be read: it scrolls
 * then, with a point in the middle at first, and is made larger and smaller by buttons, until
 * it is about something else.
 */
export function Frame({ width, height, least, about, middle, bar, children, label }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const size = useSize(box)
  const [chosen, setChosen] = useState<number | null>(null)
  const [was, setWas] = useState(about)
  if (was !== about) {
    setWas(about)
    setChosen(null)
  }
  const fit = Math.min(size.width / width, (window.innerHeight * 0.68) / height, 1.25)
  const scale = chosen ?? Math.max(fit, least)
  const ready = size.width > 0
  useLayoutEffect(() => {
    const e = box.current
    if (ready && e && middle) e.scrollTo(middle.x * scale - e.clientWidth / 2, middle.y * scale - e.clientHeight / 2)
    // Only at first: then it is the reader who scrolls.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [ready, about])
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
    <>
      <div className={styles.bar}>
        {bar}
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
      <div className={styles.canvas} ref={box} role="region" aria-label="Map" tabIndex={0}>
        {ready && (
          <svg className={styles.map} viewBox={`0 0 ${width} ${height}`} width={width * scale} height={height * scale} role="group" aria-label={label}>
            {children}
          </svg>
        )}
      </div>
    </>
  )
}
