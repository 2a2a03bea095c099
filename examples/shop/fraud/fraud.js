'use strict';

// Fraud looks at an order before it is written down: POST /assessments with
// {user, total} in cents answers with {score, accepted}. It prints `listening PORT`
// and ends when its standard input does, as it does when the shop is gone.
const http = require('node:http');
const { trace } = require('@opentelemetry/api');
const log = require('pino')({ name: 'fraud', level: process.env.LOG_LEVEL || 'info' }, process.stderr);

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// assess finds large orders suspicious.
async function assess({ user, total }) {
  if (typeof user !== 'string' || !Number.isInteger(total)) throw new Error('user and total are expected');
  await pause(6); // the history of the user
  const score = Math.min(100, Math.round(total / 5000));
  trace.getActiveSpan()?.setAttributes({ 'user.id': user, 'shop.fraud.score': score });
  log[score > 20 ? 'warn' : 'info']({ user, score }, 'order assessed');
  return { score, accepted: score < 100 };
}

async function body(req) {
  let text = '';
  for await (const part of req) text += part;
  return JSON.parse(text);
}

const server = http.createServer(async (req, res) => {
  const answer = (status, out) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(out));
  if (req.method !== 'POST' || req.url !== '/assessments') {
    return answer(404, { error: 'no such page' });
  }
  trace.getActiveSpan()?.updateName('assessOrder');
  try {
    answer(200, await assess(await body(req)));
  } catch (err) {
    log.warn({ err }, 'order not assessed');
    answer(400, { error: err.message });
  }
});

server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));

// Requests may end; a connection that never had one would keep the server open.
process.stdin.resume().on('end', () => {
  server.close();
  setTimeout(() => server.closeAllConnections(), 2000).unref();
});
