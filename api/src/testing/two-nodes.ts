/** Two api nodes with one Redis and one database, and people who join at the first and connect to either. */
import { joinRoom, type RoomPaused } from '@walnut-live/contracts';
import { expect, onTestFinished, vi } from 'vitest';
import { startTestRedis } from '../../../scripts/testing/redis.ts';
import { createApi } from '../compose.ts';
import type { Principal } from '../platform/principal.ts';
import { seedBrand } from './fixtures.ts';
import { connectRoom } from './room-client.ts';
import { startTestApi } from './test-api.ts';

export const PATIENCE_MS = 20_000;
/** Two servers, a Redis and a database of its own take their time on a machine where others work. */
export const CROWDED_TEST_MS = 120_000;
export const LONG = { timeout: PATIENCE_MS, interval: 20 };

export async function startTwoNodes() {
  const redis = await startTestRedis();
  onTestFinished(() => redis.kill());
  const a = await startTestApi({ REDIS_URL: redis.url });
  onTestFinished(() => a[Symbol.asyncDispose]());
  const other = await createApi({ ...a.api.platform.config, PORT: 0 }, { clock: a.clock });
  onTestFinished(() => other.close());
  const urlB = `http://127.0.0.1:${await other.listen()}`;
  for (const { roomLog } of [a.api, other]) {
    await vi.waitFor(() => roomLog.watch((isThere) => expect(isThere).toBe(true))(), LONG);
  }
  /** Joins at the first node, is connected to the one that is named. */
  async function enter(url: string, roomId: string, as: Principal, lastSeq?: number) {
    const { roomToken, snapshot } = await a.ok(joinRoom, { params: { id: roomId }, body: {}, as });
    const pauses: boolean[] = [];
    const auth = { token: roomToken, roomId, lastSeq: lastSeq ?? snapshot.seq };
    const onSocket = ({ socket }: { socket: { on(name: string, heard: (news: RoomPaused) => void): unknown } }) =>
      void socket.on('room:paused', ({ paused }) => pauses.push(paused));
    const client = await connectRoom(url, auth, { onSocket });
    onTestFinished(() => client.close());
    const said = () => client.events('chat:sent').map(({ message }) => message.text);
    return Object.assign(client, { auth, pauses, said });
  }
  return { a, other, redis, urlA: a.url, urlB, enter, brand: await seedBrand(a) };
}
