// As plain.js, as a module. A name that is imported is traced only with a hook in the loader.
import { createServer } from 'node:http';

const server = createServer((req, res) => res.end(`you asked for ${req.url}\n`));
server.listen(Number(process.env.PORT || 0), '127.0.0.1', () => console.log(`listening ${server.address().port}`));
