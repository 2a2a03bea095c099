import { choose, type Theme, useSettings } from '../base/theme'
import styles from './Header.module.css'

/** Choices are how the page looks, and in which zone times are. */
export function Choices() {
  const settings = useSettings()
  return (
    <>
      <select className={styles.choice} aria-label="Theme" value={settings.theme} onChange={(e) => choose({ theme: e.target.value as Theme })}>
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
      <select className={styles.choice} aria-label="Times" value={settings.zone} onChange={(e) => choose({ zone: e.target.value === 'utc' ? 'utc' : 'local' })}>
        <option value="local">Local time</option>
        <option value="utc">UTC</option>
      </select>
    </>
  )
}
