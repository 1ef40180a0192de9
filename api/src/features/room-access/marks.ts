/**
 * Members and KOCs that staff vouch for (rule N4): proposed by figures, made by a person, with a reason and an audit entry.
 * Ended marks stay as history.
 */
import type {
  BodyOf,
  CustomerMark,
  kocCandidates,
  listMarks,
  markCustomer,
  QueryOf,
  ReplyOf,
} from '@walnut-live/contracts';
import { isWithin } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import { createRoomAccessRepository, type MarkRow } from './room-access.repository.ts';

/** Who is proposed as KOC: bought this often, or brought so many who bought. */
export const KOC_RULE = { paidOrders: 3, broughtBuyers: 2 } as const;
const CANDIDATES = 100;

export function createMarks(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  /** A person may have lost the right to be where they are. */
  onEnded: (personId: string) => Promise<void>;
}) {
  const { db, clock, random } = deps;

  const toView = ({ staff }: StaffPrincipal, row: MarkRow): CustomerMark => ({
    id: row.id,
    kind: row.kind,
    person: nameFor(staff, { id: row.personId, name: row.personName, kind: row.personKind, ownerPath: row.ownerPath }, [
      row.unitPath,
    ]),
    orgUnit: { id: row.unitId, kind: row.unitKind, path: row.unitPath, name: row.unitName },
    reason: row.reason,
    by: { id: row.byId, name: row.byName },
    at: row.at.toISOString(),
  });

  async function read(principal: StaffPrincipal, id: string): Promise<MarkRow> {
    const row = await createRoomAccessRepository(db.sql).mark(id, principal.staff.orgPath);
    if (!row) throw new AppError('not_found');
    return row;
  }

  return {
    async list(principal: StaffPrincipal, query: QueryOf<typeof listMarks>) {
      const found = await createRoomAccessRepository(db.sql).marks({
        ...{ id: null, scope: principal.staff.orgPath, kind: query.kind ?? null },
        ...{ after: decodeTimeCursor(query.cursor), limit: query.limit + 1 },
      });
      const { rows, nextCursor } = cutPage(found, query.limit, (last) =>
        encodeTimeCursor({ at: last.at, id: last.id }),
      );
      return {
        items: rows.map((row) => toView(principal, row)),
        nextCursor,
      };
    },

    /** HQ knows every customer; others those who belong to their units or bought there. */
    async mark(principal: StaffPrincipal, body: BodyOf<typeof markCustomer>): Promise<CustomerMark> {
      const { orgPath, orgUnitId } = principal.staff;
      const customer = await createRoomAccessRepository(db.sql).customer(body.personId);
      const knows = customer && (!orgPath.includes('.') || customer.places.some((path) => isWithin(path, orgPath)));
      if (!knows) throw new AppError('not_found');
      const id = await db.transaction(async (tx) => {
        const mark = await createRoomAccessRepository(tx).insertMark({
          ...{ id: random.id(), ...body, orgUnitId, orgPath, by: principal.personId, at: clock.now() },
        });
        if (mark.isNew)
          await writeAudit(tx, deps, {
            ...{ actorId: principal.personId, action: 'customer:marked', target: `person:${body.personId}`, orgPath },
            ...{ reason: body.reason, detail: { kind: body.kind } },
          });
        return mark.id;
      });
      return toView(principal, await read(principal, id));
    },

    async end(principal: StaffPrincipal, id: string, reason: string): Promise<Record<string, never>> {
      const row = await read(principal, id);
      requireScope(principal, 'customers:mark', row.unitPath);
      await db.transaction(async (tx) => {
        if (!(await createRoomAccessRepository(tx).endMark(id, principal.personId, reason, clock.now()))) return;
        await writeAudit(tx, deps, {
          ...{ actorId: principal.personId, action: 'customer:mark-ended', target: `person:${row.personId}` },
          ...{ orgPath: row.unitPath, reason, detail: { kind: row.kind } },
        });
        tx.afterCommit(() => deps.onEnded(row.personId));
      });
      return {};
    },

    async candidates(
      principal: StaffPrincipal,
      query: QueryOf<typeof kocCandidates>,
    ): Promise<ReplyOf<typeof kocCandidates>> {
      const scope = query.orgPath ?? principal.staff.orgPath;
      requireScope(principal, 'customers:read', scope);
      const rows = await createRoomAccessRepository(db.sql).candidates(scope, KOC_RULE, CANDIDATES);
      return {
        rule: KOC_RULE,
        items: rows.map(({ id, name, ownerPath, storeName, ...figures }) => ({
          person: nameFor(principal.staff, { id, name, kind: 'consumer', ownerPath }),
          store: storeName,
          ...figures,
        })),
      };
    },
  };
}
