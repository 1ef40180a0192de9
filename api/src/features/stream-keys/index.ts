/**
 * Keys that encoders publish with. A key is a signed token that the media server checks by itself, so what is kept here is
 * only that it exists: to show it, and to end it early. A room has one key; a new one ends the one before. A key ends with
 * the right of the person who made it: a job looks, because accounts are changed elsewhere.
 *
 * Whoever revokes writes first and tells the media servers afterwards. A media server that starts anew has forgotten, so
 * the revocations that still matter are repeated at every connection.
 */
import {
  createStreamKey,
  may,
  readStreamKey,
  revokeStreamKey,
  STREAM_KEY_MAX_LIFE_SECONDS,
  type StreamKeyFacts,
  staffRoles,
} from '@walnut-live/contracts';
import type { MediaControl } from '../../media-control/index.ts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import type { Tokens } from '../../platform/tokens.ts';
import { createStreamKeysRepository, type KeyRow } from './stream-keys.repository.ts';

export const STRANDED_KEYS_JOB = 'stream keys: end those of people who may publish no longer';
const STRANDED_EVERY_MS = 30_000;
const keyMakers = staffRoles.filter((role) => may(role, 'rooms:write'));

interface KeyedRoom {
  readonly id: string;
  readonly orgPath: string;
  readonly hostId: string;
  readonly streamId: string;
  readonly state: 'scheduled' | 'live' | 'ended';
}

const factsOf = ({ createdAt, expiresAt, personId, personName }: KeyRow): StreamKeyFacts => ({
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
  createdBy: { id: personId, name: personName },
});

export function createStreamKeys(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  jobs: Pick<Jobs, 'every'>;
  tokens: Pick<Tokens, 'streamKey'>;
  /** Where the product is reached, when the media server has no address of its own. */
  publicUrl: string;
  mediaControl: Pick<MediaControl, 'revoke' | 'placeFor'>;
  findRoom: (roomId: string) => Promise<KeyedRoom>;
}) {
  const { bind, db, clock, random, mediaControl } = deps;
  const keys = createStreamKeysRepository(db.sql);

  async function writable(principal: Principal, roomId: string): Promise<KeyedRoom> {
    const room = await deps.findRoom(roomId);
    requireScope(principal, 'rooms:write', room.orgPath);
    return room;
  }
  function whipUrl({ streamId }: KeyedRoom): string {
    const base = mediaControl.placeFor(streamId, 'publish').socketUrl ?? deps.publicUrl;
    return `${base.replace(/\/+$/, '')}/whip/${streamId}`;
  }
  async function tellMedia(roomId: string | null): Promise<void> {
    for (const { id, personId, streamId } of await keys.revoked(clock.now(), roomId)) {
      await mediaControl.revoke(personId, streamId, id);
    }
  }
  async function endStranded(): Promise<void> {
    const ended = await db.transaction(async (tx) => {
      const rows = await createStreamKeysRepository(tx).revokeStranded(clock.now(), keyMakers);
      for (const { roomId, orgPath } of rows) {
        const entry = { actorId: null, action: 'stream-key:revoked', target: `room:${roomId}`, orgPath };
        await writeAudit(tx, deps, { ...entry, reason: 'its person may publish here no longer' });
      }
      return rows;
    });
    for (const { roomId } of ended) await tellMedia(roomId);
  }
  deps.jobs.every(STRANDED_KEYS_JOB, STRANDED_EVERY_MS, endStranded);

  const audit = (action: string, principal: Principal, room: KeyedRoom) => ({
    actorId: principal.personId,
    action,
    target: `room:${room.id}`,
    orgPath: room.orgPath,
  });

  bind(readStreamKey, async ({ principal, params }) => {
    const room = await writable(principal, params.id);
    const key = await keys.current(room.id, clock.now());
    return { whipUrl: whipUrl(room), key: key ? factsOf(key) : null };
  });

  bind(createStreamKey, async ({ principal, params }) => {
    const room = await writable(principal, params.id);
    const at = clock.now();
    const id = random.id();
    const { token, expiresAt } = await deps.tokens.streamKey({
      id,
      personId: principal.personId,
      streamId: room.streamId,
      roomId: room.id,
      lifeSeconds: STREAM_KEY_MAX_LIFE_SECONDS,
      // As with the grant of a browser: on the host's own stream the host wins.
      ...(principal.personId === room.hostId ? { takeOver: true } : {}),
    });
    const made = await db.transaction(async (tx) => {
      const own = createStreamKeysRepository(tx);
      // By the same connection: who holds the lock must never wait for another one of the pool.
      if ((await own.lockRoom(room.id)) === 'ended') return undefined;
      await own.revoke(room.id, at);
      await own.publishByEncoder(room.id);
      await own.insert({ id, roomId: room.id, streamId: room.streamId, personId: principal.personId, at, expiresAt });
      await writeAudit(tx, deps, audit('stream-key:created', principal, room));
      return own.current(room.id, at);
    });
    if (!made) throw new AppError('state_conflict', { facts: { state: 'ended' } });
    await tellMedia(room.id);
    return { whipUrl: whipUrl(room), bearerToken: token, key: factsOf(made) };
  });

  bind(revokeStreamKey, async ({ principal, params }) => {
    const room = await writable(principal, params.id);
    await db.transaction(async (tx) => {
      if ((await createStreamKeysRepository(tx).revoke(room.id, clock.now())) === 0) return;
      await writeAudit(tx, deps, audit('stream-key:revoked', principal, room));
    });
    await tellMedia(room.id);
    return undefined;
  });

  return {
    /** A room that ended has no key any more. Never throws the caller out of their own work: failures reject. */
    async endFor(roomId: string): Promise<void> {
      if ((await keys.revoke(roomId, clock.now())) > 0) await tellMedia(roomId);
    },
    /** For a media server that may have started anew. */
    async repeatRevocations(): Promise<void> {
      await endStranded();
      await tellMedia(null);
    },
  };
}
