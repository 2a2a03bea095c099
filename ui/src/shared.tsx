import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { answerFrom } from './base/api'
import { openShared, unpack } from './base/shared'
import './base/theme.css'
import { sharedAnswer } from './trace/shared'
import { SharedTrace } from './views/shared/SharedTrace'

// The page of a shared file: the trace view alone, which finds its answers in the file.

const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, refetchOnWindowFocus: false, retry: false, networkMode: 'always' } } })

async function main(page: HTMLElement) {
  try {
    const shared = await openShared()
    answerFrom(sharedAnswer(shared, unpack))
    createRoot(page).render(
      <StrictMode>
        <QueryClientProvider client={client}>
          <SharedTrace shared={shared} />
        </QueryClientProvider>
      </StrictMode>,
    )
  } catch (e) {
    page.textContent = `This trace can't be shown: ${e instanceof Error ? e.message : String(e)}.`
  }
}

const page = document.getElementById('page')
if (page) void main(page)
