/** Red-packet rain, what it is paid from, and what people got of it. */
import {
  endRedPacket,
  fenToWire,
  getRedPacket,
  grabRedPacket,
  grantBudget,
  limitKeyOf,
  listBudgets,
  listRedPackets,
  myGrab,
  myRewards,
  type RoomEvent,
  startRedPacket,
} from '@walnut-live/contracts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Binder } from '../../platform/http.ts';
import { requireKey } from '../../platform/idempotency.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { createLimit } from '../../platform/limits.ts';
import { createBudgets } from './budgets.ts';
import { toRedPacket } from './red-packets.repository.ts';
import { createRedPacketsService, type RedPacketsDeps } from './red-packets.service.ts';

export const RED_PACKETS_JOB = 'red-packets-due';
const DUE_EVERY_MS = 1_000;
/** The room hears at most this often how many are taken. */
const COUNT_EVERY_MS = 500;
/** Grabs of one address in a minute (each node's own count, like orders): a full store on one Wi-Fi stays below it. */
const GRABS_PER_ADDRESS = 600;
const ADDRESS_WINDOW_SECONDS = 60;
/** Taps of one person: the first counts, the others are impatience. */
const GRABS_PER_PERSON = 20;
const PERSON_WINDOW_SECONDS = 10;

export function createRedPackets(
  deps: Omit<RedPacketsDeps, 'onTaken'> & {
    bind: Binder;
    jobs: Jobs;
    addressFactor: number;
    append: (roomId: string, event: RoomEvent) => Promise<unknown>;
  },
) {
  const { bind, log } = deps;
  /** Rains of which somebody took a packet on this node since the room last heard of it. */
  const moved = new Map<string, string>();
  const service = createRedPacketsService({
    ...deps,
    onTaken: (packetId, roomId) => void moved.set(packetId, roomId),
  });
  const budgets = createBudgets(deps);
  const addresses = createLimit({
    points: GRABS_PER_ADDRESS * deps.addressFactor,
    seconds: ADDRESS_WINDOW_SECONDS,
  });
  const people = createLimit({ points: GRABS_PER_PERSON, seconds: PERSON_WINDOW_SECONDS });

  bind(startRedPacket, ({ tx, principal, body }) => service.start(tx, principal, body));
  bind(
    grabRedPacket,
    async ({ principal, params, req, res }) => {
      const key = requireKey(req.get('idempotency-key'));
      const { grab, replayed } = await service.grab({ packetId: params.id, personId: principal.personId, key });
      if (replayed) res.set('Idempotency-Replayed', 'true');
      return grab;
    },
    async ({ principal, ip }) => {
      if (principal) await people.take(principal.personId);
      await addresses.take(limitKeyOf(ip));
    },
    'keeps its keys',
  );
  bind(endRedPacket, ({ principal, params }) => service.end(principal, params.id));
  bind(getRedPacket, ({ params }) => service.read(params.id));
  bind(myGrab, ({ principal, params }) => service.mine(principal, params.id));
  bind(listRedPackets, async ({ query }) => {
    const found = await service.ofRoom(query.roomId, decodeTimeCursor(query.cursor), query.limit + 1);
    const { rows: items, nextCursor } = cutPage(found, query.limit, (last) =>
      encodeTimeCursor({ at: last.createdAt, id: last.id }),
    );
    return {
      items: items.map(toRedPacket),
      nextCursor,
    };
  });
  bind(myRewards, async ({ principal, query }) => {
    const { items: found, balanceFen } = await service.rewards(
      principal,
      decodeTimeCursor(query.cursor),
      query.limit + 1,
    );
    const { rows: items, nextCursor } = cutPage(found, query.limit, (last) =>
      encodeTimeCursor({ at: last.at, id: last.id }),
    );
    return {
      balanceFen,
      items: items.map(({ amountFen, at, ...item }) => ({
        ...item,
        amountFen: fenToWire(amountFen),
        at: at.toISOString(),
      })),
      nextCursor,
    };
  });
  bind(listBudgets, ({ principal }) => budgets.list(principal));
  bind(grantBudget, ({ tx, principal, params, body }) => budgets.grant(tx, principal, params.orgUnitId, body));
  deps.jobs.every(RED_PACKETS_JOB, DUE_EVERY_MS, service.finishDue);

  async function tellCounts(): Promise<void> {
    const told = [...moved];
    moved.clear();
    for (const [redPacketId, roomId] of told) {
      await deps.append(roomId, { kind: 'red-packet:counted', redPacketId, taken: await service.takenOf(redPacketId) });
    }
  }
  const timer = setInterval(
    () => void tellCounts().catch((error: unknown) => log.warn({ err: error }, 'red packets: count not told')),
    COUNT_EVERY_MS,
  );
  timer.unref();

  return {
    current: service.current,
    roomEnded: service.roomEnded,
    async stop(): Promise<void> {
      clearInterval(timer);
      await service.close();
    },
  };
}
export type RedPackets = ReturnType<typeof createRedPackets>;
