/**
 * Draws that anybody can check (rule G2).
 *
 * Model: prepared (commitment, rules and prizes are told, and kept by a trigger) → open (people enter) → closed, or cancelled.
 * Closing is one transaction: it waits for entries under way, freezes the list, reveals the seed, writes the winners and tells
 * the room. Whoever closes second finds it done; whoever dies in it has done nothing, and the job closes what is due.
 * Invariants: everything stands in PostgreSQL, so it does not matter which node does what; one entry a person; the seed is
 * encrypted until the draw is closed; no condition is about sharing (rule Z5).
 */
import { createHmac } from 'node:crypto';
import { type BodyOf, type Draw, limitKeyOf, type prepareDraw } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { maskName } from '../../platform/masks.policy.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { commitmentOf, drawWinners, type Entrant, listHashOf, refusalOfEntry, saysKeyword } from './draws.policy.ts';
import { createDrawsRepository, type DrawRow, toDraw } from './draws.repository.ts';
import type { Seeds } from './seeds.ts';

/** Every node and every viewer knows of a draw before it opens. */
export const NOTICE_SECONDS = 2;
const CLAIM_DAYS = 7;
/** A closed draw stays in the room's snapshot for this long. */
const RESULT_SHOWN_MS = 10 * 60_000;
/** Entries of one draw from one network address (an IPv6 network counts as one): a store's Wi-Fi, but no farm of phones. */
export const ENTRIES_PER_ADDRESS = 50;
const PUBLIC_ID_BYTES = 16;
const DUE_AT_ONCE = 20;

export interface EnteringPerson {
  readonly principal: Principal;
  readonly roomId: string;
  readonly address: string;
}
interface DrawRoom {
  readonly id: string;
  readonly orgPath: string;
  readonly hostId: string;
  readonly state: 'scheduled' | 'live' | 'ended';
}
export interface Standing extends Pick<Entrant, 'valid' | 'banned' | 'muted' | 'roomState'> {
  readonly principal: Pick<Principal, 'kind'>;
}

export interface DrawsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly seeds: Seeds;
  readonly guard: Pick<ClaimGuard, 'requireClean'>;
  /** Makes hashes of addresses; not guessable from outside. */
  readonly secret: string;
  /** Times the usual entries per address. */
  readonly addressFactor: number;
  readonly findRoom: (roomId: string) => Promise<DrawRoom>;
  readonly standing: (roomId: string, personId: string) => Promise<Standing | undefined>;
  readonly say: (
    principal: Principal,
    roomId: string,
    message: { text: string; clientMessageId?: string | undefined },
  ) => Promise<unknown>;
  /** Somebody entered: the room hears the new number soon. */
  readonly onEntered: (drawId: string, roomId: string) => void;
}

