/**
 * All customers of a guide, handed to others when the guide leaves.
 *
 * Model: a transfer names the guide, the store and the receivers; running → done | stopped (nobody of the receivers is active any
 * more). A job moves bonds in batches, each in a transaction of its own with the count of what was moved, so a process that dies
 * loses a batch at most and the next turn goes on. Invariants: only bonds that stood when the transfer was made are moved, each once;
 * the customer's protection and validity go with them as they are; the old bond stays as history, the new one names the transfer;
 * customers whom another transaction holds wait for the next turn, so nobody waits for anybody.
 */
import {
  type BodyOf,
  getTransfer,
  isWithin,
  listTransfers,
  previewTransfer,
  startTransfer,
  type TransferPreview,
  transferredCustomers,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { eachOnItsOwn, retryAt } from '../../platform/each.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { insertBindings, tryLockPeople } from './bindings.repository.ts';
import { nameFor } from './names.policy.ts';
import { receiverOf } from './transfers.policy.ts';
import * as rows from './transfers.repository.ts';

export const CUSTOMER_TRANSFERS_JOB = 'customer-transfers';
const EVERY_MS = 2_000;
/** Customers held together; their visits and orders wait so long. */
const BATCH = 200;

export interface Unit {
  readonly id: string;
  readonly kind: 'hq' | 'channel' | 'store';
  readonly path: string;
  readonly name: string;
}
const isHq = (principal: StaffPrincipal): boolean => !principal.staff.orgPath.includes('.');

export function createTransfers(deps: { bind: Binder; db: Db; clock: Clock; random: Random; jobs: Jobs }): void {
  const { bind, db, clock, random } = deps;

  /** Guide and unit, as far as the asker may hand over customers there. */
  async function place(sql: Sql, principal: StaffPrincipal, asked: { guideId: string; orgUnitId: string }) {
    const unit = await rows.unitOf(sql, asked.orgUnitId);
    if (!unit) throw new AppError('not_found');
    requireScope(principal, 'customers:transfer', unit.path);
    const guide = await rows.guideAt(sql, asked.guideId, unit.id);
    if (!guide) throw new AppError('not_found');
    return { unit, guide };
  }

  async function preview(
    principal: StaffPrincipal,
    asked: { guideId: string; orgUnitId: string },
  ): Promise<TransferPreview> {
    const { unit, guide } = await place(db.sql, principal, asked);
    const at = clock.now();
    return {
      guide: { id: guide.id, name: guide.name },
      active: guide.active,
      store: unit,
      ...(await rows.countBonds(db.sql, { guideId: guide.id, unitId: unit.id, at })),
      receivers: await rows.receiversIn(db.sql, {
        ...{ scope: isHq(principal) ? principal.staff.orgPath : unit.path, unitId: unit.id, at },
        not: [guide.id, principal.personId],
      }),
    };
  }

  async function start(tx: Tx, principal: StaffPrincipal, body: BodyOf<typeof startTransfer>) {
    const { unit, guide } = await place(tx, principal, body);
    const at = clock.now();
    const toIds = [...new Set(body.to)];
    if (toIds.includes(principal.personId))
      throw new AppError('conflict_of_interest', { facts: { reason: 'receiver' } });
    const receivers = await rows.activeReceivers(tx, toIds);
    const scope = isHq(principal) ? principal.staff.orgPath : unit.path;
    const wrong = toIds.includes(guide.id) || receivers.some(({ path }) => !isWithin(path, scope));
    if (wrong || receivers.length !== toIds.length)
      throw new AppError('invalid_request', { issues: [{ path: '/to', issue: 'cannot_take' }] });
    const { customers } = await rows.countBonds(tx, { guideId: guide.id, unitId: unit.id, at });
    if (customers !== body.expected) throw new AppError('state_conflict', { facts: { customers } });
    const id = random.id();
    const { reason } = body;
    const made = { id, unit, fromId: guide.id, toIds, reason, total: customers, byId: principal.personId, at };
    if (!(await rows.insertTransfer(tx, made))) throw new AppError('state_conflict', { facts: { customers } });
    await writeAudit(tx, deps, {
      ...{ actorId: principal.personId, action: 'customers:transferred', target: `customer-transfer:${id}` },
      ...{ orgPath: unit.path, reason, detail: { fromId: guide.id, toIds, customers } },
    });
    return one(tx, unit.path, id);
  }

  /** Answers whether there is more to do of the transfer at once. */
  async function moveBatch(tx: Tx, id: string): Promise<boolean> {
    const transfer = await rows.takeRunning(tx, id);
    if (!transfer) return false;
    const now = clock.now();
    const end = async (state: 'done' | 'stopped') => {
      await rows.endTransfer(tx, id, state, now);
      return false;
    };
    const left = await rows.bondsLeft(tx, transfer, now, BATCH);
    if (left.length === 0) return end('done');
    const receivers = await rows.activeReceivers(tx, transfer.toIds);
    if (receivers.length === 0) return end('stopped');
    const held = await tryLockPeople(
      tx,
      left.map(({ customerId }) => customerId),
    );
    const free = left.filter(({ customerId }) => !held.has(customerId));
    const ended = await rows.endBonds(tx, free, now);
    const moved = free.filter((bond) => ended.has(bond.id));
    await insertBindings(
      tx,
      moved.map((bond, n) => {
        const { personId: guideId, storeId } = receiverOf(receivers, transfer.moved + n);
        return {
          ...{ id: random.id(), customerId: bond.customerId, owner: { storeId, guideId }, reason: 'transferred' },
          ...{ touchId: null, at: now, protectUntil: bond.protectUntil, validUntil: bond.validUntil },
          act: { byId: transfer.byId, why: transfer.reason, transferId: id },
        } as const;
      }),
    );
    await rows.countMoved(tx, id, moved.length);
    return moved.length > 0;
  }

  deps.jobs.every(CUSTOMER_TRANSFERS_JOB, EVERY_MS, async () => {
    const at = clock.now();
    await eachOnItsOwn(
      await rows.runningDue(db.sql, at),
      async ({ id }) => {
        while (await db.transaction((tx) => moveBatch(tx, id)));
      },
      ({ id, failures }, problem) => rows.noteFailure(db.sql, id, retryAt(at, failures + 1), problem),
    );
  });

  const view = (row: rows.TransferRow) => ({
    ...row,
    at: row.at.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
  });
  async function one(sql: Sql, scope: string, id: string) {
    const [row] = await rows.listTransfers(sql, { scope, id, after: undefined, limit: 1 });
    if (!row) throw new AppError('not_found');
    return view(row);
  }

  bind(previewTransfer, async ({ principal, query }) => preview(principal, query));
  bind(startTransfer, async ({ principal, body, tx }) => start(tx, principal, body));
  bind(getTransfer, async ({ principal, params }) => one(db.sql, principal.staff.orgPath, params.id));
  bind(listTransfers, async ({ principal, query }) => {
    const found = await rows.listTransfers(db.sql, {
      ...{ scope: principal.staff.orgPath, id: null, after: decodeTimeCursor(query.cursor), limit: query.limit + 1 },
    });
    const cut = cutPage(found, query.limit, encodeTimeCursor);
    return { items: cut.rows.map(view), nextCursor: cut.nextCursor };
  });
  bind(transferredCustomers, async ({ principal, params, query }) => {
    const after = decodeTimeCursor(query.cursor);
    const { store } = await one(db.sql, principal.staff.orgPath, params.id);
    const found = await rows.movedBy(db.sql, { transferId: params.id, after, limit: query.limit + 1 });
    const cut = cutPage(found, query.limit, ({ at, bindingId }) => encodeTimeCursor({ at, id: bindingId }));
    return {
      items: cut.rows.map(({ customer, to, at, protectedUntil }) => ({
        customer: nameFor(principal.staff, { ...customer, ownerPath: store.path }),
        to,
        at: at.toISOString(),
        protectedUntil: protectedUntil?.toISOString() ?? null,
      })),
      nextCursor: cut.nextCursor,
    };
  });
}
