import { useCallback, useEffect, useRef, useState } from 'react'
import { pixels, Scale } from '../../base/scale'
import { nanos } from '../../base/time'
import { change, type TraceState } from './state'

/**
 * The part of the time that is shown. It follows the wheel at once, and the address when
 * the wheel rests, since browsers take only so many addresses a second. home is what is
 * shown when nothing was chosen.
 */
export function useWindow(duration: number, home: [number, number], s: TraceState) {
  const [part, setPart] = useState<[number, number] | null>(null)
  useEffect(() => setPart(s.from !== null && s.to !== null ? [s.from, s.to] : null), [s.from, s.to])
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const set = useCallback(
    (from: number, to: number) => {
      const all = from <= 0 && to >= duration
      setPart(all ? null : [from, to])
      clearTimeout(timer.current)
      timer.current = setTimeout(() => change(all ? { from: null, to: null } : { from, to }, true), 250)
    },
    [duration],
  )
  const most = Math.max(duration, 1)
  const from = Math.min(Math.max(part?.[0] ?? home[0], 0), most)
  const to = Math.min(part?.[1] ?? home[1], most)
  const window: [number, number] = to > from ? [from, to] : [0, most]
  /** Zooms by a factor around a time. */
  const zoom = (factor: number, around: number) => {
    const scale = new Scale(nanos(window[0]), nanos(window[1]), pixels(1000))
    const at = around >= window[0] && around <= window[1] ? scale.x(around) : pixels(500)
    const z = scale.zoomed(factor, at, nanos(0), nanos(most))
    set(z.from, z.to)
  }
  return { from: window[0], to: window[1], zoomed: part !== null, set, zoom, all: () => set(0, most) }
}
