import { useQuery } from '@tanstack/react-query'
import { getJSON, type QueryAnswer, type SpanDocument } from '../../base/api'
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
      const [all, faster] = await Promise.all([count(alike), count(`${alike} && duration < ${Math.round(doc.durationNano)}ns`)])
      return { all, faster }
    },
    staleTime: 60_000,
  })
  // A room that keeps its height, so that nothing jumps when the answer comes.
  return <p>{data ? rankText(data.all, data.faster) : ' '}</p>
}

export function rankText(all: number, faster: number): string {
  if (all < 2) return 'None of its kind in the last hour to compare it with.'
  const share = Math.floor((100 * faster) / all)
  const of = ` of its kind in the last hour (${formatCount(all)})`
  if (share >= 50) return `Slower than ${share} %${of}.`
  return `Faster than ${Math.floor((100 * (all - faster - 1)) / all)} %${of}.`
}
