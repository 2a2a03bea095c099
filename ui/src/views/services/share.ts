/** The share of failed requests, with as many digits as tell something. */
export function share(errors: number, calls: number): string {
  if (!errors || !calls) return '0 %'
  const p = (100 * errors) / calls
  return p < 0.1 ? '< 0.1 %' : `${p >= 9.95 ? Math.round(p) : p.toFixed(1)} %`
}
