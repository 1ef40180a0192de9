/** The bag of a room and the product its guide is talking about. Every change locks the room's row first. */
import type { Bag } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import { announcedShipping } from '../shipping/index.ts';
import * as bags from './bag.repository.ts';
import { readBundles } from './bundles.repository.ts';
import { closeOffersOutsideBag } from './offers.repository.ts';

async function checkProducts(tx: Tx, productIds: readonly string[]): Promise<void> {
  if (new Set(productIds).size < productIds.length) {
    throw new AppError('invalid_request', { issues: [{ path: '/productIds', issue: 'duplicate_id' }] });
  }
  if ((await bags.countProducts(tx, productIds)) < productIds.length) {
    throw new AppError('not_found', { detail: 'a product does not exist' });
  }
}

export function createBagService(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  /** Told where no unit has a shipping rule. */
  shipping: NonNullable<Bag['shipping']>;
  /** Ends bundles that lost a part with the bag's change. */
  closeBundlesOutsideBag(tx: Tx, roomId: string, at: Date): Promise<void>;
}) {
  const { db, clock, shipping } = deps;

  async function read(roomId: string): Promise<Bag> {
    const at = clock.now();
    const found = await bags.readBag(db.sql, roomId, at);
    if (!found) throw new AppError('not_found');
    const { terms, ...bag } = found;
    const told = terms ? announcedShipping(terms) : shipping;
    const bundles = await readBundles(db.sql, { roomId, at });
    return { roomId, ...bag, bundles, ...(told ? { shipping: told } : {}) };
  }
  /** The room, locked, when `principal` may operate it and it is not over. */
  async function operate(tx: Tx, principal: Principal | undefined, roomId: string) {
    const room = await bags.lockRoom(tx, roomId);
    if (!room) throw new AppError('not_found');
    requireScope(principal, 'rooms:operate', room.orgPath);
    if (room.state === 'ended') throw new AppError('state_conflict');
    return room;
  }
  const note = (tx: Tx, principal: Principal, action: string, room: bags.RoomRow, detail: Record<string, unknown>) =>
    writeAudit(tx, deps, {
      actorId: principal.personId,
      action,
      target: `room:${room.id}`,
      orgPath: room.orgPath,
      detail,
    });

  return {
    /** @throws AppError `not_found` when there is no such room. */
    read,

    /** The bag of a room that is being created: no events, nobody is there yet. */
    async fill(tx: Tx, roomId: string, productIds: readonly string[]): Promise<void> {
      await checkProducts(tx, productIds);
      await bags.writeBag(tx, roomId, productIds);
    },

    /** A product that leaves the bag takes its open offers and its pin with it. */
    async set(principal: Principal, roomId: string, productIds: readonly string[]): Promise<Bag> {
      await db.transaction(async (tx) => {
        const room = await operate(tx, principal, roomId);
        await checkProducts(tx, productIds);
        const before = await bags.listBagProducts(tx, roomId);
        if (before.length === productIds.length && before.every((id, i) => id === productIds[i])) return;
        const at = clock.now();
        await bags.writeBag(tx, roomId, productIds);
        for (const { id: offerId, skuId } of await closeOffersOutsideBag(tx, roomId, at)) {
          await writeRoomEvent(tx, clock, roomId, { kind: 'offer:closed', offerId, skuId });
        }
        await deps.closeBundlesOutsideBag(tx, roomId, at);
        if (room.pinnedProductId && !productIds.includes(room.pinnedProductId)) {
          await bags.writePin(tx, roomId, null, at);
          await writeRoomEvent(tx, clock, roomId, { kind: 'product:unpinned', mediaTime: at.toISOString() });
        }
        await writeRoomEvent(tx, clock, roomId, { kind: 'bag:changed', productIds: [...productIds] });
        await note(tx, principal, 'bag:changed', room, { productIds });
      });
      return read(roomId);
    },

    /** Pins a product of the bag, or with null unpins; saying the same again changes nothing and tells nobody. */
    async pin(principal: Principal, roomId: string, productId: string | null): Promise<Bag> {
      await db.transaction(async (tx) => {
        const room = await operate(tx, principal, roomId);
        if (productId && !(await bags.listBagProducts(tx, roomId)).includes(productId)) throw new AppError('not_found');
        if (room.pinnedProductId === productId) return;
        const at = clock.now();
        await bags.writePin(tx, roomId, productId, at);
        const mediaTime = at.toISOString();
        await writeRoomEvent(
          tx,
          clock,
          roomId,
          productId ? { kind: 'product:pinned', productId, mediaTime } : { kind: 'product:unpinned', mediaTime },
        );
      });
      return read(roomId);
    },
  };
}
export type BagService = ReturnType<typeof createBagService>;
