/**
 * Red-packet rain (rule G3).
 *
 * Model: start = one transaction: the total moves from the unit's marketing budget to the rain's own account and is split into
 * packets. A grab takes the next free packet by one conditional statement (grabbing.ts). What was taken is paid out to reward accounts in
 * batches right after (`settle`), each packet once. The end, when nothing is left or the time is over, gives what nobody took
 * back to the budget.
 * Invariants: at any moment total = paid out + taken and not yet paid out + free (+ returned); a person takes one at most
 * (unique index); grabs do not wait for one another; every step may be cut off and is finished by the job.
 */
import { type BodyOf, fenToWire, type Grab, type RedPacket, type startRedPacket } from '@walnut-live/contracts';
import { type Ledger, LedgerShortError } from '../../ledger/index.ts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { createGrabbing } from './grabbing.ts';
import { createPacketRows, type PacketRow, toRedPacket } from './red-packets.repository.ts';
import { randomBelow, splitTotal } from './split.policy.ts';

/** A rain that is over stays in the room's snapshot for this long. */
const RESULT_SHOWN_MS = 60_000;
/** Packets paid out by one transfer. */
const SETTLE_AT_ONCE = 500;
const DUE_AT_ONCE = 20;
/** Packets are taken nearly in their order: whether none is left is asked from this many before the last on. */
const LAST_FEW = 60;

export interface RedPacketsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly ledger: Ledger;
  readonly guard: Pick<ClaimGuard, 'requireClean'>;
  /** Somebody took one: the room hears the new number soon. */
  readonly onTaken: (packetId: string, roomId: string) => void;
}

