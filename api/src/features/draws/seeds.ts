/**
 * The seed of a draw between its commitment and its reveal: in the database it is encrypted, bound to its draw. Somebody who
 * reads the table, a backup or a log cannot tell the winners before the list is frozen.
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { Random } from '../../platform/clock.ts';

export const SEED_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

export function createSeeds(deps: { secret: string; random: Random }) {
  const key = createHmac('sha256', deps.secret).update('walnut-live draw seeds').digest();
  return {
    fresh: (): Buffer => deps.random.bytes(SEED_BYTES),
    seal(drawId: string, seed: Buffer): string {
      const nonce = deps.random.bytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(drawId));
      const hidden = Buffer.concat([cipher.update(seed), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), hidden]).toString('base64url');
    },
    /** Throws when the secret is another one than it was, or the row another draw's. */
    open(drawId: string, sealed: string): Buffer {
      const bytes = Buffer.from(sealed, 'base64url');
      const cipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES)).setAAD(Buffer.from(drawId));
      cipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([cipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), cipher.final()]);
    },
  };
}
export type Seeds = ReturnType<typeof createSeeds>;
