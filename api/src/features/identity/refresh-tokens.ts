/**
 * Refresh tokens: a sign-in starts a family; every use marks the token used and makes its successor.
 *
 * Invariants
 * - A family is a chain; exactly its last token is unused. Rotation and revocation hold the family's lock: no successor
 *   is born while its family ends.
 * - A used token that comes back means two holders, one of them not ours: the whole family is revoked. Except within
 *   GRACE_SECONDS: two tabs of one browser may ask at the same moment, and both must end up with the same newest token.
 *   For that a token is a MAC of its row's id, so it can be made again without being stored; the database has hashes only.
 */
import { createHash, createHmac } from 'node:crypto';
import type { Audience } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';

export const GRACE_SECONDS = 10;
/** A session ends after this long without a use. */
export const REFRESH_SECONDS = { consumer: 90 * 86_400, staff: 7 * 86_400 } as const satisfies Record<Audience, number>;
const FORMAT = /^[\w-]{43}$/;

interface Row {
  id: string;
  family_id: string;
  person_id: string;
  audience: Audience;
  expires_at: Date;
  used_at: Date | null;
  revoked_at: Date | null;
}
export type Rotation =
  | { outcome: 'rotated'; personId: string; familyId: string; token: string }
  /** Not ours, expired, revoked, or (`reused`) seen twice: its family has just been revoked. */
  | { outcome: 'refused'; reused: boolean };

export function createRefreshTokens(deps: { secret: string; clock: Clock; random: Random }) {
  const { clock, random } = deps;
  const key = createHmac('sha256', deps.secret).update('refresh token').digest();
  const tokenOf = (id: string) => createHmac('sha256', key).update(id).digest('base64url');
  const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url');

  async function insert(tx: Tx, familyId: string, personId: string, audience: Audience): Promise<string> {
    const id = random.id();
    const token = tokenOf(id);
    const now = clock.now();
    const expiresAt = new Date(now.getTime() + REFRESH_SECONDS[audience] * 1_000);
    await tx`INSERT INTO refresh_tokens (id, family_id, person_id, audience, token_hash, created_at, expires_at)
      VALUES (${id}, ${familyId}, ${personId}, ${audience}, ${hashOf(token)}, ${now}, ${expiresAt})`;
    return token;
  }
  const lockFamily = (tx: Tx, familyId: string) =>
    tx`SELECT pg_advisory_xact_lock(hashtextextended(${`refresh family ${familyId}`}, 0))`;
  const revoke = async (tx: Tx, familyId: string) => {
    await lockFamily(tx, familyId);
    await tx`UPDATE refresh_tokens SET revoked_at = ${clock.now()} WHERE family_id = ${familyId} AND revoked_at IS NULL`;
  };

  return {
    /** First token of a new family. */
    issue: (tx: Tx, personId: string, audience: Audience) => insert(tx, random.id(), personId, audience),

    async rotate(tx: Tx, token: string, audience: Audience): Promise<Rotation> {
      if (!FORMAT.test(token)) return { outcome: 'refused', reused: false };
      const [known] = await tx<{ id: string; family_id: string }>`
        SELECT id, family_id FROM refresh_tokens WHERE token_hash = ${hashOf(token)} AND audience = ${audience}`;
      if (!known) return { outcome: 'refused', reused: false };
      await lockFamily(tx, known.family_id);
      const [row] = await tx<Row>`SELECT id, family_id, person_id, audience, expires_at, used_at, revoked_at
        FROM refresh_tokens WHERE id = ${known.id}`;
      const now = clock.now();
      if (!row || row.revoked_at || row.expires_at <= now) return { outcome: 'refused', reused: false };
      const { person_id: personId, family_id: familyId } = row;
      if (!row.used_at) {
        await tx`UPDATE refresh_tokens SET used_at = ${now} WHERE id = ${row.id}`;
        return { outcome: 'rotated', personId, familyId, token: await insert(tx, familyId, personId, audience) };
      }
      const [newest] = await tx<{ id: string }>`SELECT id FROM refresh_tokens
        WHERE family_id = ${familyId} AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ${now}`;
      if (newest && now.getTime() - row.used_at.getTime() <= GRACE_SECONDS * 1_000) {
        return { outcome: 'rotated', personId, familyId, token: tokenOf(newest.id) };
      }
      await revoke(tx, familyId);
      return { outcome: 'refused', reused: true };
    },

    revokeFamily: revoke,
    /** Ends the family that `token` belongs to, however old the token is. */
    async revokeByToken(tx: Tx, token: string, audience: Audience): Promise<void> {
      if (!FORMAT.test(token)) return;
      const [row] = await tx<{ family_id: string }>`
        SELECT family_id FROM refresh_tokens WHERE token_hash = ${hashOf(token)} AND audience = ${audience}`;
      if (row) await revoke(tx, row.family_id);
    },
  };
}
export type RefreshTokens = ReturnType<typeof createRefreshTokens>;
