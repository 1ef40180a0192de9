/**
 * Chains (接龙): people put themselves down for something, one line each, in the order in which they come.
 *
 * Model: open → closed. Every change of a line is one transaction that holds the chain's row: the number after the last one, the
 * sums of people and pieces and the version move together, or not at all.
 * Invariants: numbers are 1, 2, 3 … without gaps or twins, and stay with their line when it is changed, withdrawn or joined
 * again; people and pieces are those of the lines that are in; a line says what somebody would like and is no order: it
 * reserves no stock, has no price and is nobody's debt.
 */
import type { BodyOf, Chain, ChainLine, openChain, removeChainLine } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { createGate } from '../../platform/gate.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import { type ActivityDeps, refusalOfTakingPart, roomToOpenIn } from '../activities/index.ts';
import { addUp, type ChainRow, lineOf, lockOpen, readChains, toChain, toLine, writeLine } from './chains.repository.ts';

/** They wait for one row: more of them would only hold connections that orders need. */
const JOINS_AT_ONCE = 2;
const JOINS_IN_LINE = 2_000;

export interface LineReply {
  readonly line: ChainLine;
  readonly people: number;
  readonly pieces: number;
}

export function createChainsService(
  deps: ActivityDeps & { readonly onChanged: (chainId: string, roomId: string) => void },
) {
  const { db, clock, random, guard } = deps;
  const oneByOne = createGate(JOINS_AT_ONCE, JOINS_IN_LINE);

  async function find(id: string, sql: Sql = db.sql): Promise<ChainRow> {
    const [row] = await readChains(sql, [id]);
    if (!row) throw new AppError('not_found');
    return row;
  }
  async function operable(principal: Principal, id: string): Promise<ChainRow> {
    const row = await find(id);
    requireScope(principal, 'rooms:operate', row.orgPath);
    return row;
  }
  const audit = (
    tx: Tx,
    actorId: string | null,
    row: ChainRow,
    action: string,
    more: { reason?: string; no?: number } = {},
  ) =>
    writeAudit(tx, deps, {
      ...{ actorId, action, target: `chain:${row.id}`, orgPath: row.orgPath, reason: more.reason ?? '' },
      detail: { roomId: row.roomId, people: row.people, pieces: row.pieces, ...(more.no && { no: more.no }) },
    });

  /** @throws AppError why they may not; the muted write no notes */
  async function admit(principal: Principal, chainId: string, roomId: string, note: string): Promise<ChainRow> {
    const chain = await find(chainId);
    if (chain.roomId !== roomId) throw new AppError('not_found');
    const standing = await deps.standing(roomId, principal.personId);
    const refused = refusalOfTakingPart(standing && { ...standing, kind: standing.principal.kind }, {
      writes: note !== '',
    });
    if (refused) throw new AppError(refused);
    return chain;
  }

  /** The note as it may be shown. @throws AppError words_refused with the kind alone, as in the chat */
  async function judged(principal: Principal, chain: ChainRow, note: string): Promise<string> {
    if (note === '') return '';
    const verdict = await guard.judge('chat', note);
    const target = `chain:${chain.id}:${principal.personId}`;
    const { orgPath, roomId } = chain;
    await guard.record({ place: 'chat', target, orgPath, roomId, personId: principal.personId }, note, verdict);
    if (verdict.outcome === 'blocked') throw new AppError('words_refused', { facts: { kind: verdict.hits[0]?.kind } });
    return verdict.text;
  }

  const replyOf = async (
    tx: Tx,
    chainId: string,
    no: number,
    sums: { people: number; pieces: number },
  ): Promise<LineReply> => {
    const line = await lineOf(tx, chainId, { no });
    if (!line) throw new Error('a line is gone');
    return { line: toLine(line), people: sums.people, pieces: sums.pieces };
  };

  return {
    find,
    operable,

    /** @throws AppError not_found (room, or product that is not in its bag), room_not_live, words_refused, state_conflict */
    async open(principal: Principal, body: BodyOf<typeof openChain>): Promise<Chain> {
      const { personId } = principal;
      const { orgPath } = await deps.findRoom(body.roomId);
      requireScope(principal, 'rooms:operate', orgPath);
      const id = random.id();
      const written = { place: 'play', target: `chain:${id}`, orgPath, roomId: body.roomId, personId } as const;
      await guard.requireClean(written, [body.title]);
      return db.transaction(async (tx) => {
        const room = await roomToOpenIn(tx, principal, body.roomId, ['scheduled', 'live']);
        if (body.productId !== null) {
          const inBag =
            await tx`SELECT 1 AS found FROM bag_items WHERE room_id = ${room.id} AND product_id = ${body.productId}`;
          if (inBag.length === 0) throw new AppError('not_found');
        }
        const made = await tx`
          INSERT INTO chains (id, room_id, org_path, state, title, product_id, opened_by, opened_at)
          VALUES (${id}, ${room.id}, ${room.orgPath}, 'open', ${body.title}, ${body.productId}, ${personId}, ${clock.now()})
          ON CONFLICT (room_id) WHERE state = 'open' DO NOTHING RETURNING id`;
        if (made.length === 0) throw new AppError('state_conflict');
        const row = await find(id, tx);
        await audit(tx, personId, row, 'chain:opened');
        await writeRoomEvent(tx, clock, room.id, { kind: 'chain:opened', chain: toChain(row) });
        return toChain(row);
      });
    },

    /** Once. `byId` null: the room is over. */
    async close(id: string, byId: string | null): Promise<void> {
      await db.transaction(async (tx) => {
        const closed =
          await tx`UPDATE chains SET state = 'closed', closed_at = ${clock.now()} WHERE id = ${id} AND state = 'open' RETURNING id`;
        if (closed.length === 0) return;
        const row = await find(id, tx);
        await audit(tx, byId, row, 'chain:closed');
        await writeRoomEvent(tx, clock, row.roomId, { kind: 'chain:closed', chain: toChain(row) });
      });
    },

    /**
     * Joins, changes the own line or joins again; the same words again = the same answer.
     * @throws AppError not_found, state_conflict (closed), gone (taken off by the crew), muted, banned, words_refused …
     */
    async join(
      principal: Principal,
      roomId: string,
      body: { chainId: string; quantity: number; note: string },
    ): Promise<LineReply> {
      const { chainId, quantity } = body;
      const { personId } = principal;
      const chain = await admit(principal, chainId, roomId, body.note);
      const note = await judged(principal, chain, body.note);
      return oneByOne(() =>
        db.transaction(async (tx) => {
          const held = await lockOpen(tx, chainId);
          if (!held) throw new AppError('state_conflict', { facts: { state: 'closed' } });
          const known = await lineOf(tx, chainId, { personId });
          if (known?.state === 'removed') throw new AppError('gone');
          const no = known?.no ?? held.lastNo + 1;
          const wasIn = known?.state === 'in';
          const sums = await addUp(tx, chainId, {
            lines: known ? 0 : 1,
            people: wasIn ? 0 : 1,
            pieces: quantity - (wasIn ? known.quantity : 0),
          });
          if (!wasIn || known.quantity !== quantity || known.note !== note)
            await writeLine(tx, {
              chainId,
              no,
              personId,
              quantity,
              note,
              state: 'in',
              version: held.version,
              now: clock.now(),
            });
          tx.afterCommit(() => deps.onChanged(chainId, roomId));
          return replyOf(tx, chainId, no, sums);
        }),
      );
    },

    /** Again = the same answer. @throws AppError not_found (no line), state_conflict (closed) */
    async withdraw(principal: Principal, roomId: string, chainId: string): Promise<LineReply> {
      const { personId } = principal;
      await admit(principal, chainId, roomId, '');
      return db.transaction(async (tx) => {
        const held = await lockOpen(tx, chainId);
        if (!held) throw new AppError('state_conflict', { facts: { state: 'closed' } });
        const line = await lineOf(tx, chainId, { personId });
        if (!line) throw new AppError('not_found');
        const wasIn = line.state === 'in';
        const sums = await addUp(tx, chainId, { lines: 0, people: wasIn ? -1 : 0, pieces: wasIn ? -line.quantity : 0 });
        if (wasIn)
          await writeLine(tx, { ...line, chainId, state: 'withdrawn', version: held.version, now: clock.now() });
        tx.afterCommit(() => deps.onChanged(chainId, roomId));
        return replyOf(tx, chainId, line.no, sums);
      });
    },

    /** By the crew, for good; of a closed chain too, because its list stays to be read. Again = the same answer. */
    async remove(principal: Principal, id: string, { no, reason }: BodyOf<typeof removeChainLine>): Promise<Chain> {
      const chain = await operable(principal, id);
      await db.transaction(async (tx) => {
        const [held] = await tx<{
          version: number;
        }>`UPDATE chains SET version = version + 1 WHERE id = ${id} RETURNING version`;
        const line = await lineOf(tx, id, { no });
        if (!line || !held) throw new AppError('not_found');
        if (line.state === 'removed') return;
        const wasIn = line.state === 'in';
        await addUp(tx, id, { lines: 0, people: wasIn ? -1 : 0, pieces: wasIn ? -line.quantity : 0 });
        await writeLine(tx, { ...line, chainId: id, state: 'removed', version: held.version, now: clock.now() });
        await audit(tx, principal.personId, await find(id, tx), 'chain:line-removed', { reason, no });
        tx.afterCommit(() => deps.onChanged(id, chain.roomId));
      });
      return toChain(await find(id));
    },

    async openIn(roomId: string): Promise<string | undefined> {
      const [row] = await db.sql<{ id: string }>`SELECT id FROM chains WHERE room_id = ${roomId} AND state = 'open'`;
      return row?.id;
    },
  };
}
export type ChainsService = ReturnType<typeof createChainsService>;
