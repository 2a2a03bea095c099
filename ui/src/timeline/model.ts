import { createContext, useContext } from 'react'
import type { Trace } from '../trace/decode'
import type { Adjusted } from '../trace/skew'
import type { Tree } from '../trace/tree'
import type { Marks } from './marks'
import type { Palette } from './palette'
import type { Runs } from './runs'
import type { ByNode } from './stretches'

/** Model is a trace with all that is worked out from it once, for whoever draws it. */
export type Model = {
  t: Trace
  tree: Tree
  runs: Runs
  adjusted: Adjusted | null // if clocks are
  begin: Float64Array
  path: ByNode
  gaps: ByNode
  marks: Marks
  palette: Palette
}

const context = createContext<Model | null>(null)
export const ModelProvider = context.Provider

export function useModel(): Model {
  const m = useContext(context)
  if (!m) throw new Error('no trace around this component')
  return m
}
