import { type BodyInputOf, type OrderView, placeOrder } from '@walnut-live/contracts';
import type { Api, PendingActions } from '@walnut-live/live-client/http';
import type { Terms } from './refusal.ts';

type PlaceBody = BodyInputOf<typeof placeOrder>;
type Line = NonNullable<PlaceBody['lines']>[number];

/** The line as the buyer's screen shows it (rules S4, Z1): offer and version if there is one, the price and the page seen. */
export const orderLine = (skuId: string, terms: Terms, quantity: number, pageHash?: string | null): Line => ({
  skuId,
  quantity,
  seenPriceFen: terms.priceFen,
  ...(pageHash ? { seenSnapshotHash: pageHash } : {}),
  ...(terms.offerId === null ? {} : { offerId: terms.offerId }),
  ...(terms.offerId === null || terms.offerVersion === null ? {} : { offerVersion: terms.offerVersion }),
});

const thingsOf = ({ lines, bundles }: PlaceBody): string => JSON.stringify([lines, bundles]);
const kindOf = (roomId: string): string => `order:${roomId}`;

/** An order of this room that was sent and whose outcome is not known. */
export const unresolvedOrder = (pending: PendingActions, roomId: string) => pending.peek<PlaceBody>(kindOf(roomId));

/**
 * Places an order once. While an earlier attempt in this room has no known outcome, exactly that one is sent again, even
 * when the screen shows other terms by now: only so a lost answer never becomes a second order.
 */
export const placeOnce = async (
  deps: { api: Api; pending: PendingActions },
  body: PlaceBody,
): Promise<{ order: OrderView; earlier: boolean }> => {
  const { api, pending } = deps;
  const unresolved = unresolvedOrder(pending, body.roomId);
  const effective = unresolved?.payload ?? body;
  const order = await pending.run(kindOf(body.roomId), effective, (idempotencyKey) =>
    api.call(placeOrder, { body: effective, idempotencyKey }),
  );
  return { order, earlier: thingsOf(effective) !== thingsOf(body) };
};