export function createDrawsService(deps: DrawsDeps) {
  const { db, clock, random, seeds } = deps;
  const rows = createDrawsRepository(db.sql);
  const addressLimit = ENTRIES_PER_ADDRESS * deps.addressFactor;
  const hashAddress = (drawId: string, address: string): string =>
    createHmac('sha256', deps.secret)
      .update(`walnut-live draw address ${drawId} ${limitKeyOf(address)}`)
      .digest('base64url')
      .slice(0, 22);

  async function find(drawId: string): Promise<DrawRow> {
    const draw = await rows.find(drawId);
    if (!draw) throw new AppError('not_found');
    return draw;
  }
  async function operable(principal: Principal, drawId: string): Promise<DrawRow> {
    const draw = await find(drawId);
    requireScope(principal, 'rooms:operate', draw.orgPath);
    return draw;
  }
  const audit = (tx: Tx, actorId: string | null, draw: DrawRow, action: string, reason = '') =>
    writeAudit(tx, deps, {
      actorId,
      action,
      target: `draw:${draw.id}`,
      orgPath: draw.orgPath,
      reason,
      detail: { roomId: draw.roomId, commitment: draw.commitment },
    });
  /** As it stands within the transaction. */
  const inTx = async (tx: Tx, drawId: string): Promise<DrawRow> => {
    const draw = await createDrawsRepository(tx).find(drawId);
    if (!draw) throw new AppError('not_found');
    return draw;
  };

  /** The person as the draw sees them. */
  async function entrant(draw: DrawRow, personId: string): Promise<Entrant | undefined> {
    const room = await deps.findRoom(draw.roomId);
    const [standing, facts] = await Promise.all([
      deps.standing(draw.roomId, personId),
      rows.facts(personId, room.hostId),
    ]);
    return standing && { ...standing, kind: standing.principal.kind, ...facts };
  }
  async function refusal(draw: DrawRow, personId: string) {
    return refusalOfEntry(await entrant(draw, personId), toDraw(draw).rules);
  }

  /** One transaction: the draw stays open, one more entry, one more of the address. */
  async function writeEntry(draw: DrawRow, { principal, address }: EnteringPerson): Promise<string> {
    const refused = await refusal(draw, principal.personId);
    if (refused) throw new AppError(refused);
    const addressHash = hashAddress(draw.id, address);
    return db.transaction(async (tx) => {
      const inside = createDrawsRepository(tx);
      const now = clock.now();
      if (!(await inside.shareOpen(draw.id, now))) throw new AppError('draw_not_open');
      const { publicId, isNew } = await inside.enter({
        drawId: draw.id,
        personId: principal.personId,
        publicId: random.bytes(PUBLIC_ID_BYTES).toString('hex'),
        addressHash,
        at: now,
      });
      if (isNew && !(await inside.countAddress(draw.id, addressHash, addressLimit)))
        throw new AppError('network_limit');
      if (isNew) tx.afterCommit(() => deps.onEntered(draw.id, draw.roomId));
      return publicId;
    });
  }

  /** Draws it, once. `byId` null: its time was over. */
  async function drawNow(drawId: string, byId: string | null): Promise<void> {
    await db.transaction(async (tx) => {
      const inside = createDrawsRepository(tx);
      const locked = await inside.lockOpen(drawId);
      if (!locked) return;
      const draw = await inTx(tx, drawId);
      const at = clock.now();
      const people = await inside.participants(drawId, draw.roomId, at);
      const byPublicId = new Map(people.map((person) => [person.publicId, person]));
      const publicIds = people.map(({ publicId }) => publicId);
      const seed = seeds.open(drawId, locked.sealedSeed);
      const winners = drawWinners({ id: drawId, seed, publicIds, prizes: draw.prizes }).map((winner) => {
        const person = byPublicId.get(winner.publicId);
        if (!person) throw new Error('a winner is not on the list');
        return { ...winner, id: random.id(), personId: person.personId, name: maskName(person.name) };
      });
      const claimUntil = new Date(at.getTime() + CLAIM_DAYS * 86_400_000);
      await inside.close({
        ...{ id: drawId, at, byId, seed: seed.toString('hex'), listHash: listHashOf(publicIds), publicIds, claimUntil },
        winners,
      });
      await audit(tx, byId, draw, 'draw:closed');
      await writeRoomEvent(tx, clock, draw.roomId, { kind: 'draw:closed', draw: toDraw(await inTx(tx, drawId)) });
    });
  }

  async function cancelNow(drawId: string, byId: string | null, reason: string): Promise<void> {
    await db.transaction(async (tx) => {
      if (!(await createDrawsRepository(tx).cancel(drawId, clock.now(), byId))) return;
      const draw = await inTx(tx, drawId);
      await audit(tx, byId, draw, 'draw:cancelled', reason);
      await writeRoomEvent(tx, clock, draw.roomId, { kind: 'draw:cancelled', drawId });
    });
  }

  /** Rooms in which nothing could be entered a moment ago; a draw is known for longer than that before it opens. */
  const quiet = new Map<string, number>();
  const QUIET_MS = (NOTICE_SECONDS * 1_000) / 2;
  const QUIET_ROOMS = 1_000;
  async function running(roomId: string) {
    const now = performance.now();
    if ((quiet.get(roomId) ?? 0) > now) return undefined;
    const draw = await rows.running(roomId);
    if (draw) quiet.delete(roomId);
    else {
      if (quiet.size >= QUIET_ROOMS) quiet.clear();
      quiet.set(roomId, now + QUIET_MS);
    }
    return draw;
  }

  return {
    find: async (drawId: string): Promise<Draw> => toDraw(await find(drawId)),
    operable,

    /** @throws AppError not_found, forbidden, room_not_live, words_refused (rule Z3), state_conflict (the room has a draw) */
    async prepare(principal: Principal, body: BodyOf<typeof prepareDraw>): Promise<Draw> {
      const room = await deps.findRoom(body.roomId);
      requireScope(principal, 'rooms:operate', room.orgPath);
      if (room.state === 'ended') throw new AppError('room_not_live', { facts: { state: room.state } });
      const id = random.id();
      await deps.guard.requireClean(
        {
          ...{ place: 'play', target: `draw:${id}`, orgPath: room.orgPath, roomId: room.id },
          personId: principal.personId,
        },
        [body.title, body.rules.keyword ?? undefined, ...body.prizes.flatMap(({ name, note }) => [name, note])],
      );
      const seed = seeds.fresh();
      return db.transaction(async (tx) => {
        const made = await createDrawsRepository(tx).insert({
          ...{ id, roomId: room.id, orgPath: room.orgPath, title: body.title, ...body.rules },
          prizes: body.prizes.map((prize, index) => ({ ...prize, no: index + 1 })),
          durationSeconds: body.durationSeconds,
          commitment: commitmentOf(seed),
          sealedSeed: seeds.seal(id, seed),
          preparedBy: principal.personId,
          preparedAt: clock.now(),
        });
        if (!made) throw new AppError('state_conflict');
        const row = await inTx(tx, id);
        await audit(tx, principal.personId, row, 'draw:prepared');
        await writeRoomEvent(tx, clock, room.id, { kind: 'draw:prepared', draw: toDraw(row) });
        return toDraw(row);
      });
    },

    /** Opening an open draw again is no error. @throws AppError not_found, room_not_live, too_early, state_conflict */
    async open(principal: Principal, roomId: string, drawId: string): Promise<{ draw: Draw }> {
      const draw = await operable(principal, drawId);
      if (draw.roomId !== roomId) throw new AppError('not_found');
      const room = await deps.findRoom(roomId);
      if (room.state !== 'live') throw new AppError('room_not_live', { facts: { state: room.state } });
      await db.transaction(async (tx) => {
        const at = clock.now();
        const published = new Date(at.getTime() - NOTICE_SECONDS * 1_000);
        if (!(await createDrawsRepository(tx).open(drawId, at, published))) return;
        const row = await inTx(tx, drawId);
        await audit(tx, principal.personId, row, 'draw:opened');
        await writeRoomEvent(tx, clock, roomId, { kind: 'draw:opened', draw: toDraw(row) });
      });
      const now = await find(drawId);
      if (now.state === 'prepared')
        throw new AppError('too_early', {
          facts: { retryAfterMs: now.preparedAt.getTime() + NOTICE_SECONDS * 1_000 - clock.now().getTime() },
        });
      if (now.state !== 'open') throw new AppError('state_conflict', { facts: { state: now.state } });
      return { draw: toDraw(now) };
    },

    /** @throws AppError not_found, state_conflict (it was not open) */
    async close(principal: Principal, roomId: string, drawId: string): Promise<{ draw: Draw }> {
      const draw = await operable(principal, drawId);
      if (draw.roomId !== roomId) throw new AppError('not_found');
      await drawNow(drawId, principal.personId);
      const now = await find(drawId);
      if (now.state !== 'closed') throw new AppError('state_conflict', { facts: { state: now.state } });
      return { draw: toDraw(now) };
    },

    async cancel(principal: Principal, drawId: string, reason: string): Promise<Draw> {
      await operable(principal, drawId);
      await cancelNow(drawId, principal.personId, reason);
      const now = await find(drawId);
      if (now.state !== 'cancelled') throw new AppError('state_conflict', { facts: { state: now.state } });
      return toDraw(now);
    },

    /** By the button: with a keyword it is said in the chat first, so that the room sees who is in. */
    async enter(person: EnteringPerson, body: { drawId: string; clientMessageId?: string | undefined }) {
      const draw = await find(body.drawId);
      if (draw.roomId !== person.roomId) throw new AppError('not_found');
      const known = await rows.publicIdOf(draw.id, person.principal.personId);
      if (known !== undefined) return { publicId: known, entries: draw.entries };
      const refused = await refusal(draw, person.principal.personId);
      if (refused) throw new AppError(refused);
      if (draw.state !== 'open') throw new AppError('draw_not_open');
      if (draw.keyword !== null) {
        const { clientMessageId } = body;
        await deps.say(person.principal, person.roomId, { text: draw.keyword, clientMessageId });
      }
      const publicId = await writeEntry(draw, person);
      return { publicId, entries: (await find(draw.id)).entries };
    },

    /** A message that was taken into the room: it enters its author when it says the keyword. Refusals are no matter of the chat's. */
    async onComment(person: EnteringPerson, text: string): Promise<void> {
      const draw = await running(person.roomId);
      if (draw?.state !== 'open' || !saysKeyword(text, draw.keyword)) return;
      try {
        await writeEntry(await find(draw.id), person);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
      }
    },

    /** Where the caller stands in a draw, without what they won. */
    async mine(principal: Principal, drawId: string) {
      const draw = await find(drawId);
      const publicId = (await rows.publicIdOf(drawId, principal.personId)) ?? null;
      const refused = publicId === null ? ((await refusal(draw, principal.personId)) ?? null) : null;
      return { publicId, refusal: refused };
    },

    async ofRoom(roomId: string, after: { at: Date; id: string } | undefined, limit: number): Promise<DrawRow[]> {
      return rows.read(await rows.ofRoom(roomId, after, limit));
    },
    /** The list of a closed draw after `after`. @throws AppError not_found, state_conflict */
    async frozen(drawId: string, after: string, limit: number): Promise<string[]> {
      const { state } = await find(drawId);
      if (state !== 'closed') throw new AppError('state_conflict', { facts: { state } });
      return rows.frozen(drawId, after, limit);
    },
    async current(roomId: string): Promise<Draw | null> {
      const id = await rows.current(roomId, new Date(clock.now().getTime() - RESULT_SHOWN_MS));
      const row = id === undefined ? undefined : await rows.find(id);
      return row ? toDraw(row) : null;
    },
    countOf: async (drawId: string): Promise<number> => (await rows.find(drawId))?.entries ?? 0,

    /** Closes what is due; what fails does not hold the others back. */
    async closeDue(): Promise<void> {
      const failures: unknown[] = [];
      for (const id of await rows.due(clock.now(), DUE_AT_ONCE))
        await drawNow(id, null).catch((error: unknown) => void failures.push(error));
      if (failures.length > 0) throw new AggregateError(failures, 'draws that could not be closed');
    },
    /** The room is over: who entered has their chance, what never opened is taken back. */
    async roomEnded(roomId: string): Promise<void> {
      const draw = await rows.running(roomId);
      if (draw?.state === 'open') await drawNow(draw.id, null);
      else if (draw) await cancelNow(draw.id, null, 'room ended');
    },
  };
}
export type DrawsService = ReturnType<typeof createDrawsService>;
