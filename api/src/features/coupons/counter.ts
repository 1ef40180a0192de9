/**
 * Coupons at a counter (rule S10), and giving to many.
 *
 * Model: a coupon for counters has a code; staff of the coupon's unit, of one below or above it, look it up and take it. Taking is one
 * conditional statement: of two counters that race one has it, the other is told that it was used. It is final (a trigger says
 * so), and the row says who took it, where and when; what was given for it stands in the audit log.
 */
import {
  type CounterCoupon,
  fenToWire,
  getCounterCoupon,
  giveCouponToMany,
  listCounterCoupons,
  redeemCounterCoupon,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { createLimit } from '../../platform/limits.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import { pickCustomers } from '../members/index.ts';
import { isCounterOf, refusalAtCounter } from './coupons.policy.ts';
import { createKindRows } from './coupons.repository.ts';
import { type GrantMany, notUsable } from './coupons.service.ts';

/** Codes that one member of staff may try in a minute: enough for a queue, nothing for guessing sixteen digits. */
const TRIES = 60;
const TRIES_SECONDS = 60;
/** The most people one gift goes to; more are given to in turns by tag. */
const MOST_PEOPLE = 2_000;

interface CounterRow {
  readonly id: string;
  readonly title: string;
  readonly offFen: bigint;
  readonly minSpendFen: bigint;
  readonly usage: CounterCoupon['usage'];
  readonly orgUnit: CounterCoupon['orgUnit'];
  readonly personId: string;
  readonly personName: string;
  readonly ownerPath: string | null;
  readonly state: 'held' | 'used' | 'redeemed';
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  readonly byId: string | null;
  readonly byName: string | null;
  readonly redeemedUnit: CounterCoupon['orgUnit'] | null;
}

export function createCounter(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  grantMany: GrantMany;
}): void {
  const { bind, db, clock } = deps;
  const tries = createLimit({ points: TRIES, seconds: TRIES_SECONDS });
  const limit = async ({ principal }: { principal: { personId: string } | undefined }) => {
    if (principal) await tries.take(principal.personId);
  };

  const readRows = (sql: Sql, by: { code: string } | { ids: readonly string[] }) => sql<CounterRow>`
    SELECT c.id, c.title, c.off_fen AS "offFen", c.min_spend_fen AS "minSpendFen", c.usage, c.state, c.expires_at AS "expiresAt",
      json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", p.id AS "personId", p.name AS "personName",
      w.path AS "ownerPath", c.used_at AS "usedAt", s.id AS "byId", s.name AS "byName",
      CASE WHEN r.id IS NOT NULL THEN json_build_object('id', r.id, 'kind', r.kind, 'path', r.path, 'name', r.name) END AS "redeemedUnit"
    FROM coupons c JOIN org_units u ON u.id = c.org_unit_id JOIN people p ON p.id = c.person_id
      LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL LEFT JOIN org_units w ON w.id = b.store_id
      LEFT JOIN people s ON s.id = c.redeemed_by LEFT JOIN org_units r ON r.id = c.redeemed_unit_id
    WHERE c.usage <> 'order' AND (c.code = ${'code' in by ? by.code : null}::text OR c.id = ANY(${'ids' in by ? by.ids : []}::uuid[]))
    ORDER BY c.used_at DESC, c.id DESC`;

  const toView = ({ staff }: StaffPrincipal, row: CounterRow, now: Date): CounterCoupon => ({
    ...{ id: row.id, title: row.title, usage: row.usage, orgUnit: row.orgUnit },
    offFen: fenToWire(row.offFen),
    minSpendFen: fenToWire(row.minSpendFen),
    // They stand at the counter of whoever may look the code up.
    person: nameFor(
      staff,
      { id: row.personId, name: row.personName, kind: 'consumer', ownerPath: row.ownerPath },
      row.redeemedUnit ? [row.redeemedUnit.path] : [staff.orgPath],
    ),
    state: row.state === 'redeemed' ? 'redeemed' : row.expiresAt <= now ? 'expired' : 'held',
    expiresAt: row.expiresAt.toISOString(),
    redeemedAt: row.usedAt?.toISOString() ?? null,
    redeemedBy: row.byId === null ? null : { id: row.byId, name: row.byName ?? '' },
    redeemedUnit: row.redeemedUnit,
  });

  /** A coupon of another store does not exist here. */
  async function find(sql: Sql, { staff }: StaffPrincipal, code: string): Promise<CounterRow> {
    const [row] = await readRows(sql, { code });
    if (!row || !isCounterOf(staff.orgPath, row.orgUnit.path)) throw new AppError('not_found');
    return row;
  }

  bind(
    getCounterCoupon,
    async ({ principal, params }) => toView(principal, await find(db.sql, principal, params.couponCode), clock.now()),
    limit,
  );
  bind(
    redeemCounterCoupon,
    async ({ tx, principal, params, body }) => {
      const at = clock.now();
      const { orgPath, orgUnitId } = principal.staff;
      const coupon = await find(tx, principal, params.couponCode);
      const refusal = refusalAtCounter({ ...coupon, orgPath: coupon.orgUnit.path }, { orgPath, at });
      if (refusal) throw notUsable(refusal.reason);
      const taken = await tx`
        UPDATE coupons SET state = 'redeemed', used_at = ${at}, redeemed_by = ${principal.personId}, redeemed_unit_id = ${orgUnitId}
        WHERE id = ${coupon.id} AND usage <> 'order' AND state = 'held' AND expires_at > ${at} RETURNING id`;
      if (taken.length === 0) throw notUsable('used');
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'coupon:redeemed', target: `coupon:${coupon.id}`, orgPath },
        ...{ reason: body.note, detail: { title: coupon.title, usage: coupon.usage, offFen: Number(coupon.offFen) } },
      });
      return toView(principal, await find(tx, principal, params.couponCode), at);
    },
    limit,
  );
  bind(listCounterCoupons, async ({ principal, query }) => {
    const scope = principal.staff.orgPath;
    const after = decodeTimeCursor(query.cursor);
    const found = await db.sql<{ id: string; at: Date }>`
      SELECT c.id, c.used_at AS at FROM coupons c JOIN org_units u ON u.id = c.redeemed_unit_id
      WHERE (u.path = ${scope} OR u.path LIKE ${scope} || '.%')
        AND (${after?.id ?? null}::uuid IS NULL OR (c.used_at, c.id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
      ORDER BY c.used_at DESC, c.id DESC LIMIT ${query.limit + 1}`;
    const { rows, nextCursor } = cutPage(found, query.limit, encodeTimeCursor);
    const now = clock.now();
    const coupons = await readRows(db.sql, { ids: rows.map(({ id }) => id) });
    return { items: coupons.map((row) => toView(principal, row, now)), nextCursor };
  });

  bind(giveCouponToMany, async ({ tx, principal, params, body }) => {
    const kind = await createKindRows(tx).find(params.id);
    if (!kind) throw new AppError('not_found');
    requireScope(principal, 'coupons:write', kind.orgUnit.path);
    if (body.ruleId === null && body.rank === null)
      throw new AppError('invalid_request', { issues: [{ path: '/ruleId', issue: 'nobody_picked' }] });
    const people = await pickCustomers(tx, principal.staff.orgPath, body, MOST_PEOPLE + 1);
    if (people.length > MOST_PEOPLE) throw new AppError('limit_exceeded', { facts: { limit: MOST_PEOPLE } });
    const given = await deps.grantMany(tx, kind, people);
    await writeAudit(tx, deps, {
      ...{ actorId: principal.personId, action: 'coupon:given-to-many', target: `coupon-kind:${kind.id}` },
      ...{ orgPath: kind.orgUnit.path, reason: body.reason },
      detail: { ruleId: body.ruleId, rank: body.rank, picked: people.length, given },
    });
    return { picked: people.length, given };
  });
}
