import { type BodyInputOf, checkoutCart, type OrderView } from '@walnut-live/contracts';
import type { Api, PendingActions } from '@walnut-live/live-client/http';

type CheckoutBody = BodyInputOf<typeof checkoutCart>;
const kindOf = (roomId: string): string => `cart:${roomId}`;

/** A checkout of this room's lines that was sent and whose outcome is not known. */
export const unresolvedCheckout = (pending: PendingActions, roomId: string) =>
  pending.peek<CheckoutBody>(kindOf(roomId));

/**
 * Orders a room's lines once. While an earlier attempt has no known outcome, exactly that one is sent again, whatever the cart
 * shows by now: its lines may be gone because that attempt ordered them.
 */
export const checkoutOnce = (
  { api, pending }: { api: Api; pending: PendingActions },
  body: CheckoutBody,
): Promise<OrderView> => {
  const effective = unresolvedCheckout(pending, body.roomId)?.payload ?? body;
  return pending.run(kindOf(body.roomId), effective, (idempotencyKey) =>
    api.call(checkoutCart, { body: effective, idempotencyKey }),
  );
};
