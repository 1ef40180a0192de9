/**
 * 任务宝: prizes for inviting new people.
 *
 * Model: a task has tiers; a tier has a threshold, a coupon kind and a stock. Whom somebody brought is counted from the facts
 * when they ask, never kept. A prize is a coupon, never money: nobody is paid for heads (rule K2).
 * Invariants: a person gets one prize of a tier (primary key), a tier gives no more than its stock (conditional statement and
 * CHECK), whoever is at it at once; inside WeChat nothing is given (rule Z5); who loses leaves nothing behind.
 * Locks: person, then tier, then coupon kind.
 */
import {
  type BodyOf,
  claimTaskPrize,
  createInviteTask,
  fenToWire,
  type InviteTask,
  isWithin,
  listInviteTasks,
  myInviteTasks,
  stopInviteTask,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { createContentRows } from '../contents/index.ts';
import type { GrantCoupon } from '../coupons/index.ts';
import { isInWechat } from '../share-links/index.ts';
import { channelOf, taskState, tierState } from './rewards.policy.ts';
import { createTaskRows, type TaskRow, type TierRow } from './tasks.repository.ts';

const DAY_MS = 86_400_000;

export interface InviteRewardsDeps {
  readonly bind: Binder;
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly guard: Pick<ClaimGuard, 'requireClean'>;
  readonly grant: GrantCoupon;
}

const prizeOf = ({ couponKindId, kindTitle, usage, offFen }: TierRow) => ({
  ...{ couponKindId, title: kindTitle, usage, offFen: fenToWire(offFen) },
});
const unitOf = (row: TaskRow) => ({ id: row.unitId, kind: row.unitKind, path: row.orgPath, name: row.unitName });

export function createInviteTasks(deps: InviteRewardsDeps): void {
  const { bind, db, clock, random } = deps;
  const rows = createTaskRows(db.sql);

  /** With what it brought, as far as a transaction sees it. */
  async function views(sql: Db['sql'], ids: readonly string[]): Promise<InviteTask[]> {
    const mine = createTaskRows(sql);
    const [tasks, tiers] = [await mine.read(ids), await mine.tiers(ids)];
    const found: InviteTask[] = [];
    for (const task of tasks) {
      found.push({
        ...{ id: task.id, title: task.title, orgUnit: unitOf(task), state: taskState(task, clock.now()) },
        startsAt: task.startsAt.toISOString(),
        endsAt: task.endsAt.toISOString(),
        tiers: tiers
          .filter(({ taskId }) => taskId === task.id)
          .map((tier) => ({
            ...{ id: tier.id, threshold: tier.threshold, stock: tier.stock, granted: tier.granted },
            prize: prizeOf(tier),
          })),
        winners: await mine.winners(task.id),
        invited: await mine.invited(task, null),
      });
    }
    return found;
  }
  async function viewOf(sql: Db['sql'], id: string): Promise<InviteTask> {
    const [view] = await views(sql, [id]);
    if (!view) throw new AppError('not_found');
    return view;
  }

  async function create(tx: Tx, principal: StaffPrincipal, body: BodyOf<typeof createInviteTask>): Promise<InviteTask> {
    const inside = createTaskRows(tx);
    const orgPath = await inside.unitPath(body.orgUnitId);
    if (orgPath === undefined) throw new AppError('not_found');
    requireScope(principal, 'rewards:write', orgPath);
    for (const [at, { couponKindId }] of body.tiers.entries()) {
      const kind = await inside.kindPath(couponKindId);
      // A prize can be used wherever it can be won.
      if (!kind?.active || !isWithin(orgPath, kind.orgPath))
        throw new AppError('invalid_request', {
          issues: [{ path: `/tiers/${at}/couponKindId`, issue: 'not_for_here' }],
        });
    }
    const id = random.id();
    const { personId } = principal;
    await deps.guard.requireClean({ place: 'play', target: `invite-task:${id}`, orgPath, roomId: null, personId }, [
      body.title,
    ]);
    const at = clock.now();
    const startsAt = body.startsAt === undefined ? at : new Date(body.startsAt);
    const endsAt = new Date(startsAt.getTime() + body.days * DAY_MS);
    await inside.insert({
      id,
      orgUnitId: body.orgUnitId,
      orgPath,
      title: body.title,
      startsAt,
      endsAt,
      by: personId,
      at,
    });
    for (const tier of body.tiers) await inside.insertTier({ ...tier, id: random.id(), taskId: id });
    await writeAudit(tx, deps, {
      ...{ actorId: personId, action: 'invite-task:created', target: `invite-task:${id}`, orgPath },
      detail: { tiers: body.tiers, days: body.days },
    });
    return viewOf(tx, id);
  }

  bind(createInviteTask, ({ tx, principal, body }) => create(tx, principal, body));
  bind(listInviteTasks, async ({ principal, query }) => {
    const found = await rows.listed(principal.staff.orgPath, decodeTimeCursor(query.cursor), query.limit + 1);
    const { rows: items, nextCursor } = cutPage(found, query.limit, encodeTimeCursor);
    return {
      items: await views(
        db.sql,
        items.map(({ id }) => id),
      ),
      nextCursor,
    };
  });
  bind(stopInviteTask, async ({ principal, params, body }) => {
    const [task] = await rows.read([params.id]);
    if (!task) throw new AppError('not_found');
    requireScope(principal, 'rewards:write', task.orgPath);
    await db.transaction(async (tx) => {
      if (!(await createTaskRows(tx).stop(params.id, body.reason, clock.now()))) return;
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'invite-task:stopped', target: `invite-task:${params.id}` },
        ...{ orgPath: task.orgPath, reason: body.reason },
      });
    });
    return viewOf(db.sql, params.id);
  });

  bind(myInviteTasks, async ({ principal, userAgent }) => {
    const now = clock.now();
    const { personId } = principal;
    const home = principal.staff ? principal.staff.orgPath : await createContentRows(db.sql).homeOf(personId, now);
    const ids = await rows.runningAt(home, now);
    const [tasks, tiers, granted] = [await rows.read(ids), await rows.tiers(ids), await rows.grantedTo(ids, personId)];
    const items = await Promise.all(
      tasks.map(async (task) => {
        const invited = await rows.invited(task, personId);
        return {
          ...{ id: task.id, title: task.title, orgUnit: unitOf(task), endsAt: task.endsAt.toISOString(), invited },
          tiers: tiers
            .filter(({ taskId }) => taskId === task.id)
            .map((tier) => {
              const left = tier.stock - tier.granted;
              const state = tierState({ ...tier, invited, left, granted: granted.has(tier.id) });
              return { id: tier.id, threshold: tier.threshold, prize: prizeOf(tier), left, state };
            }),
        };
      }),
    );
    return { channel: channelOf({ inWechat: isInWechat(userAgent) }), items };
  });

  bind(claimTaskPrize, async ({ tx, principal, params, userAgent }) => {
    if (channelOf({ inWechat: isInWechat(userAgent) }) !== 'open') throw new AppError('rewards_outside_wechat');
    const inside = createTaskRows(tx);
    const taskId = await inside.taskOfTier(params.id);
    const [task] = taskId === undefined ? [] : await inside.read([taskId]);
    if (!task) throw new AppError('not_found');
    const { personId } = principal;
    const claimer = await inside.lockClaimer(personId);
    if (!claimer?.valid) throw new AppError('session_expired');
    if (claimer.isInsider) throw new AppError('insiders_excluded');
    const at = clock.now();
    const state = taskState(task, at);
    if (state !== 'running') throw new AppError('state_conflict', { facts: { state } });
    const tier = (await inside.tiers([task.id])).find(({ id }) => id === params.id);
    const invited = await inside.invited(task, personId);
    const granted = (await inside.grantedTo([task.id], personId)).has(params.id);
    if (granted || !tier || invited < tier.threshold)
      throw new AppError('state_conflict', { facts: { state: granted ? 'granted' : 'locked', invited } });
    if (!(await inside.takeOne(tier.id))) throw new AppError('out_of_stock');
    const coupon = await deps.grant(tx, { kindId: tier.couponKindId, personId, source: 'given' });
    await inside.grant({ tierId: tier.id, taskId: task.id, personId, couponId: coupon.id, invited, at });
    return coupon;
  });
}
