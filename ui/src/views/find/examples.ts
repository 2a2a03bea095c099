// How to send the first span to the server at an address, in each language.

export type Example = { name: string; about: string; code: string }

export function examples(origin: string, random: (bytes: number) => string, nowMs: number): Example[] {
  const env = `OTEL_EXPORTER_OTLP_ENDPOINT=${origin} \\\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf \\\n`
  const start = String(nowMs) + '000000'
  const end = String(nowMs + 120) + '000000'
  return [
    {
      name: 'Go',
      about: 'A few lines in main. Then run it with the variables below.',
      code: `shutdown, err := instrument.Start(ctx, instrument.Options{ServiceName: "hello"})
if err != nil {
	log.Fatal(err)
}
defer shutdown(context.Background())
http.ListenAndServe(":8080", instrument.Handler(mux))

# go get github.com/everspan/everspan/instrument
${env}go run .`,
    },
    {
      name: 'Node.js',
      about: 'Nothing to change in the program.',
      code: `npm install --save-dev @opentelemetry/api @opentelemetry/auto-instrumentations-node
everspan run --endpoint ${origin} -- node app.js`,
    },
    {
      name: 'Python',
      about: 'Nothing to change in the program.',
      code: `pip install opentelemetry-distro opentelemetry-exporter-otlp
opentelemetry-bootstrap -a install
everspan run --endpoint ${origin} -- python app.py`,
    },
    {
      name: 'Java',
      about: 'The agent of OpenTelemetry; nothing to change in the program.',
      code: `${env}OTEL_SERVICE_NAME=hello \\
java -javaagent:opentelemetry-javaagent.jar -jar app.jar`,
    },
    {
      name: 'curl',
      about: 'One span by hand, to see that it arrives.',
      code: `curl ${origin}/v1/traces -H 'Content-Type: application/json' -d '{"resourceSpans":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hello"}}]},
  "scopeSpans":[{"spans":[{"traceId":"${random(16)}","spanId":"${random(8)}",
    "name":"first span","kind":2,"startTimeUnixNano":"${start}","endTimeUnixNano":"${end}"}]}]}]}'`,
    },
  ]
}

/** Random bytes, in hexadecimal. */
export function randomHex(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((b) => b.toString(16).padStart(2, '0')).join('')
}
