/**
 * Appeals against a credit. An appeal is about one version of it: while it is written that version is held, so a ruling either answers
 * it or comes first, and then there is another version to look at. Rivals of one party meet in a unique index.
 */
import {
  appealCredit,
  type CreditAppeal,
  type CreditAppealRow,
  type CreditReason,
  fenToWire,
  isWithin,
  listCreditAppeals,
  type QueryOf,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { createLimit } from '../../platform/limits.ts';
import { maskPhonesIn } from '../../platform/masks.policy.ts';
import type { Principal, StaffPrincipal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import { appealsOf, tracePeople } from './explain.repository.ts';
import { appealView, readCase, standingOf } from './explain.ts';

/** Appeals of one person; each is read by somebody. */
const APPEALS_PER_HOUR = 20;

type Row = Omit<CreditAppealRow, 'by' | 'at' | 'closedAt' | 'credit' | 'orderNo' | 'paidFen'> & {
  orderNo: string;
  personId: string;
  at: Date;
  closedAt: Date | null;
  paidFen: bigint;
  reason: CreditReason;
  inviterId: string | null;
  orgUnit: CreditAppealRow['store'];
};

export function createAppeals(deps: { bind: Binder; db: Db; clock: Clock; random: Random }): void {
  const { bind, db, clock, random } = deps;
  const limit = createLimit({ points: APPEALS_PER_HOUR, seconds: 3_600 });

  async function appeal(
    tx: Tx,
    principal: Principal,
    orderId: string,
    said: string,
  ): Promise<Omit<CreditAppeal, 'by'>> {
    const [held] = await tx<{ version: number }>`
      SELECT version FROM order_credit_versions WHERE order_id = ${orderId} AND current FOR SHARE`;
    const now = clock.now();
    const credit = await readCase(tx, orderId, now);
    if (!credit) throw new AppError('not_found');
    const { role, answer } = standingOf(principal, credit, await appealsOf(tx, orderId), now);
    if (role === null || answer === 'not_a_party' || answer === 'not_a_sale') throw new AppError('not_found');
    if (answer === 'too_late') throw new AppError('too_late');
    // No row was held when a ruling came in between: what stands now has not been looked at.
    if (answer === 'asked_already' || held?.version !== credit.current.version) throw new AppError('state_conflict');
    const made = await tx`
      INSERT INTO credit_appeals (id, order_id, org_path, person_id, role, text, version, state, at)
      VALUES (${random.id()}, ${orderId}, ${credit.order.store.path}, ${principal.personId}, ${role}, ${maskPhonesIn(said)},
        ${credit.current.version}, 'open', ${now})
      ON CONFLICT (order_id, person_id, version) DO NOTHING RETURNING id`;
    const [own] = (await appealsOf(tx, orderId)).filter(({ personId }) => personId === principal.personId);
    if (made.length === 0 || !own) throw new AppError('state_conflict');
    return appealView(own);
  }

  async function list(principal: StaffPrincipal, query: QueryOf<typeof listCreditAppeals>) {
    const scope = principal.staff.orgPath;
    const me = principal.personId;
    const after = decodeTimeCursor(query.cursor);
    const path = query.orgUnitId === undefined ? null : await pathWithin(scope, query.orgUnitId);
    const found = await db.sql<Row>`
      SELECT a.id, a.person_id AS "personId", a.role, a.text, a.state, a.at, a.closed_at AS "closedAt", r.reason AS answer,
        o.id AS "orderId", o.order_no AS "orderNo", o.paid_fen AS "paidFen",
        json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store, c.reason,
        c.person_id AS "inviterId", json_build_object('id', cu.id, 'kind', cu.kind, 'path', cu.path, 'name', cu.name) AS "orgUnit"
      FROM credit_appeals a JOIN orders o ON o.id = a.order_id JOIN org_units u ON u.id = o.org_unit_id
      JOIN order_credits c ON c.order_id = o.id JOIN org_units cu ON cu.id = c.org_unit_id
      LEFT JOIN credit_rulings r ON r.id = a.ruling_id
      WHERE (a.org_path = ${scope} OR a.org_path LIKE ${`${scope}.%`} OR a.person_id = ${me})
        AND (${path}::text IS NULL OR a.org_path = ${path} OR a.org_path LIKE ${path} || '.%')
        AND (${query.state ?? null}::text IS NULL OR a.state = ${query.state ?? null})
        AND (${query.role ?? null}::text IS NULL OR a.role = ${query.role ?? null})
        AND (${after?.at ?? null}::timestamptz IS NULL OR (a.at, a.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
      ORDER BY a.at DESC, a.id DESC LIMIT ${query.limit + 1}`;
    const cut = cutPage(found, query.limit, encodeTimeCursor);
    const ids = cut.rows.flatMap(({ personId, inviterId }) => [personId, ...(inviterId ? [inviterId] : [])]);
    const people = await tracePeople(db.sql, [...new Set(ids)]);
    const named = (id: string | null) => {
      const person = id === null ? undefined : people.get(id);
      return person ? nameFor(principal.staff, person) : null;
    };
    const [waiting] = await db.sql<{ open: number }>`
      SELECT count(*)::int AS open FROM credit_appeals
      WHERE state = 'open' AND (org_path = ${scope} OR org_path LIKE ${`${scope}.%`} OR person_id = ${me})`;
    return {
      items: cut.rows.map(({ personId, inviterId, reason, orgUnit, orderNo, paidFen, ...row }) => {
        // One's own, about an order of another store: what became of it, and nothing else of the order.
        const isForeign = !isWithin(row.store.path, scope);
        return {
          ...row,
          orderNo: isForeign ? null : orderNo,
          paidFen: isForeign ? null : fenToWire(paidFen),
          credit: isForeign ? null : { reason, inviter: named(inviterId), orgUnit },
          by: named(personId) ?? { id: personId, name: '' },
          at: row.at.toISOString(),
          closedAt: row.closedAt?.toISOString() ?? null,
        };
      }),
      nextCursor: cut.nextCursor,
      open: waiting?.open ?? 0,
    };
  }
  async function pathWithin(scope: string, unitId: string): Promise<string> {
    const [unit] = await db.sql<{ path: string }>`SELECT path FROM org_units WHERE id = ${unitId}`;
    if (!unit || !isWithin(unit.path, scope)) throw new AppError('not_found');
    return unit.path;
  }

  bind(appealCredit, async ({ principal, params, body }) => {
    await limit.take(principal.personId);
    return db.transaction((tx) => appeal(tx, principal, params.id, body.text));
  });
  bind(listCreditAppeals, async ({ principal, query }) => list(principal, query));
}
