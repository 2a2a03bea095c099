import { lazy, Suspense, useEffect } from 'react'
import { usePlace } from '../base/location'
import styles from './App.module.css'
import { Find } from './find/Find'
import { Header } from './Header'
import { Import } from './import/Import'
import { TraceView } from './trace/TraceView'

const Services = lazy(() => import('./services/Services'))
const Compare = lazy(() => import('./compare/Compare'))

/** App is what is on the screen: a header, and the view that the address names. */
export function App() {
  const { path } = usePlace()
  const trace = /^\/trace\/([0-9a-fA-F]{1,32})$/.exec(path)
  const title = trace ? `Trace ${trace[1]?.slice(0, 8)}` : path === '/services' ? 'Services' : path === '/compare' ? 'Compare' : 'Find'
  useEffect(() => {
    document.title = `${title} · Everspan`
  }, [title])
  return (
    <div className={styles.app}>
      <Header path={path} />
      <Import />
      <main className={styles.main}>
        <Suspense fallback={null}>
          {trace?.[1] ? <TraceView key={trace[1]} id={trace[1]} /> : path === '/services' ? <Services /> : path === '/compare' ? <Compare /> : <Find />}
        </Suspense>
      </main>
    </div>
  )
}
