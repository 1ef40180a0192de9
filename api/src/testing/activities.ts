/** One of each thing that people do together in a room, open, for tests that need them but not how they came about. */
import { openChain, openCheckIn, openPoll, startCountdown } from '@walnut-live/contracts';
import type { Principal } from '../platform/principal.ts';
import type { FixtureRoom } from './fixtures.ts';
import { enterRoom } from './room-client.ts';
import type { TestApi } from './test-api.ts';

/** `joiner` has the first line of the chain. */
export async function makeActivities(api: TestApi, room: FixtureRoom, joiner: Principal) {
  const as = room.host;
  const roomId = room.id;
  const checkIn = await api.ok(openCheckIn, { body: { roomId }, as });
  const poll = await api.ok(openPoll, {
    body: { kind: 'survey', roomId, question: '喜欢哪种', options: ['原味', '奶香'] },
    as,
  });
  const countdown = await api.ok(startCountdown, { body: { roomId, title: '开抢', seconds: 600 }, as });
  const chain = await api.ok(openChain, { body: { roomId, title: '核桃接龙' }, as });
  await using client = await enterRoom(api, roomId, joiner);
  await client.ask('chain:join', { chainId: chain.id, quantity: 1 });
  return { checkInId: checkIn.id, pollId: poll.id, countdownId: countdown.id, chainId: chain.id };
}
