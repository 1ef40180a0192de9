/** What becomes of a wave's messages between being made and being sent, and of a close while the world moves on. */
import { type BodyInputOf, createWave, listMessages, type Wave } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { createLogger } from '../../platform/logger.ts';
import {
  type Action,
  api,
  as,
  at,
  brand,
  HOUR,
  heard,
  iso,
  move,
  phases,
  plan,
  read,
  run,
  states,
  turn,
  useWaves,
} from '../../testing/waves.ts';
import { createExecution, type ExecutionDeps } from './execution.ts';

useWaves();
/** Minutes into the plan: quiet hours are from 22:00 to 8:00. */
const QUIET = 12 * HOUR;
const MORNING = 22 * HOUR;
const nightPhases: BodyInputOf<typeof createWave>['phases'] = phases.map((one) =>
  one.phase === 'follow_up' ? { ...one, until: iso(48 * HOUR) } : one,
);
const tell = (minutes: number, lateMinutes = 60, text = '明早见'): Action => ({
  phase: 'follow_up',
  at: iso(minutes),
  lateMinutes,
  deed: { kind: 'message', audience: 'customers', text },
});
async function running(...actions: Action[]): Promise<Wave> {
  const wave = await api.ok(createWave, { body: { title: '夜里的浪潮', phases: nightPhases, actions }, as });
  return run(wave);
}
const outbox = async () =>
  (await api.ok(listMessages, { as })).items.map(({ state, reason }) => [state, reason].filter(Boolean).join(' '));

test('stopped in the night: what waits for the morning is not sent; a wave beside it sends its own', async () => {
  const [stopped, other] = [await running(tell(QUIET + 30)), await running(tell(QUIET + 30, 60, '另一浪'))];
  await turn(QUIET + 31);
  expect([...(await states(stopped)), ...(await states(other))]).toEqual(['message done', 'message done']);
  expect(new Set(await outbox())).toEqual(new Set(['waiting']));
  await move(stopped, 'cancelled');
  expect((await outbox()).sort()).toEqual([
    ...['skipped not_wanted_any_more', 'skipped not_wanted_any_more'],
    ...['waiting', 'waiting'],
  ]);
  await turn(MORNING + 1);
  expect(await heard()).toEqual(['customer 另一浪']);
});

test('a wave whose messages wait is not done, so that it can be stopped', async () => {
  const wave = await api.ok(createWave, {
    body: {
      title: '短',
      phases: phases.map((one) => (one.phase === 'follow_up' ? { ...one, until: iso(QUIET + 40) } : one)),
      actions: [tell(QUIET + 30)],
    },
    as,
  });
  await run(wave);
  await turn(QUIET + 31);
  await turn(QUIET + 50);
  expect((await read(wave)).state).toBe('running');
  await turn(MORNING + 1);
  await turn();
  expect((await read(wave)).state).toBe('done');
});

test('paused, what waits goes on waiting; resumed, it is sent or too late by its own minutes', async () => {
  const wave = await running(tell(QUIET + 30, 60), tell(QUIET + 31, 120, '晚一点也行'));
  await turn(QUIET + 32);
  await move(wave, 'paused');
  await turn(MORNING + 30);
  expect(await heard()).toEqual([]);
  expect(new Set(await outbox())).toEqual(new Set(['waiting']));
  api.clock.set(at(MORNING + 62));
  await move(wave, 'running');
  await turn();
  expect(await heard()).toEqual(['customer 晚一点也行']);
  expect((await outbox()).filter((one) => one === 'skipped too_late')).toHaveLength(2);
});

test('planned in quiet hours, its minutes count from their end; planned before them, it does not come the next morning', async () => {
  const wave = await running(tell(QUIET - 10, 60, '今晚'), tell(QUIET + 30, 0, '一早'));
  await turn(QUIET + 10);
  await turn(QUIET + 40);
  expect(await states(wave)).toEqual(['message done', 'message done']);
  expect((await outbox()).sort()).toEqual([
    ...['skipped quiet_hours', 'skipped quiet_hours'],
    ...['waiting', 'waiting'],
  ]);
  await turn(MORNING);
  expect(await heard()).toEqual(['customer 一早']);
});

test('planned in quiet hours and found after them: in time by the same minutes', async () => {
  const wave = await running(tell(QUIET + 30, 60, '还来得及'), tell(QUIET + 31, 30, '来不及'));
  await turn(MORNING + 45);
  expect(await states(wave)).toEqual(['message done', 'message skipped too_late']);
  expect(await heard()).toEqual(['customer 还来得及']);
});

/** A hand of its own at a time that the api's own has not reached; its rooms are the test's. */
function handAt(minutes: number, change: (real: ExecutionDeps['db']) => Partial<ExecutionDeps>) {
  const { db } = api.api.platform;
  const no = () => Promise.reject(new Error('not in this test'));
  return createExecution({
    clock: { now: () => at(minutes) },
    log: createLogger('silent', 'test'),
    db,
    rooms: { planned: { make: no, callOff: no }, end: no },
    offersWithin: () => ({ open: no, patch: no }),
    messages: { enqueue: no, quietUntil: async () => undefined },
    guard: { requireClean: async () => undefined },
    ...change(db),
  });
}
const close = (roomId: string): Action => ({ phase: 'build_up', at: iso(10), deed: { kind: 'room_close', roomId } });

test.each(['paused', 'cancelled'] as const)('%s right after it was claimed, a live goes on', async (to) => {
  const wave = await plan(close(brand.rooms.a.id));
  await run(wave);
  const ended: string[] = [];
  let transactions = 0;
  const hand = handAt(11, (db) => ({
    db: {
      ...db,
      transaction: async (work, options) => {
        const result = await db.transaction(work, options);
        if (++transactions === 1) await move(wave, to);
        return result;
      },
    },
    rooms: {
      planned: { make: () => Promise.reject(new Error('none')), callOff: async () => false },
      end: async (_, roomId) => {
        ended.push(roomId);
        throw new Error('ended');
      },
    },
  }));
  await hand.runDue();
  expect(transactions).toBeGreaterThan(1);
  expect(ended).toEqual([]);
  expect(await states(wave)).toEqual([to === 'paused' ? 'room_close planned' : 'room_close skipped wave_cancelled']);
});

test('a room that goes live while it is called off is ended, not noted as closed', async () => {
  const { id } = brand.rooms.scheduledA;
  const wave = await plan(close(id));
  await run(wave);
  const { sql } = api.api.platform.db;
  const did: string[] = [];
  const hand = handAt(11, () => ({
    rooms: {
      planned: {
        make: () => Promise.reject(new Error('none')),
        callOff: async () => {
          did.push('callOff');
          if (did.length === 1) await sql`UPDATE rooms SET state = 'live', started_at = ${at(10)} WHERE id = ${id}`;
          return false;
        },
      },
      end: async (_, roomId) => {
        did.push('end');
        await sql`UPDATE rooms SET state = 'ended', ended_at = ${at(11)} WHERE id = ${roomId}`;
        return undefined as never;
      },
    },
  }));
  await hand.runDue();
  expect(did).toEqual(['callOff', 'end', 'callOff']);
  expect(await states(wave)).toEqual(['room_close done']);
});
