/** The cursor of a wallet's movements: the number of the entry in its account. Opaque to clients. */
import { AppError } from '../../platform/errors.ts';

export const encodeSeq = (seq: bigint): string => Buffer.from(`m${seq}`).toString('base64url');

/** Null for the first page. @throws AppError invalid_request on anything this server did not make */
export function decodeSeq(cursor: string | undefined): bigint | null {
  if (cursor === undefined) return null;
  const match = /^m(\d{1,18})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!match?.[1]) throw new AppError('invalid_request', { issues: [{ path: '/cursor', issue: 'unknown_cursor' }] });
  return BigInt(match[1]);
}
