/**
 * By what somebody is known again who makes an account anew: their phone, their WeChat account, their checked identity, and the
 * kind of browser on a network within a day.
 *
 * Model: keyed hashes without a person's id, so that they outlast the account and say nothing about anybody. They are written
 * when a newcomer's packet is taken and when an account is closed for good (rule Z6).
 * Invariant: one packet for each of them by a primary key; of a browser on a network three a day (rule A7: several phones of one
 * kind behind one address are more often several people).
 */
import { createHmac, hkdfSync } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import type { Sql, Tx } from '../../platform/db.ts';

const PER_DEVICE = 3;
const CHINA_OFFSET_MS = 8 * 3_600_000;

interface Known {
  readonly kind: 'phone' | 'wechat' | 'identity';
  readonly value: string;
}

export function createNewcomerMarks(deps: { clock: Clock; secret: string }) {
  const { clock } = deps;
  const key = Buffer.from(hkdfSync('sha256', deps.secret, '', 'walnut-live newcomer marks', 32));
  const hashOf = (kind: string, value: string) =>
    createHmac('sha256', key).update(`${kind} ${value}`).digest('base64url');

  /** What is known of them now. */
  const knownOf = (sql: Sql, ids: readonly string[]) => sql<Known>`
    SELECT 'phone' AS kind, phone AS value FROM people WHERE id = ANY(${ids}::uuid[]) AND phone <> ''
    UNION SELECT 'phone', sandbox_account FROM people WHERE id = ANY(${ids}::uuid[]) AND sandbox_account <> '' AND phone IS NOT NULL
    UNION SELECT 'wechat', openid FROM wechat_accounts WHERE person_id = ANY(${ids}::uuid[])
    UNION SELECT 'wechat', openid FROM wechat_grants WHERE person_id = ANY(${ids}::uuid[])
    UNION SELECT 'identity', subject FROM adult_checks WHERE person_id = ANY(${ids}::uuid[])`;

  /** False: the place was taken already, also by somebody who is at it now. */
  async function take(tx: Tx, kind: string, hash: string, slot: number): Promise<boolean> {
    const made =
      await tx`INSERT INTO newcomer_marks (kind, hash, slot, at) VALUES (${kind}, ${hash}, ${slot}, ${clock.now()})
      ON CONFLICT DO NOTHING RETURNING slot`;
    return made.length > 0;
  }

  async function isKnown(sql: Sql, personId: string): Promise<boolean> {
    for (const { kind, value } of await knownOf(sql, [personId])) {
      const found = await sql`SELECT FROM newcomer_marks WHERE kind = ${kind} AND hash = ${hashOf(kind, value)}`;
      if (found.length > 0) return true;
    }
    return false;
  }

  return {
    /** Whether an account of before had what this person has. */
    isKnown,

    /** Takes the one chance of all that this person is known by; false when one of them is gone, and then the transaction must fail. */
    async takeChance(tx: Tx, personId: string, device: { ip: string; userAgent: string }): Promise<boolean> {
      // Sorted, so that rivals with several in common wait for each other in one order.
      const marks = (await knownOf(tx, [personId])).map(({ kind, value }) => ({ kind, hash: hashOf(kind, value) }));
      for (const { kind, hash } of marks.toSorted((a, b) => (a.hash < b.hash ? -1 : 1)))
        if (!(await take(tx, kind, hash, 0))) return false;
      const day = new Date(clock.now().getTime() + CHINA_OFFSET_MS).toISOString().slice(0, 10);
      const browser = hashOf('device', `${day} ${device.ip} ${device.userAgent}`);
      for (let slot = 0; slot < PER_DEVICE; slot++) if (await take(tx, 'device', browser, slot)) return true;
      return false;
    },

    /** A new account: somebody who closed one of before is no newcomer any more. */
    async onConsumer(tx: Tx, personId: string): Promise<void> {
      if (await isKnown(tx, personId)) await tx`UPDATE people SET came_back = true WHERE id = ${personId}`;
    },

    /** Before anything of these people is forgotten. May be done twice. */
    async onForgotten(tx: Tx, ids: readonly string[]): Promise<void> {
      for (const { kind, value } of await knownOf(tx, ids)) await take(tx, kind, hashOf(kind, value), 0);
    },
  };
}
export type NewcomerMarks = ReturnType<typeof createNewcomerMarks>;
