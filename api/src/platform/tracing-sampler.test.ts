/** Which requests are recorded is our own chance: a caller names its trace, not whether it costs us. */
import type { Request, Response } from 'express';
import { expect, it, onTestFinished } from 'vitest';
import { createLogger } from './logger.ts';
import { openTracing, type TracingConfig } from './tracing.ts';

const LOW = '0'.repeat(31);
it.each([
  [0x40_00_00_00, true],
  [0xc0_00_00_00, false],
])(
  'chance %i of half: recorded %s, whatever the caller names, once for all that follows',
  async (chance, isRecorded) => {
    let drawn = 0;
    const bytes = (count: number): Buffer => {
      drawn += 1;
      const drawnBytes = Buffer.alloc(count);
      drawnBytes.writeUInt32BE(chance);
      return drawnBytes;
    };
    const config: TracingConfig = {
      ...{
        OTEL_SDK_DISABLED: false,
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
        OTEL_EXPORTER_OTLP_HEADERS: {},
      },
      ...{ OTEL_SERVICE_NAME: 'shop', OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: 0.5 },
    };
    const tracing = await openTracing(config, () => createLogger('silent', 'api'), { bytes });
    onTestFinished(() => tracing.close());
    const seen: (string | undefined)[] = [];
    // The lowest and the highest id there is, said to be sampled and not.
    for (const traceId of [`${LOW}1`, 'f'.repeat(32)])
      for (const flags of ['00', '01']) {
        let inside: Promise<void> | undefined;
        const req = {
          path: '/api/v1/orders',
          method: 'GET',
          headers: { traceparent: `00-${traceId}-${'a'.repeat(16)}-${flags}` },
        };
        tracing.requests(req as unknown as Request, { once: () => undefined } as unknown as Response, () => {
          inside = tracing.span('below', async () => void seen.push(tracing.here()?.split('-')[1]));
        });
        await inside;
      }
    const told = [`${LOW}1`, `${LOW}1`, 'f'.repeat(32), 'f'.repeat(32)];
    expect(seen).toEqual(isRecorded ? told : told.map(() => undefined));
    expect(drawn).toBe(4);
  },
);
