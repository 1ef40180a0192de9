/**
 * Coupons that people hold: claimed, given, and used by orders (rule S10).
 *
 * Model: a claim counts the person (`coupon_holders`), then the kind, each by one conditional statement, and writes the coupon
 * with the kind's terms as they are; its time runs from then. An order asks what its coupons take off (`apply`), then takes
 * them (`redeem`) in its own transaction; an order that is closed unpaid, or refunded whole, gives it back with the same end.
 * Invariants: 0 <= claimed + set aside <= total and at most `perPerson` a person, whoever is at it at once; a coupon is of one
 * order at a time; an attempt that loses leaves nothing. Locks: drop, then person, then kind; order, then coupon, then stock.
 */
import {
  type BodyOf,
  COUPON_CODE_DIGITS,
  type Coupon,
  type CouponReason,
  type giveCoupon,
  type OpenCoupon,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { applyCoupons, type TakenCoupon } from './coupons.policy.ts';
import { type CouponsTaken, createCouponRows, createKindRows, type KindRow, toCoupon } from './coupons.repository.ts';
import { type OrderForCoupons, type QuotedCoupons, type QuotedOrder, quoteCoupons } from './quotes.ts';

/** What a room offers at once; nobody reads more. */
const OPEN_KINDS = 20;

/** Gives one coupon of a kind to a person, in the caller's transaction. @throws AppError not_found, coupon_not_usable */
export type GrantCoupon = (
  tx: Tx,
  given: { kindId: string; personId: string; source: Exclude<Coupon['source'], 'drop'> },
) => Promise<Coupon>;

export type GrantMany = (tx: Tx, kind: KindRow, people: readonly string[]) => Promise<number>;

/** Sixteen digits from 64 random bits: what a QR code says. */
export const newCouponCode = (random: Pick<Random, 'bytes'>): string =>
  (random.bytes(8).readBigUInt64BE() % 10n ** BigInt(COUPON_CODE_DIGITS)).toString().padStart(COUPON_CODE_DIGITS, '0');

export const notUsable = (reason: CouponReason, facts: Readonly<Record<string, number | string>> = {}) =>
  new AppError('coupon_not_usable', { facts: { reason, ...facts } });

export function createCouponsService(deps: { db: Db; clock: Clock; random: Random }) {
  const { db, clock, random } = deps;

  async function viewOf(sql: Sql, couponId: string): Promise<Coupon> {
    const [row] = await createCouponRows(sql).read([couponId]);
    if (!row) throw new Error('a new row is gone');
    return toCoupon(row);
  }

  /** One coupon of the kind for the person, or a refusal that leaves nothing. */
  async function handOut(
    tx: Tx,
    kind: KindRow,
    personId: string,
    source: Exclude<Coupon['source'], 'drop'>,
  ): Promise<Coupon> {
    const kinds = createKindRows(tx);
    const coupons = createCouponRows(tx);
    if (kind.newcomersOnly && (await coupons.hasBought(personId))) throw notUsable('not_newcomer');
    if (!(await kinds.countHolders(kind.id, [personId])).has(personId)) throw notUsable('limit_reached');
    if (!(await kinds.claimOne(kind.id)))
      throw notUsable((await kinds.find(kind.id))?.active ? 'all_claimed' : 'stopped');
    const id = random.id();
    await coupons.insert({
      kindId: kind.id,
      coupons: [{ id, personId, code: newCouponCode(random) }],
      source,
      dropId: null,
      at: clock.now(),
    });
    return viewOf(tx, id);
  }

  return {
    /** One coupon of a kind for a person, by whoever gives it a reason of its own. @throws AppError not_found, coupon_not_usable */
    async grant(tx: Tx, given: Parameters<GrantCoupon>[1]): Promise<Coupon> {
      const kind = await createKindRows(tx).find(given.kindId);
      if (!kind) throw new AppError('not_found');
      return handOut(tx, kind, given.personId, given.source);
    },
    /** One each for those who may have one more; answers how many got one. @throws AppError coupon_not_usable: too few are left */
    async grantMany(tx: Tx, kind: KindRow, people: readonly string[]): Promise<number> {
      const kinds = createKindRows(tx);
      const fitting = kind.newcomersOnly ? await createCouponRows(tx).newcomersOf(people) : people;
      const counted = [...(await kinds.countHolders(kind.id, fitting))];
      if (counted.length === 0) return 0;
      if (!(await kinds.claimMany(kind.id, counted.length))) {
        const { active = false, left = 0 } = (await kinds.find(kind.id)) ?? {};
        throw notUsable(active ? 'all_claimed' : 'stopped', { left });
      }
      const coupons = counted.map((personId) => ({ id: random.id(), personId, code: newCouponCode(random) }));
      await createCouponRows(tx).insert({ kindId: kind.id, coupons, source: 'given', dropId: null, at: clock.now() });
      return counted.length;
    },
    /** In the transaction of its idempotency key. @throws AppError not_found, coupon_not_usable */
    async claim(tx: Tx, principal: Principal, kindId: string): Promise<Coupon> {
      const kind = await createKindRows(tx).find(kindId);
      if (!kind?.listed) throw new AppError('not_found');
      return handOut(tx, kind, principal.personId, 'claim');
    },
    /** In the transaction of its idempotency key. @throws AppError not_found, coupon_not_usable */
    async give(tx: Tx, principal: StaffPrincipal, kindId: string, body: BodyOf<typeof giveCoupon>): Promise<Coupon> {
      const kind = await createKindRows(tx).find(kindId);
      if (!kind) throw new AppError('not_found');
      requireScope(principal, 'coupons:write', kind.orgUnit.path);
      const [person] = await tx`SELECT id FROM people
        WHERE id = ${body.personId} AND kind = 'consumer' AND active AND merged_into IS NULL`;
      if (!person) throw new AppError('not_found');
      const coupon = await handOut(tx, kind, body.personId, 'given');
      await writeAudit(tx, deps, {
        actorId: principal.personId,
        action: 'coupon:given',
        target: `coupon:${coupon.id}`,
        orgPath: kind.orgUnit.path,
        reason: body.reason,
        detail: { kindId, personId: body.personId },
      });
      return coupon;
    },
    async mine(
      principal: Principal,
      query: {
        roomId?: string | undefined;
        show?: 'usable' | 'over' | undefined;
        cursor?: string | undefined;
        limit: number;
      },
    ): Promise<{ items: Coupon[]; nextCursor: string | null }> {
      const rows = createCouponRows(db.sql);
      const after = decodeTimeCursor(query.cursor);
      const { personId } = principal;
      const limit = query.limit + 1;
      const path = query.roomId === undefined ? undefined : await pathOf(query.roomId);
      const ids =
        path === undefined
          ? await rows.ofPerson(personId, { what: query.show, now: clock.now() }, after, limit)
          : await rows.usable(personId, path, clock.now(), after, limit);
      const items = (await rows.read(ids.slice(0, query.limit))).map(toCoupon);
      const last = items.at(-1);
      const more = ids.length > query.limit && last !== undefined;
      return { items, nextCursor: more ? encodeTimeCursor({ at: new Date(last.claimedAt), id: last.id }) : null };
    },
    /** @throws AppError not_found */
    async open(principal: Principal, roomId: string): Promise<{ items: OpenCoupon[] }> {
      const path = await pathOf(roomId);
      const rows = await db.sql<Omit<OpenCoupon, 'offFen' | 'minSpendFen'> & { offFen: bigint; minSpendFen: bigint }>`
        SELECT k.id AS "kindId", json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", k.title,
          k.off_fen AS "offFen", k.min_spend_fen AS "minSpendFen", k.valid_days AS "validDays", k.total - k.claimed - k.set_aside AS left,
          k.newcomers_only AS "newcomersOnly", k.claimed + k.set_aside < k.total
            AND coalesce((SELECT h.quantity FROM coupon_holders h WHERE h.kind_id = k.id AND h.person_id = ${principal.personId}), 0) < k.per_person
            AND NOT (k.newcomers_only AND (EXISTS (SELECT 1 FROM orders o WHERE o.person_id = ${principal.personId} AND o.paid_at IS NOT NULL)
              OR (SELECT came_back FROM people WHERE id = ${principal.personId})))
            AS claimable
        FROM coupon_kinds k JOIN org_units u ON u.id = k.org_unit_id
        WHERE k.active AND k.listed AND k.usage = 'order' AND (k.org_path = ${path} OR ${path} LIKE k.org_path || '.%')
        ORDER BY k.off_fen DESC, k.id LIMIT ${OPEN_KINDS}`;
      return {
        items: rows.map((row) => ({ ...row, offFen: Number(row.offFen), minSpendFen: Number(row.minSpendFen) })),
      };
    },

    // ── for orders ──────────────────────────────────────────────────────────────────────────────────────────────────
    /**
     * What the coupons take off each item of an order, and each of them in all: applyCoupons has the rules.
     * @throws AppError coupon_not_usable, with `couponId` in the facts
     */
    async apply(
      tx: Tx,
      order: OrderForCoupons & { readonly couponIds: readonly string[] },
    ): Promise<{ shares: readonly bigint[]; taken: readonly TakenCoupon[] }> {
      const applied = applyCoupons(await held(tx, order), order);
      if (applied.ok) return applied;
      const { id: couponId, refusal } = applied;
      throw notUsable(refusal.reason, { ...refusal.facts, couponId });
    },
    /** The same before there is an order, without any lock: quotes.ts. */
    quote: (sql: Sql, order: QuotedOrder): Promise<QuotedCoupons> => quoteCoupons(sql, order),
    /** Rule S10: all of them, or none. @throws AppError coupon_not_usable when another order was faster */
    async redeem(tx: Tx, use: CouponsTaken): Promise<void> {
      const used = await createCouponRows(tx).redeem(use);
      const lost = use.taken.find(({ id }) => !used.includes(id));
      if (lost) throw notUsable('used', { couponId: lost.id });
    },
    /** The order was closed unpaid (its coupon comes back in any case) or refunded whole (`refundedAt`: only while valid). */
    giveBack: (tx: Tx, orderId: string, refundedAt: Date | null): Promise<void> =>
      createCouponRows(tx).giveBack(orderId, refundedAt),
  };

  /** The coupons of an order as they are. @throws AppError coupon_not_usable: one is not this person's */
  async function held(tx: Tx, order: OrderForCoupons & { readonly couponIds: readonly string[] }) {
    const rows = createCouponRows(tx);
    const { couponIds, personId } = order;
    let coupons = await rows.facts(couponIds, personId);
    if (coupons.some(({ newcomersOnly }) => newcomersOnly)) {
      // Orders of one person that would each be the first one stand in line.
      await tx`SELECT pg_advisory_xact_lock(hashtextextended(${`newcomer ${personId}`}, 0))`;
      coupons = await rows.facts(couponIds, personId);
    }
    const missing = couponIds.find((id) => !coupons.some((coupon) => coupon.id === id));
    if (missing !== undefined) throw notUsable('unknown', { couponId: missing });
    return coupons;
  }

  async function pathOf(roomId: string): Promise<string> {
    const [room] = await db.sql<{ path: string }>`SELECT org_path AS path FROM rooms WHERE id = ${roomId}`;
    if (!room) throw new AppError('not_found');
    return room.path;
  }
}
export type CouponsService = ReturnType<typeof createCouponsService>;
