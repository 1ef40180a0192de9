/** The same as fuzz.ts for the room's socket: every message of the contracts, by whoever can be in a room. */
import { AckError, type RoomMessageName, roomMessages } from '@walnut-live/contracts';
import fc from 'fast-check';
import type { z } from 'zod';
import { toSchema } from '../platform/openapi.ts';
import type { Principal } from '../platform/principal.ts';
import { eventRows, type RoomThings } from '../testing/event-rows.ts';
import { enterRoom } from '../testing/room-client.ts';
import type { TestApi } from '../testing/test-api.ts';
import type { Finding } from './fuzz.ts';
import { type Maker, type Pool, readPool, valueFor, variationsOf } from './fuzz-values.ts';

/** Fewer than the connection may say at once (dispatch.ts). */
const SAID_PER_CONNECTION = 50;
const AT_ONCE = 3;

function payloadsOf(name: RoomMessageName, pool: Pool, room: RoomThings): fc.Arbitrary<unknown> {
  const shape = toSchema(roomMessages[name].payload as z.ZodType, 'input');
  const maker = (spoil: number): Maker => ({ pool, about: name.split(':')[0] ?? '', spoil });
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(0).chain(() => variationsOf(eventRows[name].own(room), maker(0), shape)) },
    { weight: 2, arbitrary: valueFor(shape, '', maker(0)) },
    { weight: 2, arbitrary: valueFor(shape, '', maker(20)) },
  );
}

function faultOf(name: RoomMessageName, answer: { ok: boolean; data?: unknown; error?: unknown }): string | undefined {
  if (answer.ok) {
    const { error } = (roomMessages[name].reply as z.ZodType).safeParse(answer.data);
    return error ? `a reply that is none: ${error.issues[0]?.message}` : undefined;
  }
  const refused = AckError.safeParse(answer.error);
  if (!refused.success) return `an error that is none: ${JSON.stringify(answer.error)}`;
  return refused.data.code === 'internal' ? 'internal' : undefined;
}

export async function fuzzEvents(
  api: TestApi,
  scene: { roomId: string; room: RoomThings; people: readonly Principal[] },
  { seed, shots }: { seed: number; shots: number },
): Promise<{ findings: Finding[]; done: ReadonlySet<string>; refused: number }> {
  const pool = await readPool(api.api.platform.db);
  const names = Object.keys(roomMessages) as RoomMessageName[];
  const said = fc.sample(
    fc.constantFrom(...names).chain((name) => payloadsOf(name, pool, scene.room).map((payload) => ({ name, payload }))),
    { seed, numRuns: shots },
  );
  const findings: Finding[] = [];
  const done = new Set<string>();
  let refused = 0;
  const turns = Array.from({ length: Math.ceil(said.length / SAID_PER_CONNECTION) }, (_, turn) => turn);
  const speak = async (turn: number): Promise<void> => {
    await using client = await enterRoom(api, scene.roomId, scene.people[turn % scene.people.length] as Principal);
    const from = turn * SAID_PER_CONNECTION;
    for (const [at, { name, payload }] of said.slice(from, from + SAID_PER_CONNECTION).entries()) {
      const told = `#${from + at} ${name} ${JSON.stringify(payload)}`.slice(0, 1_500);
      const answer = await client.ask(name, payload).catch((error: Error) => ({ ok: false, error: error.message }));
      if (answer.ok) done.add(name);
      else refused += 1;
      const what = faultOf(name, answer as { ok: boolean });
      if (what) findings.push({ what: `${name}: ${what}`, shot: told });
    }
  };
  for (let turn = 0; turn < turns.length; turn += AT_ONCE)
    await Promise.all(turns.slice(turn, turn + AT_ONCE).map(speak));
  return { findings, done, refused };
}
