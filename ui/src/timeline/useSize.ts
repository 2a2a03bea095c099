import { type RefObject, useLayoutEffect, useState, useSyncExternalStore } from 'react'

/** The size of an element's inside, in whole pixels. */
export function useSize(ref: RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const e = ref.current
    if (!e) return
    const measure = () => setSize((s) => (s.width === e.clientWidth && s.height === e.clientHeight ? s : { width: e.clientWidth, height: e.clientHeight }))
    measure()
    const o = new ResizeObserver(measure)
    o.observe(e)
    return () => o.disconnect()
  }, [ref])
  return size
}

const narrow = window.matchMedia('(max-width: 640px)')

/** Whether the page is as narrow as a phone. */
export const useNarrow = (): boolean =>
  useSyncExternalStore(
    (l) => {
      narrow.addEventListener('change', l)
      return () => narrow.removeEventListener('change', l)
    },
    () => narrow.matches,
  )

/** Gives a canvas the size of its picture, in the pixels of the screen. */
export function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio || 1
  const w = Math.round(width * ratio)
  const h = Math.round(height * ratio)
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w
    canvas.height = h
  }
  return canvas.getContext('2d')
}
