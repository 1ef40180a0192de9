import { pino } from 'pino';
import { serializeError } from './log-errors.ts';

export type Logger = pino.Logger;

/**
 * Structured log; tokens, phones, addresses and cookies never reach it (rule Z6). Written at once: what waits to be written
 * when a process ends whose reader is dead would be tried for ever, and the process stay. `traceId`: of the trace it is said in.
 */
export function createLogger(
  level: string,
  name: string,
  destination: pino.DestinationStream = pino.destination({ dest: 1, sync: true }),
  traceId?: () => string | undefined,
): Logger {
  return pino(
    {
      name,
      level,
      ...(traceId && {
        mixin() {
          const id = traceId();
          return id === undefined ? {} : { traceId: id };
        },
      }),
      serializers: { err: serializeError },
      redact: {
        paths: [
          'req.headers.authorization',
          'req.headers.cookie',
          'res.headers["set-cookie"]',
          '*.token',
          '*.guestToken',
          '*.phone',
          '*.password',
          '*.address',
        ],
        censor: '…',
      },
    },
    destination,
  );
}
