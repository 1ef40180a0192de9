import { type Logger, pino } from 'pino';

export type { Logger };

/** JSON lines on stdout; tokens never reach a line. */
export function createLogger(level: string): Logger {
  return pino({
    name: 'media-server',
    level,
    redact: { paths: ['token', '*.token', 'sessionKey', '*.sessionKey', 'authorization', '*.authorization'] },
  });
}
