import { type RefObject, useEffect, useRef } from 'react'
import { pixels, type Scale } from '../base/scale'
import { nanos } from '../base/time'

export type OnZoom = (from: number, to: number) => void

/**
 * Zoom and pan over an element: ctrl or pinch and wheel zoom around the pointer, shift or a
 * sideways wheel pans, dragging pans. left is where the scale begins in the element, most is
 * the length of all. Wheel listeners that stop scrolling can't be React's, which are passive.
 */
export function useZoom(ref: RefObject<HTMLElement | null>, left: number, scale: Scale, most: number, onZoom: OnZoom, dragged: RefObject<boolean>) {
  const now = useRef({ left, scale, most, onZoom })
  useEffect(() => {
    now.current = { left, scale, most, onZoom }
  })
  useEffect(() => {
    const e = ref.current
    if (!e) return
    const zero = nanos(0)
    const place = (clientX: number) => clientX - e.getBoundingClientRect().left - now.current.left
    const set = (s: Scale) => {
      now.current = { ...now.current, scale: s } // several events may come before the next frame
      now.current.onZoom(s.from, s.to)
    }
    const wheel = (ev: WheelEvent) => {
      const { scale, most } = now.current
      const unit = ev.deltaMode === 1 ? 16 : ev.deltaMode === 2 ? 400 : 1
      if (ev.ctrlKey || ev.metaKey) {
        ev.preventDefault()
        set(scale.zoomed(Math.exp(Math.max(-60, Math.min(60, ev.deltaY * unit)) * 0.008), pixels(Math.max(place(ev.clientX), 0)), zero, nanos(most)))
      } else if (ev.shiftKey || Math.abs(ev.deltaX) > Math.abs(ev.deltaY)) {
        ev.preventDefault()
        set(scale.moved(pixels((ev.deltaX || ev.deltaY) * unit), zero, nanos(most)))
      }
    }
    const pointers = new Map<number, number>()
    let start = 0
    const down = (ev: PointerEvent) => {
      if (ev.button !== 0 || place(ev.clientX) < 0) return
      pointers.set(ev.pointerId, ev.clientX)
      start = ev.clientX
      dragged.current = false
    }
    const move = (ev: PointerEvent) => {
      const before = pointers.get(ev.pointerId)
      if (before === undefined) return
      const { scale, most } = now.current
      if (pointers.size === 2) {
        const other = [...pointers].find(([id]) => id !== ev.pointerId)?.[1] ?? before
        const factor = Math.max(Math.abs(before - other), 10) / Math.max(Math.abs(ev.clientX - other), 10)
        set(scale.zoomed(factor, pixels(place((ev.clientX + other) / 2)), zero, nanos(most)))
        dragged.current = true
      } else if (dragged.current || Math.abs(ev.clientX - start) > 4) {
        if (!dragged.current) e.setPointerCapture(ev.pointerId)
        dragged.current = true
        set(scale.moved(pixels(before - ev.clientX), zero, nanos(most)))
      }
      pointers.set(ev.pointerId, ev.clientX)
    }
    const up = (ev: PointerEvent) => pointers.delete(ev.pointerId)
    e.addEventListener('wheel', wheel, { passive: false })
    e.addEventListener('pointerdown', down)
    e.addEventListener('pointermove', move)
    e.addEventListener('pointerup', up)
    e.addEventListener('pointercancel', up)
    return () => {
      e.removeEventListener('wheel', wheel)
      e.removeEventListener('pointerdown', down)
      e.removeEventListener('pointermove', move)
      e.removeEventListener('pointerup', up)
      e.removeEventListener('pointercancel', up)
    }
  }, [ref, dragged])
}
