/** Where the list of who brought most goes on: the figures and the id of the last row. Opaque to clients. */
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';

export interface BroughtCursor {
  readonly netFen: bigint;
  readonly newCustomers: bigint;
  readonly personId: string;
}
const figure = z.string().regex(/^-?\d{1,18}$/);
const Key = z.tuple([z.literal('brought'), figure, figure, z.uuid()]);

export const encodeBroughtCursor = ({ netFen, newCustomers, personId }: BroughtCursor): string =>
  Buffer.from(JSON.stringify(['brought', netFen.toString(), newCustomers.toString(), personId])).toString('base64url');

/** @throws AppError invalid_request: this server did not make it */
export function decodeBroughtCursor(cursor: string | undefined): BroughtCursor | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [, net, customers, personId] = Key.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return { netFen: BigInt(net), newCustomers: BigInt(customers), personId };
  } catch (cause) {
    throw new AppError('invalid_request', { issues: [{ path: '/cursor', issue: 'unknown_cursor' }] }, cause);
  }
}
