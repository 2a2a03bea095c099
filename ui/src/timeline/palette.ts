import { colors } from '../base/color'

// The colours of a drawing. A canvas does not know the tokens of theme.css, so they are read
// once for each mode and trace.

export type Palette = {
  bar: string[] // by service of the trace
  core: string[]
  text: string
  quiet: string
  line: string
  error: string
  errorBg: string
  bg: string
  accent: string
  mark: string
  hatch: CanvasPattern | string
  mono: string
}

export function paletteOf(services: string[], mode: 'light' | 'dark'): Palette {
  const css = getComputedStyle(document.documentElement)
  const token = (name: string) => css.getPropertyValue(name).trim()
  const of = services.map((s) => (s ? colors.of(s, mode) : { bar: token('--line'), core: token('--quiet'), text: token('--quiet') }))
  return {
    bar: of.map((c) => c.bar),
    core: of.map((c) => c.core),
    text: token('--text'),
    quiet: token('--quiet'),
    line: token('--line'),
    error: token('--error'),
    errorBg: token('--error-bg'),
    bg: token('--bg'),
    accent: token('--accent'),
    mark: token('--mark'),
    hatch: hatch(token('--bg')),
    mono: `11px ${token('--mono')}`,
  }
}

/** Stripes in the colour of the ground, so that what is striped keeps its own. */
function hatch(color: string): CanvasPattern | string {
  const tile = document.createElement('canvas')
  tile.width = tile.height = 6
  const c = tile.getContext('2d')
  if (!c) return color
  c.strokeStyle = color
  c.lineWidth = 2.2
  c.beginPath()
  for (const x of [-6, 0, 6]) {
    c.moveTo(x - 1, 7)
    c.lineTo(x + 7, -1)
  }
  c.stroke()
  return c.createPattern(tile, 'repeat') ?? color
}
