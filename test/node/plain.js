'use strict';

// What people have: no word of tracing.
const http = require('node:http');

const server = http.createServer((req, res) => res.end(`you asked for ${req.url}\n`));
server.listen(Number(process.env.PORT || 0), '127.0.0.1', () => console.log(`listening ${server.address().port}`));
