/** Keyset cursors: opaque to clients, a tuple of the last row's sort keys inside. */
import { z } from 'zod';
import { AppError } from './errors.ts';

/** Sort keys of lists in time order: the moment and, for rows of one moment, the id. */
const TimeKey = z.tuple([z.iso.datetime(), z.uuid()]);
export interface TimeCursor {
  readonly at: Date;
  readonly id: string;
}

export function encodeTimeCursor({ at, id }: TimeCursor): string {
  return Buffer.from(JSON.stringify([at.toISOString(), id])).toString('base64url');
}

/** Throws `invalid_request` on anything this server did not make. */
export function decodeTimeCursor(cursor: string | undefined): TimeCursor | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [at, id] = TimeKey.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return { at: new Date(at), id };
  } catch (cause) {
    throw new AppError('invalid_request', { issues: [{ path: '/cursor', issue: 'unknown_cursor' }] }, cause);
  }
}

const CodeKey = z.tuple([z.literal('code'), z.string().min(1).max(200)]);

/** Sort key of lists by a text of others, such as a code. */
export const encodeCodeCursor = (code: string): string =>
  Buffer.from(JSON.stringify(['code', code])).toString('base64url');

/** Throws `invalid_request` on anything this server did not make. */
export function decodeCodeCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  try {
    return CodeKey.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))[1];
  } catch (cause) {
    throw new AppError('invalid_request', { issues: [{ path: '/cursor', issue: 'unknown_cursor' }] }, cause);
  }
}

/**
 * A page out of rows of which one more than the page holds was asked for: that one says that there is a next page, and where
 * it begins is told by the last row of this one.
 */
export function cutPage<Row>(
  found: readonly Row[],
  limit: number,
  cursorOf: (last: Row) => string,
): { rows: Row[]; nextCursor: string | null } {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, nextCursor: found.length > limit && last !== undefined ? cursorOf(last) : null };
}
