import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Problem } from './base/api'
import './base/theme.css'
import { App } from './views/App'

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      // A server that does not answer is asked again for as long as somebody looks; what it
      // refuses, it refuses again.
      retry: (count, error) => error instanceof Problem && error.status === 0 && count < 100,
      retryDelay: (count) => Math.min(500 * 2 ** count, 5_000),
    },
  },
})

const page = document.getElementById('page')
if (page) {
  createRoot(page).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  )
}
