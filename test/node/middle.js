'use strict';

// The middle of test/chain: POST /jobs puts what it is sent into the queue at QUEUE.
// HTTP and the log are traced by the SDK, which is loaded with --require. The client
// of the queue is not known to it, so its span is made here, and its headers are
// written with the API of OpenTelemetry.
const http = require('node:http');
const { SpanKind, context, propagation, trace } = require('@opentelemetry/api');
const { connect, headers } = require('nats');
const log = require('pino')(process.stderr);

const subject = 'jobs';
const tracer = trace.getTracer('middle');

function publish(queue, text) {
  const attributes = { 'messaging.system': 'nats', 'messaging.operation.name': 'publish', 'messaging.destination.name': subject };
  return tracer.startActiveSpan(`publish ${subject}`, { kind: SpanKind.PRODUCER, attributes }, (span) => {
    const head = headers();
    propagation.inject(context.active(), head, { set: (h, key, value) => h.set(key, value) });
    queue.publish(subject, text, { headers: head });
    span.end();
    return queue.flush();
  });
}

async function main() {
  const queue = await connect({ servers: process.env.QUEUE });
  const server = http.createServer(async (req, res) => {
    let text = '';
    for await (const part of req) text += part;
    log.info({ bytes: text.length }, 'a job is passed on');
    await publish(queue, text);
    res.writeHead(202).end('passed on');
  });
  server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
}

main();