export function createRedPacketsService(deps: RedPacketsDeps) {
  const { db, clock, random, log, ledger } = deps;
  const rows = createPacketRows(db.sql);
  const below = randomBelow(random.bytes);
  /** One payout of a rain at a time on this node; `again` when more was taken meanwhile. */
  const settling = new Map<string, { again: boolean; done: Promise<void> }>();

  async function find(id: string): Promise<PacketRow> {
    const packet = await rows.find(id);
    if (!packet) throw new AppError('not_found');
    return packet;
  }
  const audit = (tx: Tx, actorId: string | null, packet: PacketRow, action: string) =>
    writeAudit(tx, deps, {
      actorId,
      action,
      target: `red-packet:${packet.id}`,
      orgPath: packet.orgPath,
      detail: {
        roomId: packet.roomId,
        totalFen: fenToWire(packet.totalFen),
        count: packet.count,
        returnedFen: packet.returnedFen === null ? null : fenToWire(packet.returnedFen),
      },
    });

  /** Pays out one batch within a transaction; answers how many. */
  async function payOut(tx: Tx, packetId: string): Promise<number> {
    const due = await createPacketRows(tx).claimUnposted(packetId, SETTLE_AT_ONCE);
    if (due.length === 0) return 0;
    const sum = due.reduce((total, { amountFen }) => total + amountFen, 0n);
    await ledger.postTransfer(tx, {
      kind: 'red_packet_taken',
      ref: `${packetId}:${random.id()}`, // the rows say what is paid out, each once
      at: clock.now(),
      entries: [
        { account: { kind: 'red_packet', owner: packetId }, amountFen: sum },
        ...due.map(({ personId, amountFen }) => ({
          account: { kind: 'reward_balance' as const, owner: personId },
          amountFen: -amountFen,
        })),
      ],
    });
    return due.length;
  }

  async function settleAll(packetId: string): Promise<void> {
    while ((await db.transaction((tx) => payOut(tx, packetId))) === SETTLE_AT_ONCE);
  }
  function settle(packetId: string): Promise<void> {
    const running = settling.get(packetId);
    if (running) {
      running.again = true;
      return running.done;
    }
    const turn = { again: false, done: Promise.resolve() };
    turn.done = (async () => {
      do {
        turn.again = false;
        await settleAll(packetId);
      } while (turn.again);
    })().finally(() => settling.delete(packetId));
    settling.set(packetId, turn);
    return turn.done;
  }
  const settleSoon = (packetId: string): void =>
    void settle(packetId).catch((error: unknown) =>
      log.warn({ err: error, packetId }, 'red packets: payout failed, the job will do it'),
    );

  /** Ends a rain once; `force` also when packets are left. */
  async function endNow(packetId: string, byId: string | null, force: boolean): Promise<void> {
    await db.transaction(async (tx) => {
      const inside = createPacketRows(tx);
      if (!(await inside.lockRunning(packetId))) return;
      if (!force && (await inside.hasFree(packetId))) return;
      while ((await payOut(tx, packetId)) === SETTLE_AT_ONCE);
      const { taken, freeFen } = await inside.sums(packetId);
      const at = clock.now();
      await inside.end(packetId, at, taken, freeFen);
      const packet = await inside.find(packetId);
      if (!packet) throw new Error('a locked row is gone');
      if (freeFen > 0n) {
        await ledger.postTransfer(tx, {
          kind: 'red_packet_returned',
          ref: packetId,
          at,
          entries: [
            { account: { kind: 'red_packet', owner: packetId }, amountFen: freeFen },
            { account: { kind: 'marketing_budget', owner: packet.orgUnitId }, amountFen: -freeFen },
          ],
        });
      }
      await audit(tx, byId, packet, 'red-packet:ended');
      await writeRoomEvent(tx, clock, packet.roomId, { kind: 'red-packet:ended', redPacket: toRedPacket(packet) });
    });
  }

  /** The last packet ends the rain. */
  async function endIfEmpty(packetId: string): Promise<void> {
    if (!(await rows.hasFree(packetId))) await endNow(packetId, null, false);
  }

  const grabbing = createGrabbing({
    db,
    clock,
    onGrabbed({ packetId, roomId, taken, last, count }) {
      if (taken > 0) {
        deps.onTaken(packetId, roomId);
        settleSoon(packetId);
      }
      if (last > count - LAST_FEW)
        void endIfEmpty(packetId).catch((error: unknown) =>
          log.warn({ err: error, packetId }, 'red packets: not ended, the job will do it'),
        );
    },
  });

  return {
    /** In the transaction of its idempotency key. @throws AppError not_found, room_not_live, words_refused, state_conflict, budget_exceeded */
    async start(tx: Tx, principal: Principal, body: BodyOf<typeof startRedPacket>): Promise<RedPacket> {
      const [room] = await tx<{ id: string; orgUnitId: string; orgPath: string; state: string }>`
        SELECT id, org_unit_id AS "orgUnitId", org_path AS "orgPath", state FROM rooms WHERE id = ${body.roomId} FOR SHARE`;
      if (!room) throw new AppError('not_found');
      requireScope(principal, 'rooms:operate', room.orgPath);
      if (room.state !== 'live') throw new AppError('room_not_live', { facts: { state: room.state } });
      const id = random.id();
      // Rule Z3. What was refused stays in the correction log although this transaction does not.
      const { personId } = principal;
      const written = {
        place: 'play',
        target: `red-packet:${id}`,
        orgPath: room.orgPath,
        roomId: room.id,
        personId,
      } as const;
      await deps.guard.requireClean(written, [body.title]);
      const now = clock.now();
      const startsAt = new Date(now.getTime() + body.leadSeconds * 1_000);
      const inside = createPacketRows(tx);
      const made = await inside.insert({
        ...{ id, roomId: room.id, orgUnitId: room.orgUnitId, orgPath: room.orgPath, title: body.title },
        totalFen: body.totalFen,
        shares: splitTotal(body.totalFen, body.count, below),
        startedBy: principal.personId,
        createdAt: now,
        startsAt,
        endsAt: new Date(startsAt.getTime() + body.durationSeconds * 1_000),
      });
      if (!made) throw new AppError('state_conflict');
      const totalFen = BigInt(body.totalFen);
      try {
        await ledger.postTransfer(tx, {
          kind: 'red_packet_reserved',
          ref: id,
          at: now,
          entries: [
            { account: { kind: 'marketing_budget', owner: room.orgUnitId }, amountFen: totalFen },
            { account: { kind: 'red_packet', owner: id }, amountFen: -totalFen },
          ],
        });
      } catch (error) {
        if (error instanceof LedgerShortError) throw new AppError('budget_exceeded');
        throw error;
      }
      const packet = await inside.find(id);
      if (!packet) throw new Error('a new row is gone');
      await audit(tx, principal.personId, packet, 'red-packet:started');
      await writeRoomEvent(tx, clock, room.id, { kind: 'red-packet:started', redPacket: toRedPacket(packet) });
      return toRedPacket(packet);
    },

    /** Somebody who has one gets the same answer again. */
    grab: grabbing.grab,

    async end(principal: Principal, packetId: string): Promise<RedPacket> {
      requireScope(principal, 'rooms:operate', (await find(packetId)).orgPath);
      await endNow(packetId, principal.personId, true);
      return toRedPacket(await find(packetId));
    },

    read: async (packetId: string): Promise<RedPacket> => toRedPacket(await find(packetId)),
    async mine(principal: Principal, packetId: string): Promise<Grab> {
      const { state } = await find(packetId);
      const amountFen = await rows.takenBy(packetId, principal.personId);
      return { amountFen: amountFen === null ? null : fenToWire(amountFen), state };
    },
    async ofRoom(roomId: string, after: { at: Date; id: string } | undefined, limit: number): Promise<PacketRow[]> {
      return rows.read(await rows.ofRoom(roomId, after, limit));
    },
    async rewards(principal: Principal, after: { at: Date; id: string } | undefined, limit: number) {
      const [items, balance] = await Promise.all([
        rows.rewards(principal.personId, after, limit),
        rows.held('reward_balance', principal.personId),
      ]);
      return { items, balanceFen: fenToWire(balance) };
    },
    async current(roomId: string): Promise<RedPacket | null> {
      const id = await rows.current(roomId, new Date(clock.now().getTime() - RESULT_SHOWN_MS));
      const packet = id === undefined ? undefined : await rows.find(id);
      return packet ? toRedPacket(packet) : null;
    },
    takenOf: async (packetId: string): Promise<number> => (await rows.find(packetId))?.taken ?? 0,

    /** Ends what is due and pays out what a node left; one failure does not hold the others back. */
    async finishDue(): Promise<void> {
      const failures: unknown[] = [];
      const keep = (error: unknown) => void failures.push(error);
      for (const id of await rows.due(clock.now(), DUE_AT_ONCE)) await endNow(id, null, true).catch(keep);
      for (const id of await rows.withUnposted(DUE_AT_ONCE)) await settle(id).catch(keep);
      if (failures.length > 0) throw new AggregateError(failures, 'red packets that could not be finished');
    },
    async roomEnded(roomId: string): Promise<void> {
      const id = await rows.running(roomId);
      if (id !== undefined) await endNow(id, null, true);
    },
    /** Waits for grabs and payouts under way. */
    async close(): Promise<void> {
      await grabbing.close();
      await Promise.allSettled([...settling.values()].map(({ done }) => done));
    },
  };
}
export type RedPacketsService = ReturnType<typeof createRedPacketsService>;
