'use strict';

// `everspan run` has every Node.js process below it load this file before its own
// code. EVERSPAN_RUN_NODE is OpenTelemetry's register.js, which starts the SDK.

const { createRequire, register } = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const sdk = process.env.EVERSPAN_RUN_NODE;
const main = process.argv[1] || '';

// These only start the program, and what they ask of a registry is not its work.
const starters = /[\\/](npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack|nodemon)(-cli)?(-[\d.]+)?(\.[cm]?js)?$/;

// isModule tells whether a file is loaded with import: other packages can be traced
// then only with a hook in the loader.
function isModule(file) {
  if (/\.(mjs|mts)$/.test(file)) return true;
  if (/\.(cjs|cts)$/.test(file)) return false;
  for (let dir = path.dirname(file); ; dir = path.dirname(dir)) {
    try {
      return require(path.join(dir, 'package.json')).type === 'module';
    } catch {
      if (dir === path.dirname(dir)) return false;
    }
  }
}

// The SDK hears SIGTERM, so Node.js no longer ends by it. A program that does not hear
// it itself ends as before, once the SDK has sent what it has. One that does may have
// requests to end: they are sent as they end.
function start() {
  const before = process.listeners('SIGTERM');
  require(sdk);
  const shutdowns = process.listeners('SIGTERM').filter((l) => !before.includes(l));
  for (const l of shutdowns) process.off('SIGTERM', l);
  const end = () => {
    if (process.listenerCount('SIGTERM') > 1) return;
    const die = () => {
      process.off('SIGTERM', end);
      process.kill(process.pid, 'SIGTERM');
    };
    setTimeout(die, 2000).unref();
    Promise.allSettled(shutdowns.map((shutdown) => shutdown())).then(die);
  };
  process.on('SIGTERM', end);
}

if (sdk && !starters.test(main)) {
  try {
    if (main && register && isModule(main)) {
      register(pathToFileURL(createRequire(sdk).resolve('@opentelemetry/instrumentation/hook.mjs')));
    }
    start();
  } catch (err) {
    console.error(`everspan: Node.js is not traced: ${err.message}`);
  }
}
