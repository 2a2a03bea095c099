export function TraceView({ id }: { id: string }) {
  return <p>{id}</p>
}
