var e=e=>e.trim().split(`
`).map(e=>{let[t=``,n=``]=e.trim().split(` — `);return{name:t,about:n}}),t=e(`
  name — of the span
  duration — of the span
  status — ok, error, unset
  statusMessage — what an error says
  kind — server, client, producer, consumer, internal
  rootName — of the trace's first span
  rootServiceName — of the trace's first span
  traceDuration — from first start to last end
  span:childCount — how many children
  span:id — hexadecimal
  span:parentID — nil for a root
  span:start — ns since 1970
  trace:duration — from first start to last end
  trace:id — 32 hexadecimal digits
  trace:rootName — of the trace's first span
  trace:rootService — of the trace's first span
  event:name — of any event
  event:timeSinceStart — of any event
  link:traceID — of any link
  link:spanID — of any link
  instrumentation:name — the library
  instrumentation:version — of the library
  nestedSetParent — below 0 for a root
  parent.name — of the parent
  parent.duration — of the parent
  parent.kind — of the parent
  parent.resource.service.name — of the parent
`),n=e(`
  rate — spans a second, over time
  count_over_time — spans, over time
  min_over_time — least of a number
  max_over_time — greatest of a number
  avg_over_time — mean of a number
  sum_over_time — sum of a number
  quantile_over_time — (duration, .5, .99)
  histogram_over_time — counts by size
  compare — what sets spans apart
  count — spans of a trace
  min — least of a trace
  max — greatest of a trace
  avg — mean of a trace
  sum — sum of a trace
  by — split by values
  select — show values as well
  coalesce — join what by split
  topk — largest series
  bottomk — smallest series
  with — hints
`),r=[`error`,`ok`,`unset`],i=[`server`,`client`,`producer`,`consumer`,`internal`,`unspecified`],a=new Set([...r,...i,`true`,`false`,`nil`]),o=new Set(n.map(e=>e.name)),s=new Set(n.slice(0,9).map(e=>e.name));export{s as a,i,t as n,n as o,o as r,r as s,a as t};