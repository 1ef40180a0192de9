import { type Logger, pino } from 'pino';

export type { Logger };

/**
 * JSON lines on stdout; tokens never reach a line. Written at once: what waits to be written when a process ends whose
 * reader is dead would be tried for ever, and the process stay.
 */
export function createLogger(level: string): Logger {
  return pino(
    {
      name: 'media-server',
      level,
      redact: { paths: ['token', '*.token', 'sessionKey', '*.sessionKey', 'authorization', '*.authorization'] },
    },
    pino.destination({ dest: 1, sync: true }),
  );
}
