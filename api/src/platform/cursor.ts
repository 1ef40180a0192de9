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
