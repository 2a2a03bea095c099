import styles from './Services.module.css'

/** Sparkline is a small line over time; where requests failed it has a red mark below. */
export function Sparkline({ values, bad, color, label }: { values: number[]; bad: number[]; color: string; label: string }) {
  const width = 160
  const height = 26
  const most = values.reduce((a, b) => Math.max(a, b), 0) || 1
  const x = (i: number) => (i / Math.max(values.length - 1, 1)) * width
  const path = values.map((v, i) => `${i ? 'L' : 'M'}${x(i).toFixed(1)} ${(height - 5 - (v / most) * (height - 8)).toFixed(1)}`).join('')
  return (
    <svg className={styles.spark} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={path} fill="none" stroke={color} strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
      {bad.map((b, i) => (b > 0 ? <rect key={x(i)} x={x(i) - 1} y={height - 4} width="2" height="4" className={styles.bad} /> : null))}
    </svg>
  )
}
