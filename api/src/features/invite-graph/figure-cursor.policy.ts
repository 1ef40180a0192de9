/** Where a list sorted by a figure goes on: the figure and the id of the last row. Opaque to clients. */
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';

export interface FigureCursor {
  readonly value: bigint;
  readonly id: string;
}

const Key = z.tuple([z.literal('figure'), z.string().regex(/^-?\d{1,18}$/), z.uuid()]);

export const encodeFigureCursor = ({ value, id }: FigureCursor): string =>
  Buffer.from(JSON.stringify(['figure', value.toString(), id])).toString('base64url');

/** Throws `invalid_request` on anything this server did not make. */
export function decodeFigureCursor(cursor: string | undefined): FigureCursor | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [, value, id] = Key.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return { value: BigInt(value), id };
  } catch (cause) {
    throw new AppError('invalid_request', { issues: [{ path: '/cursor', issue: 'unknown_cursor' }] }, cause);
  }
}
