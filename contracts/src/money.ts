import { z } from 'zod';

/** Rule M1: money on the wire is an integer number of fen; inside it is a bigint. No float ever touches it. */
export const Fen = z
  .int()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .meta({ description: 'amount in fen (1/100 yuan), integer' });
export const SignedFen = z
  .int()
  .min(-Number.MAX_SAFE_INTEGER)
  .max(Number.MAX_SAFE_INTEGER)
  .meta({ description: 'signed amount in fen, integer' });
/** A price people pay is at least one fen and at most ten million yuan. */
export const PriceFen = z.int().min(1).max(1_000_000_000).meta({ description: 'price in fen, 1 … 1,000,000,000' });
export const Bps = z.int().min(0).max(10_000).meta({ description: 'rate in basis points (1/100 percent)' });
export const Quantity = z.int().min(1).max(999);

/** bigint → wire. Throws RangeError when the amount cannot be carried exactly. */
export function fenToWire(fen: bigint): number {
  if (fen > BigInt(Number.MAX_SAFE_INTEGER) || fen < -BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`amount out of wire range: ${fen}`);
  }
  return Number(fen);
}
