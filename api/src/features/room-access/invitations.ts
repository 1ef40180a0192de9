/**
 * Who is on the list of a room.
 *
 * Model: an invitation is bound to an account, a person or a phone number from the start, or it is a link: then it is bound by
 * the one statement of the first redemption (two at once: one has it, the other finds it taken). Revoked ones stay as history;
 * who came by one is let out. Of a link only the hash of its token is kept: it is told once, to who made it.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  type BodyOf,
  INVITATION_DAYS,
  type Invitee,
  type invite,
  type listRoomInvitations,
  MAX_INVITATIONS,
  type QueryOf,
  type ReplyOf,
  type RoomInvitation,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { createLimit } from '../../platform/limits.ts';
import { maskPhone } from '../../platform/masks.policy.ts';
import { type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import { createRoomAccessRepository, type InvitationRow } from './room-access.repository.ts';

const DAY_MS = 86_400_000;
const TOKEN_BYTES = 24;
/** Tries of one person: a link is opened, not guessed. */
const REDEMPTIONS_PER_MINUTE = 10;

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

interface InvitedRoom {
  readonly id: string;
  readonly orgPath: string;
}

export function createInvitations(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  findRoom: (roomId: string) => Promise<InvitedRoom>;
  /** Whoever of them may not stay, there and where it is relayed; without people: of all who were there. */
  letOut: (roomId: string, personIds?: readonly string[]) => Promise<void>;
}) {
  const { db, clock, random } = deps;
  const limit = createLimit({ points: REDEMPTIONS_PER_MINUTE, seconds: 60 });

  const stateOf = (row: InvitationRow): RoomInvitation['state'] => {
    if (row.revokedAt) return 'revoked';
    if (row.redeemedAt) return 'redeemed';
    return row.expiresAt && row.expiresAt <= clock.now() ? 'expired' : 'open';
  };
  function toView({ staff }: StaffPrincipal, row: InvitationRow): RoomInvitation {
    const person =
      row.personId === null
        ? null
        : nameFor(staff, {
            id: row.personId,
            name: row.personName ?? '',
            kind: row.personKind ?? 'consumer',
            ownerPath: row.ownerPath,
          });
    return {
      id: row.id,
      kind: row.kind,
      name: row.kind === 'person' ? (person?.name ?? '') : row.name,
      phone: row.phone === null ? null : maskPhone(row.phone),
      state: stateOf(row),
      person,
      invitedBy: { id: row.invitedBy, name: row.invitedByName },
      createdAt: row.createdAt.toISOString(),
      expiresAt: row.expiresAt?.toISOString() ?? null,
      redeemedAt: row.redeemedAt?.toISOString() ?? null,
    };
  }

  return {
    async list(principal: StaffPrincipal, roomId: string, query: QueryOf<typeof listRoomInvitations>) {
      const after = decodeTimeCursor(query.cursor);
      const room = await deps.findRoom(roomId);
      requireScope(principal, 'rooms:operate', room.orgPath);
      const found = await createRoomAccessRepository(db.sql).invitations({
        ...{ roomId, id: null, after, limit: query.limit + 1 },
      });
      const { rows, nextCursor } = cutPage(found, query.limit, (last) =>
        encodeTimeCursor({ at: last.createdAt, id: last.id }),
      );
      return {
        items: rows.map((row) => toView(principal, row)),
        nextCursor,
      };
    },

    async invite(
      principal: StaffPrincipal,
      roomId: string,
      body: BodyOf<typeof invite>,
    ): Promise<ReplyOf<typeof invite>> {
      const room = await deps.findRoom(roomId);
      requireScope(principal, 'rooms:write', room.orgPath);
      const at = clock.now();
      const made = await db.transaction(async (tx) => {
        const rows = createRoomAccessRepository(tx);
        await tx`SELECT id FROM rooms WHERE id = ${roomId} FOR UPDATE`; // the list has a bound
        if ((await rows.countInvitations(roomId)) + body.items.length > MAX_INVITATIONS)
          throw new AppError('limit_exceeded', { facts: { most: MAX_INVITATIONS } });
        const ids: { id: string; path: string | null }[] = [];
        for (const item of body.items) {
          const token = item.kind === 'link' ? randomBytes(TOKEN_BYTES).toString('base64url') : null;
          const id = await rows.insertInvitation({
            ...{ id: random.id(), roomId, kind: item.kind, by: principal.personId, at },
            ...(await boundTo(rows, item)),
            tokenHash: token === null ? null : hashOf(token),
            expiresAt: token === null ? null : new Date(at.getTime() + INVITATION_DAYS * DAY_MS),
          });
          ids.push({ id, path: token === null ? null : `/invitation#${token}` });
        }
        await writeAudit(tx, deps, {
          ...{ actorId: principal.personId, action: 'room:invited', target: `room:${roomId}`, orgPath: room.orgPath },
          detail: { invitations: ids.map(({ id }) => id) },
        });
        return ids;
      });
      const rows = createRoomAccessRepository(db.sql);
      const items = await Promise.all(
        made.map(async ({ id, path }) => {
          const row = await rows.invitation(id);
          if (!row) throw new AppError('not_found');
          return { invitation: toView(principal, row), path };
        }),
      );
      return { items };
    },

    async revoke(principal: StaffPrincipal, id: string): Promise<undefined> {
      const row = await createRoomAccessRepository(db.sql).invitation(id);
      if (!row) throw new AppError('not_found');
      requireScope(principal, 'rooms:write', row.orgPath);
      await db.transaction(async (tx) => {
        if (!(await createRoomAccessRepository(tx).revoke(id, principal.personId, clock.now()))) return;
        await writeAudit(tx, deps, {
          ...{ actorId: principal.personId, action: 'room:invitation-revoked', target: `room:${row.roomId}` },
          ...{ orgPath: row.orgPath, detail: { invitation: id } },
        });
        // Of a number: whoever came with it is among the visitors.
        tx.afterCommit(() => deps.letOut(row.roomId, row.personId === null ? undefined : [row.personId]));
      });
      return undefined;
    },

    /** @throws AppError not_found, gone (expired or revoked), state_conflict (somebody else's) */
    async redeem(principal: Principal, token: string): Promise<{ roomId: string }> {
      await limit.take(principal.personId);
      const rows = createRoomAccessRepository(db.sql);
      const tokenHash = hashOf(token);
      const roomId = await rows.redeem(tokenHash, principal.personId, clock.now());
      if (roomId) return { roomId };
      const known = await rows.byToken(tokenHash);
      if (!known) throw new AppError('not_found');
      if (known.revokedAt) throw new AppError('gone', { facts: { reason: 'revoked' } });
      if (known.personId === principal.personId) return { roomId: known.roomId };
      if (known.personId !== null) throw new AppError('state_conflict', { facts: { reason: 'redeemed' } });
      throw new AppError('gone', { facts: { reason: 'expired' } });
    },
  };
}

async function boundTo(rows: ReturnType<typeof createRoomAccessRepository>, item: Invitee) {
  if (item.kind === 'link') return { name: item.name, personId: null, phone: null };
  if (item.kind === 'phone') return { name: item.name, personId: null, phone: item.phone };
  const person = await rows.findPerson(item.personId);
  if (!person || !(item.kind === 'staff' ? person.isStaff : person.isConsumer)) throw new AppError('not_found');
  return { name: person.name, personId: item.personId, phone: null };
}
