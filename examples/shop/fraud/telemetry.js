'use strict';

// A stock OpenTelemetry SDK, loaded before the service. OTEL_* variables say where
// traces and logs go.
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { PinoInstrumentation } = require('@opentelemetry/instrumentation-pino');
const { NodeSDK } = require('@opentelemetry/sdk-node');

const sdk = new NodeSDK({ instrumentations: [new HttpInstrumentation(), new PinoInstrumentation()] });
sdk.start();

// When there is nothing left to do: what has not been sent is sent.
process.once('beforeExit', () => sdk.shutdown().catch(() => {}));
