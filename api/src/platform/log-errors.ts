import { pino } from 'pino';

/** What PostgreSQL and Prisma add to an error may quote a row: a phone, an address, a whole statement (rule Z6). */
const MAY_QUOTE_ROWS = ['detail', 'where', 'internalQuery', 'query', 'parameters', 'meta'] as const;

/** An error as the log shows it: message, stack, code, constraint and the like. */
export function serializeError(error: Error): unknown {
  const serialized: unknown = pino.stdSerializers.err(error);
  if (typeof serialized !== 'object' || serialized === null) return serialized;
  const shown: Record<string, unknown> = { ...serialized };
  for (const key of MAY_QUOTE_ROWS) delete shown[key];
  return shown;
}
