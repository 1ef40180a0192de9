/** What a room plays: draws, and the comments that enter them. */
import type { Draw } from '@walnut-live/contracts';
import type { Principal } from '../../platform/principal.ts';
import type { createChatHandlers } from './chat-handlers.ts';
import type { RoomHandlers, Sender } from './dispatch.ts';

type Person = Pick<Sender, 'principal' | 'roomId' | 'address'>;

export function createPlayHandlers(deps: {
  draws: {
    open(principal: Principal, roomId: string, drawId: string): Promise<{ draw: Draw }>;
    close(principal: Principal, roomId: string, drawId: string): Promise<{ draw: Draw }>;
    enter(
      person: Person,
      body: { drawId: string; clientMessageId?: string | undefined },
    ): Promise<{ publicId: string; entries: number }>;
    onComment(person: Person, text: string): Promise<void>;
  };
  chat: Pick<ReturnType<typeof createChatHandlers>, 'chat:send'>;
}): Pick<RoomHandlers, 'chat:send' | 'draw:open' | 'draw:close' | 'draw:enter'> {
  const { draws, chat } = deps;
  return {
    // The message first: who asks again, because the answer was lost, says and enters the same.
    'chat:send': async (sender, payload) => {
      const said = await chat['chat:send'](sender, payload);
      await draws.onComment(sender, said.message.text);
      return said;
    },
    'draw:open': ({ principal, roomId }, { drawId }) => draws.open(principal, roomId, drawId),
    'draw:close': ({ principal, roomId }, { drawId }) => draws.close(principal, roomId, drawId),
    'draw:enter': (sender, payload) => draws.enter(sender, payload),
  };
}
