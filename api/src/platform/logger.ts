import { pino } from 'pino';

export type Logger = pino.Logger;

/** Structured log; tokens, phones, addresses and cookies never reach it (rule Z6). */
export function createLogger(level: string, name: string): Logger {
  return pino({
    name,
    level,
    redact: {
      paths: [
        'req.headers.authorization',
        'req.headers.cookie',
        'res.headers["set-cookie"]',
        '*.token',
        '*.phone',
        '*.password',
        '*.address',
      ],
      censor: '…',
    },
  });
}
