'use strict';

// A plain service: it knows nothing of tracing. The SDK is loaded with
// --require and set up by OTEL_* variables alone.
const http = require('node:http');

// get answers with the status and body of a GET.
function get(url) {
  return new Promise((resolve, reject) => {
    http
      .get(url, (res) => {
        let body = '';
        res.setEncoding('utf8');
        res.on('data', (part) => (body += part));
        res.on('end', () => resolve({ status: res.statusCode, body }));
        res.on('error', reject);
      })
      .on('error', reject);
  });
}

const server = http.createServer(async (req, res) => {
  const url = new URL(req.url, 'http://localhost');
  if (url.pathname !== '/hello') {
    res.writeHead(404).end();
    return;
  }
  const callback = url.searchParams.get('callback');
  const answer = { hello: 'node' };
  let status = 200;
  if (callback) {
    try {
      answer.callback = await get(callback);
    } catch (err) {
      status = 502;
      answer.error = String(err);
    }
  }
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(answer));
});

server.listen(Number(process.env.PORT || 0), '127.0.0.1', () => {
  console.log(`listening ${server.address().port}`);
});

// Once nothing is left to do, the process ends, and the SDK sends what it holds.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
