/** What a failed statement means to whoever sent the request. */
import pg from 'pg';

/** SQLSTATEs of a database that is there but cannot do it now; class 08 and 53 (lost connections, nothing left) besides. */
const BUSY_STATES = new Set([
  '40001', // serialisation failure, still after all tries
  '40P01', // deadlock, likewise
  '55P03', // lock not available in time
  '57014', // statement took too long
  '57P01', // shutting down
  '57P02', // crashed
  '57P03', // starting up
  '57P05', // session was idle too long
  '25P03', // transaction was idle too long
  '25P04', // transaction took too long
]);
const NETWORK_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);
/** pg has no codes for these. */
const LOST_CONNECTION =
  /^(timeout exceeded when trying to connect|timeout expired|Connection terminated|Client has encountered a connection error|Client was closed and is not queryable|Query read timeout)/;
/** Prisma's own: cannot reach, timed out, closed the connection, pool is empty. */
const PRISMA_BUSY = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2034']);
/** Prisma's own: value too long, out of range, or not of the column's type. */
const PRISMA_REFUSED = new Set(['P2000', 'P2007', 'P2020', 'P2023', 'P2033']);

/**
 * `unavailable`: the database is away or under pressure, the same may work in a moment. `refused`: it cannot take a value
 * (SQLSTATE class 22: out of range, NUL in a text). Undefined: our mistake, or no failure of the database at all.
 */
export function databaseFailure(error: unknown): 'unavailable' | 'refused' | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error instanceof pg.DatabaseError) {
    if (BUSY_STATES.has(code) || code.startsWith('08') || code.startsWith('53')) return 'unavailable';
    return code.startsWith('22') ? 'refused' : undefined;
  }
  if (PRISMA_REFUSED.has(code)) return 'refused';
  if (PRISMA_BUSY.has(code)) return 'unavailable';
  if (NETWORK_CODES.has(code)) return 'unavailable';
  return LOST_CONNECTION.test(error.message) ? 'unavailable' : undefined;
}
