import { useQuery } from '@tanstack/react-query'
import { getJSON } from '../base/api'
import { quote } from './quote'

// Names and values that the server has seen, to choose from.

type Tags = { scopes: { name: string; tags: string[] }[] }
type Values = { tagValues: { type: string; value: string }[] }
export type Value = { type: string; value: string }

/** Names of attributes, with their scope: span.http.route, resource.service.name. */
export async function loadNames(signal?: AbortSignal): Promise<string[]> {
  const tags = await getJSON<Tags>('/api/v2/search/tags', signal)
  return tags.scopes.filter((s) => s.name !== 'intrinsic').flatMap((s) => s.tags.map((t) => `${s.name}.${t}`))
}

export async function loadValues(name: string, q: string, signal?: AbortSignal): Promise<Value[]> {
  const params = new URLSearchParams({ limit: '500' })
  if (q) params.set('q', q)
  const answer = await getJSON<Values>(`/api/v2/search/tag/${encodeURIComponent(name)}/values?${params.toString()}`, signal)
  return answer.tagValues ?? []
}

export function useNames(): string[] {
  return useQuery({ queryKey: ['names'], queryFn: ({ signal }) => loadNames(signal), staleTime: 60_000 }).data ?? []
}

export function useValues(name: string, q = '', enabled = true): Value[] {
  const ask = useQuery({
    queryKey: ['values', name, q],
    queryFn: ({ signal }) => loadValues(name, q, signal),
    enabled: enabled && name !== '',
    staleTime: 60_000,
    retry: false,
  })
  return ask.data ?? []
}

export const useServices = (): string[] => useValues('resource.service.name').map((v) => v.value)

export function useOperations(service: string): string[] {
  return useValues('name', service ? `{ resource.service.name = ${quote(service)} }` : '').map((v) => v.value)
}
