/** Everybody with a socket: one crowd for each room, talking all the time; and rains of red packets over some of the rooms. */
import { grabRedPacket, grantBudget, startRedPacket } from '@walnut-live/contracts';
import type { Principal } from '../../api/src/platform/principal.ts';
import type { FaultWorld } from '../../e2e/kit/fault-world.ts';
import { patient } from '../../e2e/kit/patient-caller.ts';
import { auditCrowd, journalOf } from '../../e2e/kit/room-audit.ts';
import { type Crowd, createCrowd, type Member } from '../../e2e/kit/room-crowd.ts';
import { waitUntil } from '../../scripts/processes.ts';
import type { DayRoom } from './brand.ts';

const JOINS_PER_SECOND = 80;
const TALK_TICK_MS = 50;
const SETTLED_MS = 180_000;
const RAIN_FEN = 20_000;
const RAIN_PACKETS = 60;
const RAIN_SECONDS = 30;
const GRABBERS_AT_ONCE = 20;

export interface People {
  readonly crowds: readonly Crowd[];
  online(): number;
  acknowledged(): number;
  talk(perSecond: number): () => void;
  /** Resolves when nobody waits for an answer any more and all have everything. */
  settle(): Promise<void>;
  /** In words; empty: every promise was kept. */
  differences(): Promise<string[]>;
  leave(): void;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function enter(world: FaultWorld, rooms: readonly DayRoom[], people: number): Promise<People> {
  const { sql } = world.api.platform.db;
  const ids = Array.from({ length: people }, () => crypto.randomUUID());
  await sql`INSERT INTO people (id, kind, name, created_at)
    SELECT id, 'consumer', '观众' || n, ${world.clock.now()} FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS p (id, n)`;
  const roomIds = ids.map((_, n) => rooms[n % rooms.length]?.shop.room.id ?? '');
  await sql`INSERT INTO room_visits (room_id, person_id, first_at, last_at)
    SELECT room_id, person_id, ${world.clock.now()}, ${world.clock.now()}
    FROM unnest(${roomIds}::uuid[], ${ids}::uuid[]) AS v (room_id, person_id)`;
  const crowds = rooms.map(({ shop }) => createCrowd(shop.room.id));
  const startedMs = performance.now();
  for (const [n, personId] of ids.entries()) {
    const at = n % rooms.length;
    const roomId = roomIds[n] ?? '';
    const person: Principal = { personId, kind: 'consumer', name: `观众${n + 1}` };
    crowds[at]?.join({
      ...{ personId, name: person.name },
      urlOf: (attempt) => world.urls[(n + attempt) % world.urls.length] ?? '',
      token: async () => (await world.tokens.room(person, roomId, 'viewer')).token,
    });
    const aheadMs = startedMs + (n * 1_000) / JOINS_PER_SECOND - performance.now();
    if (aheadMs > 5) await sleep(aheadMs);
  }
  const members = (): Member[] => crowds.flatMap((crowd) => [...crowd.members]);
  const online = () => members().filter((member) => member.isOnline()).length;
  await waitUntil('everybody is in a room', SETTLED_MS, () => online() === people);
  const journals = new Map<Crowd, Awaited<ReturnType<typeof journalOf>>>();
  return {
    crowds,
    online,
    acknowledged: () => members().reduce((sum, { acknowledged }) => sum + acknowledged.length, 0),
    talk(perSecond) {
      const began = performance.now();
      const all = members();
      let turns = 0;
      const timer = setInterval(() => {
        const due = ((performance.now() - began) / 1_000) * perSecond;
        for (; turns < due; turns++) all[(turns * 7) % all.length]?.say(`第 ${turns + 1} 句`);
      }, TALK_TICK_MS);
      return () => clearInterval(timer);
    },
    async settle() {
      await waitUntil('every message has its answer', SETTLED_MS, () =>
        members().every(({ pending }) => pending === 0),
      );
      for (const [at, crowd] of crowds.entries()) {
        const journal = await journalOf(sql, rooms[at]?.shop.room.id ?? '');
        journals.set(crowd, journal);
        const last = journal.at(-1)?.seq ?? 0;
        await waitUntil('everybody has everything', SETTLED_MS, () =>
          crowd.members.every(({ lastSeq }) => lastSeq >= last),
        );
      }
    },
    async differences() {
      return crowds.flatMap((crowd, at) =>
        auditCrowd(crowd, journals.get(crowd) ?? []).problems.map((problem) => `room ${at + 1}: ${problem}`),
      );
    },
    leave: () => {
      for (const member of members()) member.leave();
    },
  };
}

export interface Rained {
  readonly rains: number;
  readonly grabbed: number;
  readonly differences: readonly string[];
}

/** It rains in a room, and everybody there grabs; told again and again where nobody answered, each has at most one packet. */
export async function rain(world: FaultWorld, { shop, brand }: DayRoom, crowd: Crowd): Promise<Rained> {
  const { ok } = patient(world);
  const stubborn = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (let tried = 0; ; tried++) {
      try {
        return await ask();
      } catch (error) {
        if (tried === 60) throw error;
        await sleep(500);
      }
    }
  };
  await stubborn(() =>
    ok(grantBudget, {
      ...{ params: { orgUnitId: shop.store.id }, as: brand.staff.finance },
      body: { amountFen: RAIN_FEN, reason: '一天的红包雨' },
    }),
  );
  const { id, totalFen } = await stubborn(() =>
    ok(startRedPacket, {
      as: brand.staff.a.guide,
      body: {
        ...{ roomId: shop.room.id, title: '核桃红包雨', totalFen: RAIN_FEN, count: RAIN_PACKETS },
        ...{ leadSeconds: 0, durationSeconds: RAIN_SECONDS },
      },
    }),
  );
  const told = new Map<string, number>();
  const waiting = [...crowd.members];
  const grabber = async (): Promise<void> => {
    for (let one = waiting.pop(); one; one = waiting.pop()) {
      const as: Principal = { personId: one.personId, kind: 'consumer', name: '' };
      const key = crypto.randomUUID();
      const answer = await stubborn(() => world.call(grabRedPacket, { params: { id }, body: {}, as, key })).catch(
        () => undefined,
      );
      if (answer && answer.status < 400 && answer.body.amountFen !== null)
        told.set(one.personId, answer.body.amountFen);
    }
  };
  await Promise.all(Array.from({ length: GRABBERS_AT_ONCE }, grabber));
  const rows = await stubborn(
    () => world.api.platform.db.sql<{ person: string; fen: bigint }>`
      SELECT person_id AS person, amount_fen AS fen FROM red_packet_shares WHERE packet_id = ${id} AND person_id IS NOT NULL`,
  );
  const taken = new Map(rows.map(({ person, fen }) => [person, Number(fen)]));
  const sum = rows.reduce((all, { fen }) => all + Number(fen), 0);
  return {
    ...{ rains: 1, grabbed: rows.length },
    differences: [
      ...(taken.size === rows.length ? [] : [`rain ${id}: somebody took two packets`]),
      ...(sum <= totalFen ? [] : [`rain ${id}: ${sum} of ${totalFen} fen were taken`]),
      ...[...told]
        .filter(([person, fen]) => taken.get(person) !== fen)
        .map(([person, fen]) => `rain ${id}: ${person} was told ${fen} and has ${taken.get(person) ?? 0}`),
    ],
  };
}
