import { useQuery } from '@tanstack/react-query'
import { getJSON, type QueryAnswer, type SpanDocument } from '../../base/api'
import { shared } from '../../base/shared'
import { formatCount } from '../../timeline/label'
import { operation } from '../../trace/literal'

/** How the span compares with others of its operation in the last hour. */
export function Rank({ doc }: { doc: SpanDocument }) {
  const { data } = useQuery({
    queryKey: ['rank', doc.service, doc.name, doc.kind, doc.durationNano],
    queryFn: async ({ signal }) => {
      const alike = `${operation(doc.service, doc.name)} && kind = ${doc.kind}`
      const count = async (condition: string) => {
        const q = encodeURIComponent(`{ ${condition} } | count_over_time()`)
        const a = await getJSON<QueryAnswer>(`/api/v1/query?q=${q}&since=1h&step=0`, signal)
        return a.series?.[0]?.values[0] ?? 0
      }
      const length = `${Math.round(doc.durationNano)}ns`
      const [all, shorter, longer] = await Promise.all([count(alike), count(`${alike} && duration < ${length}`), count(`${alike} && duration > ${length}`)])
      return { all, shorter, longer }
    },
    staleTime: 60_000,
    enabled: !shared,
  })
  if (shared) return null
  // A room that keeps its height, so that nothing jumps when the answer comes.
  return <p>{data ? rankText(data.all, data.shorter, data.longer) : ' '}</p>
}

export function rankText(all: number, shorter: number, longer: number): string {
  if (all < 2) return 'None of its kind in the last hour to compare it with.'
  const share = (n: number) => Math.floor((100 * n) / all)
  const of = `of its kind in the last hour (${formatCount(all)})`
  if (shorter >= longer && shorter > 0) return `Slower than ${share(shorter)} % ${of}.`
  if (longer > 0) return `Faster than ${share(longer)} % ${of}.`
  return `As long as the others ${of}.`
}
