import { type Nanos, nanos } from './time'

export type Pixels = number & { readonly brand: 'pixels' }
export const pixels = (n: number): Pixels => n as Pixels

/** Scale is all arithmetic between time and pixels. It does not change. */
export class Scale {
  constructor(
    readonly from: Nanos,
    readonly to: Nanos,
    readonly width: Pixels,
  ) {}

  x(t: number): Pixels {
    return pixels(((t - this.from) / (this.to - this.from || 1)) * this.width)
  }
  time(x: number): Nanos {
    return nanos(this.from + (x / (this.width || 1)) * (this.to - this.from))
  }
  length(d: number): Pixels {
    return pixels((d / (this.to - this.from || 1)) * this.width)
  }
  span(): Nanos {
    return nanos(this.to - this.from)
  }

  /** The scale for the same time on another width. */
  resized(width: Pixels): Scale {
    return new Scale(this.from, this.to, width)
  }

  /** Zoomed by a factor around a pixel, within [least, most]; never to less than a nanosecond a pixel column. */
  zoomed(factor: number, around: Pixels, least: Nanos, most: Nanos): Scale {
    const at = this.time(around)
    const span = Math.min(Math.max(this.span() * factor, Math.min(10, most - least)), most - least)
    const from = Math.min(Math.max(at - (around / (this.width || 1)) * span, least), most - span)
    return new Scale(nanos(from), nanos(from + span), this.width)
  }

  /** Moved by pixels, within [least, most]. */
  moved(by: Pixels, least: Nanos, most: Nanos): Scale {
    const span = this.span()
    const from = Math.min(Math.max(this.from + (by / (this.width || 1)) * span, least), most - span)
    return new Scale(nanos(from), nanos(from + span), this.width)
  }

  /** Round moments for ticks, some `most` of them. */
  ticks(most: number): Nanos[] {
    const span = this.span()
    if (span <= 0 || most < 1) return []
    const rough = span / most
    const power = 10 ** Math.floor(Math.log10(rough))
    const step = ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10) * power
    const all: Nanos[] = []
    for (let t = Math.ceil(this.from / step) * step; t <= this.to && all.length < 1000; t += step) all.push(nanos(t))
    return all
  }
}
