/** Check-in, answers and chains: what people of a room do together. */
import type { ChainLine } from '@walnut-live/contracts';
import type { Principal } from '../../platform/principal.ts';
import type { RoomHandlers } from './dispatch.ts';

interface LineReply {
  readonly line: ChainLine;
  readonly people: number;
  readonly pieces: number;
}

export function createActivityHandlers(deps: {
  checkIns: { do(principal: Principal, roomId: string): Promise<{ streak: number }> };
  polls: {
    answer(
      principal: Principal,
      roomId: string,
      body: { pollId: string; choices: readonly number[] },
    ): Promise<{ choices: number[] }>;
  };
  chains: {
    join(
      principal: Principal,
      roomId: string,
      body: { chainId: string; quantity: number; note: string },
    ): Promise<LineReply>;
    withdraw(principal: Principal, roomId: string, body: { chainId: string }): Promise<LineReply>;
  };
}): Pick<RoomHandlers, 'checkin:do' | 'poll:answer' | 'chain:join' | 'chain:withdraw'> {
  const { checkIns, polls, chains } = deps;
  return {
    'checkin:do': ({ principal, roomId }) => checkIns.do(principal, roomId),
    'poll:answer': ({ principal, roomId }, payload) => polls.answer(principal, roomId, payload),
    'chain:join': ({ principal, roomId }, payload) => chains.join(principal, roomId, payload),
    'chain:withdraw': ({ principal, roomId }, payload) => chains.withdraw(principal, roomId, payload),
  };
}
