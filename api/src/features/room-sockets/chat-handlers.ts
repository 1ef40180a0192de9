/** What people say and what is done about it: the messages of chat and moderation, and who answers them. */
import type { chatMessages } from '@walnut-live/contracts';
import type { RoomChat } from '../room-chat/index.ts';
import type { RoomModeration } from '../room-moderation/index.ts';
import type { RoomHandlers } from './dispatch.ts';

type ChatHandlers = Pick<RoomHandlers, keyof typeof chatMessages | 'viewer:mute' | 'viewer:ban' | 'notice:set'>;

export function createChatHandlers(deps: {
  chat: Pick<RoomChat, 'send' | 'setNotice' | 'setMode' | 'pin' | 'answer'>;
  moderation: Pick<RoomModeration, 'deleteChat' | 'mute' | 'ban' | 'report'>;
}): ChatHandlers {
  const { chat, moderation } = deps;
  return {
    'chat:send': ({ principal, roomId }, payload) => chat.send(principal, roomId, payload),
    'chat:report': ({ principal, roomId }, payload) => moderation.report(principal, roomId, payload),
    'chat:delete': async ({ principal, roomId }, payload) => {
      await moderation.deleteChat(principal, roomId, payload);
      return { messageId: payload.messageId };
    },
    'chat:answer': ({ principal, roomId }, payload) => chat.answer(principal, roomId, payload),
    'message:pin': ({ principal, roomId }, { messageId }) => chat.pin(principal, roomId, messageId),
    'mode:set': ({ principal, roomId }, mode) => chat.setMode(principal, roomId, mode),
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
