// A trace can be shared as one file that opens offline. What it holds stands in elements
// of the file, as the server wrote them: gzip in base64. See internal/api/share.go.

export type Shared = {
  traceId: string
  from: string // address of the server
  madeUnixNano: string
  without: string[] | null // attributes that were left out
  logs: boolean
  part: number // spans in an element
  parts: number // elements of spans
}

/** What the file says of itself; null on a server's page. */
export let shared: Shared | null = null

/** Reads what this file says of itself. Called once, before anything is drawn. */
export async function openShared(): Promise<Shared> {
  shared = (await (await unpack('header')).json()) as Shared
  return shared
}

/** The document of an element. */
export async function unpack(id: string): Promise<Response> {
  const text = document.getElementById(id)?.textContent
  if (text === undefined || text === null) throw new Error(`the file lacks its part "${id}": it may have been cut off`)
  const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
  const body = new Response(raw).body
  if (!body) throw new Error('this browser can\'t unpack the file')
  const bytes = await new Response(body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer()
  return new Response(bytes)
}
