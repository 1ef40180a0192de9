/** What each message of a room does. The rules are in the features; here it only becomes visible who answers what. */
import type { Bag, BodyOf, ChatMessage, OfferView, openOffer } from '@walnut-live/contracts';
import type { Principal } from '../../platform/principal.ts';
import type { RoomHandlers } from './dispatch.ts';

export function createRoomHandlers(deps: {
  bag: { pin(principal: Principal, roomId: string, productId: string | null): Promise<Bag> };
  offers: { open(principal: Principal, roomId: string, body: BodyOf<typeof openOffer>): Promise<OfferView> };
  chat: {
    send(
      principal: Principal,
      roomId: string,
      body: { text: string; clientMessageId?: string | undefined },
    ): Promise<{ message: ChatMessage }>;
    setNotice(principal: Principal, roomId: string, body: { text: string }): Promise<{ text: string }>;
  };
  likes: {
    add(like: {
      roomId: string;
      clientId: string;
      personId: string;
      no: number;
      count: number;
    }): Promise<{ total: number }>;
  };
  moderation: {
    deleteChat(principal: Principal, roomId: string, body: { messageId: string; reason: string }): Promise<void>;
    mute(
      principal: Principal,
      roomId: string,
      body: { personId: string; minutes: number | null; reason: string },
    ): Promise<void>;
    ban(principal: Principal, roomId: string, body: { personId: string; reason: string }): Promise<void>;
  };
}): RoomHandlers {
  const { bag, offers, chat, likes, moderation } = deps;
  return {
    'chat:send': ({ principal, roomId }, payload) => chat.send(principal, roomId, payload),
    'like:add': ({ principal, roomId, connectionId, messageNo }, { count, batch }) =>
      likes.add({
        roomId,
        personId: principal.personId,
        count,
        // Without a batch the message counts as it is: nothing could be sent again.
        clientId: batch?.clientId ?? connectionId,
        no: batch?.no ?? messageNo,
      }),
    'product:pin': async ({ principal, roomId }, { productId }) => {
      const { pinnedProductId } = await bag.pin(principal, roomId, productId);
      return { pinnedProductId };
    },
    'product:unpin': async ({ principal, roomId }) => {
      const { pinnedProductId } = await bag.pin(principal, roomId, null);
      return { pinnedProductId };
    },
    'offer:open': ({ principal, roomId }, payload) => offers.open(principal, roomId, payload),
    'chat:delete': async ({ principal, roomId }, payload) => {
      await moderation.deleteChat(principal, roomId, payload);
      return { messageId: payload.messageId };
    },
    'viewer:mute': async ({ principal, roomId }, payload) => {
      await moderation.mute(principal, roomId, payload);
      return { personId: payload.personId };
    },
    'viewer:ban': async ({ principal, roomId }, payload) => {
      await moderation.ban(principal, roomId, payload);
      return { personId: payload.personId };
    },
    'notice:set': ({ principal, roomId }, payload) => chat.setNotice(principal, roomId, payload),
  };
}
