/** What a room hears of its orders; written to the outbox beside the effect, told after commit. */
import type { RoomEventOf } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';
import { maskName } from '../../platform/masks.policy.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import type { ItemRow } from './orders.repository.ts';
import type { StockLevel } from './reservations.repository.ts';

/** What is taken of a bundle, or of the gifts of an offer. */
export type ExtraCount = RoomEventOf<'bundle:counted'> | RoomEventOf<'offer:gift-counted'>;
export async function tellExtras(
  tx: Tx,
  clock: Clock,
  roomId: string | null,
  counts: readonly ExtraCount[],
): Promise<void> {
  if (roomId === null) return;
  for (const count of counts) await writeRoomEvent(tx, clock, roomId, count);
}

export async function tellStock(
  tx: Tx,
  clock: Clock,
  roomId: string | null,
  levels: readonly StockLevel[],
): Promise<void> {
  if (roomId === null) return;
  for (const { skuId, available, offerId, taken } of levels)
    await writeRoomEvent(tx, clock, roomId, { kind: 'stock:changed', skuId, available, offerId, taken });
}

/** The purchase bubbles, one per item; only the first character of the buyer's name leaves the order. */
export async function tellPaid(
  tx: Tx,
  clock: Clock,
  roomId: string,
  name: string,
  items: readonly ItemRow[],
): Promise<void> {
  const buyerName = maskName(name);
  for (const { productId, title: productTitle, quantity } of items)
    await writeRoomEvent(tx, clock, roomId, { kind: 'order:paid', buyerName, productId, productTitle, quantity });
}
