/** What each message of a room does. The rules are in the features; here it only becomes visible who answers what. */
import type { Bag, BodyOf, GiftReceipt, GiveGift, OfferView, openOffer } from '@walnut-live/contracts';
import type { z } from 'zod';
import type { Principal } from '../../platform/principal.ts';
import type { createActivityHandlers } from './activity-handlers.ts';
import type { createChatHandlers } from './chat-handlers.ts';
import type { RoomHandlers } from './dispatch.ts';
import type { createPlayHandlers } from './play-handlers.ts';

export function createRoomHandlers(deps: {
  bag: { pin(principal: Principal, roomId: string, productId: string | null): Promise<Bag> };
  offers: { open(principal: Principal, roomId: string, body: BodyOf<typeof openOffer>): Promise<OfferView> };
  likes: {
    add(like: {
      roomId: string;
      clientId: string;
      personId: string;
      no: number;
      count: number;
    }): Promise<{ total: number }>;
  };
  gifts: {
    send(
      principal: Principal,
      roomId: string,
      gift: z.output<typeof GiveGift> & { idempotencyKey: string },
    ): Promise<GiftReceipt>;
  };
  /** Chat and moderation, see chat-handlers.ts. */
  talk: ReturnType<typeof createChatHandlers>;
  /** Draws, see play-handlers.ts. */
  play: ReturnType<typeof createPlayHandlers>;
  /** Check-in, polls, chains, see activity-handlers.ts. */
  activities: ReturnType<typeof createActivityHandlers>;
}): RoomHandlers {
  const { bag, offers, gifts, likes, talk, play, activities } = deps;
  return {
    ...talk,
    ...play,
    ...activities,
    'like:add': ({ principal, roomId, connectionId, messageNo }, { count, batch }) =>
      likes.add({
        roomId,
        personId: principal.personId,
        count,
        // Without a batch the message counts as it is: nothing could be sent again.
        clientId: batch?.clientId ?? connectionId,
        no: batch?.no ?? messageNo,
      }),
    'gift:send': ({ principal, roomId }, payload) => gifts.send(principal, roomId, payload),
    'product:pin': async ({ principal, roomId }, { productId }) => {
      const { pinnedProductId } = await bag.pin(principal, roomId, productId);
      return { pinnedProductId };
    },
    'product:unpin': async ({ principal, roomId }) => {
      const { pinnedProductId } = await bag.pin(principal, roomId, null);
      return { pinnedProductId };
    },
    'offer:open': ({ principal, roomId }, payload) => offers.open(principal, roomId, payload),
  };
}
