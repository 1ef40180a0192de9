/**
 * Bundles of a room: several SKUs of its bag for one price. Open until the window ends, somebody closes it or one of its products
 * leaves the bag. Terms never change, so there are no versions and no grace: who saw it may buy it while it is open.
 */
import type { BodyOf, BundleView, openBundle } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { lockRoom, type RoomRow } from './bag.repository.ts';
import { refuseBundle } from './bundles.policy.ts';
import * as bundles from './bundles.repository.ts';
import { refuseWindow } from './offers.policy.ts';

/** Bundles closed by one transaction of the sweeper. */
const SWEEP_BATCH = 200;

export function createBundlesService(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  guard: Pick<ClaimGuard, 'requireClean'>;
}) {
  const { db, clock, random } = deps;

  async function roomFor(tx: Tx, principal: Principal | undefined, roomId: string | undefined): Promise<RoomRow> {
    const room = roomId ? await lockRoom(tx, roomId) : undefined;
    if (!room) throw new AppError('not_found');
    requireScope(principal, 'offers:write', room.orgPath);
    return room;
  }
  async function viewOf(tx: Tx, bundleId: string): Promise<BundleView> {
    const [view] = await bundles.readBundles(tx, { bundleId });
    if (!view) throw new AppError('not_found');
    return view;
  }
  const note = (tx: Tx, principal: Principal, action: string, bundle: BundleView, orgPath: string) =>
    writeAudit(tx, deps, {
      actorId: principal.personId,
      action,
      target: `bundle:${bundle.id}`,
      orgPath,
      detail: { ...bundle },
    });
  async function tellClosed(tx: Tx, closed: readonly { id: string; roomId: string }[]): Promise<void> {
    for (const { id, roomId } of closed) {
      await writeRoomEvent(tx, clock, roomId, { kind: 'bundle:closed', bundleId: id });
    }
  }

  return {
    /** @throws AppError state_conflict (the room is over), below_price_floor (S6), words_refused (Z3) */
    async open(principal: Principal, roomId: string, body: BodyOf<typeof openBundle>): Promise<BundleView> {
      const id = random.id();
      return db.transaction(async (tx) => {
        const room = await roomFor(tx, principal, roomId);
        if (room.state === 'ended') throw new AppError('state_conflict');
        const { personId } = principal;
        await deps.guard.requireClean(
          { place: 'product', target: `bundle:${id}`, orgPath: room.orgPath, roomId, personId },
          [body.title],
        );
        if (new Set(body.parts.map(({ skuId }) => skuId)).size < body.parts.length)
          throw new AppError('invalid_request', { issues: [{ path: '/parts', issue: 'duplicate_id' }] });
        const parts = await bundles.findParts(tx, roomId, body.parts);
        if (parts.length < body.parts.length) throw new AppError('not_found', { detail: 'a SKU is not in the bag' });
        const fault = refuseBundle(BigInt(body.priceFen), parts);
        if (fault?.issue) throw new AppError(fault.code, { issues: [{ path: '/priceFen', issue: fault.issue }] });
        if (fault) throw new AppError(fault.code, { facts: { ...fault.facts } });
        const now = clock.now();
        const startsAt = new Date(Math.max(now.getTime(), body.startsAt ? Date.parse(body.startsAt) : 0));
        const endsAt = new Date(startsAt.getTime() + body.durationSeconds * 1_000);
        const window = refuseWindow({ now, startsAt, endsAt });
        if (window) throw new AppError(window.code, { issues: window.issues ?? [] });
        const { title, priceFen, cap, perPersonLimit } = body;
        await bundles.insertBundle(tx, {
          ...{ id, roomId, title, priceFen, startsAt, endsAt, cap, perPersonLimit },
          ...{ createdBy: personId, at: now, parts: body.parts },
        });
        const bundle = await viewOf(tx, id);
        await writeRoomEvent(tx, clock, roomId, { kind: 'bundle:opened', bundle, visibleFrom: now.toISOString() });
        await note(tx, principal, 'bundle:opened', bundle, room.orgPath);
        return bundle;
      });
    },

    /** Closing what is closed changes nothing. */
    async close(principal: Principal, bundleId: string): Promise<BundleView> {
      return db.transaction(async (tx) => {
        const room = await roomFor(tx, principal, await bundles.findBundleRoom(tx, bundleId));
        const closed = await bundles.closeBundle(tx, bundleId, clock.now());
        const bundle = await viewOf(tx, bundleId);
        if (closed) {
          await tellClosed(tx, [bundle]);
          await note(tx, principal, 'bundle:closed', bundle, room.orgPath);
        }
        return bundle;
      });
    },

    /** In the transaction of a bag that has changed. */
    closeOutsideBag: async (tx: Tx, roomId: string, at: Date): Promise<void> =>
      tellClosed(tx, await bundles.closeEndedBundles(tx, { outsideBagOf: roomId, at })),

    async sweep(): Promise<void> {
      for (let count = SWEEP_BATCH; count === SWEEP_BATCH; ) {
        count = await db.transaction(async (tx) => {
          const closed = await bundles.closeEndedBundles(tx, { at: clock.now(), limit: SWEEP_BATCH });
          await tellClosed(tx, closed);
          return closed.length;
        });
      }
    },
  };
}
export type BundlesService = ReturnType<typeof createBundlesService>;
