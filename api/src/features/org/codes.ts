/** Codes by which the owner of an account sets their password: shown once, good once and for a day. */
import { createHash } from 'node:crypto';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';

export const CODE_HOURS = 24;
export const CODE_TRIES = 5;
/** Letters and digits that nobody takes for one another, 32 of them: five bits each. */
const ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789L';
const CODE_LETTERS = 12;

/** What is stored of a code. */
export const codeHashOf = (personId: string, code: string): string =>
  createHash('sha256').update(`${personId} ${code.trim().toUpperCase()}`).digest('base64url');

/** Gives a code; one before it is worth nothing any more. The account must be there. */
export async function giveCodeTo(
  tx: Tx,
  { clock, random }: { clock: Clock; random: Random },
  { personId, madeBy }: { personId: string; madeBy: string },
): Promise<string> {
  const at = clock.now();
  const code = [...random.bytes(CODE_LETTERS)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
  await tx`INSERT INTO staff_codes (person_id, code_hash, made_by, made_at, expires_at)
    VALUES (${personId}, ${codeHashOf(personId, code)}, ${madeBy}, ${at}, ${new Date(at.getTime() + CODE_HOURS * 3_600_000)})
    ON CONFLICT (person_id) DO UPDATE SET code_hash = excluded.code_hash, made_by = excluded.made_by, made_at = excluded.made_at,
      expires_at = excluded.expires_at, tries = 0`;
  return code;
}
