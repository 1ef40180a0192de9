/**
 * Replays as people use them. Everybody who may enter the room sees what is ready and not taken back; staff of the room's
 * org path manage it.
 */
import type {
  BodyOf,
  Clip,
  createClip,
  makeReplayFile,
  ProductId,
  QueryOf,
  Replay,
  ReplayMarker,
  ReplayState,
  ReplyOf,
  Room,
  replayChat,
} from '@walnut-live/contracts';
import { CLIP_MAX_SECONDS, CLIP_MIN_SECONDS, type RecordingRange } from '@walnut-live/contracts';
import type { z } from 'zod';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { type Db, sqlState } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { mayIn, type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { Tokens } from '../../platform/tokens.ts';
import type { MediaRecordings } from './media-recordings.ts';
import { clockOf, keptUntil, pinsOf, positionOf, stretchOf } from './replays.policy.ts';
import { type ClipRow, createReplaysRepository, type RecordingRow } from './replays.repository.ts';

/** Of one recording. */
const MAX_CLIPS = 200;
const CLIPS_OF_PRODUCT = 10;

type File = ReplyOf<typeof makeReplayFile>;

export interface ReplayRoom {
  readonly view: Room;
  readonly orgPath: string;
}

export function createReplaysService(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  tokens: Pick<Tokens, 'replay'>;
  media: MediaRecordings;
  /** @throws AppError not_found */
  room: (roomId: string) => Promise<ReplayRoom>;
  /** Those of the rooms that are not for this person. */
  shutRooms: (principal: Principal, roomIds: readonly string[]) => Promise<ReadonlySet<string>>;
  /** @throws AppError banned, not_in_audience, session_expired, not_found */
  admit: (principal: Principal, roomId: string) => Promise<void>;
  /** Origin of the media server; empty: the page's own. */
  mediaOrigin: string;
  keepDays: number;
}) {
  const { db, clock, random, media } = deps;
  const rows = createReplaysRepository(db.sql);
  const origin = deps.mediaOrigin.replace(/\/$/, '');
  const seconds = (ms: number): number => Math.round(ms) / 1_000;

  function stateOf(recording: RecordingRow | undefined): ReplayState {
    if (!recording) return 'none';
    switch (recording.state) {
      case 'empty':
        return 'none';
      case 'deleting':
      case 'deleted':
        return 'gone';
      case 'ready':
        return recording.visible ? 'ready' : 'hidden';
      case 'recording':
      case 'processing':
        return recording.state;
    }
  }

  const toClip = (row: ClipRow): Clip => ({
    ...{ id: row.id, roomId: row.roomId, productId: row.productId, productTitle: row.productTitle },
    ...{ fromSeconds: seconds(row.fromMs), toSeconds: seconds(row.toMs), origin: row.origin },
    ...{ roomTitle: row.roomTitle, aiPicture: row.aiPicture, recordedAt: row.recordedAt.toISOString() },
  });
  const rangeOf = (recording: RecordingRow, cut: { fromMs: number; toMs: number }): RecordingRange => ({
    fromMs: clockOf(recording.pieces, cut.fromMs),
    toMs: clockOf(recording.pieces, cut.toMs),
  });

  async function grant(principal: Principal, roomId: string, range: RecordingRange | null) {
    const evenHidden = mayIn(principal, 'rooms:operate', (await deps.room(roomId)).orgPath);
    const { token, expiresAt } = await deps.tokens.replay({
      ...{ personId: principal.personId, roomId, right: 'watch', range },
      ...(evenHidden ? { evenHidden } : {}),
    });
    return { hlsUrl: `${origin}/replay/${roomId}/master.m3u8`, token, expiresAt: expiresAt.toISOString() };
  }

  async function markersOf(roomId: string, recording: RecordingRow): Promise<ReplayMarker[]> {
    const { pieces } = recording;
    const endedAtMs = recording.endedAt?.getTime() ?? clock.now().getTime();
    const [changes, offers, purchases] = await Promise.all([
      rows.pinChanges(roomId),
      rows.offers(roomId),
      rows.purchases(roomId),
    ]);
    const pins = pinsOf(
      changes.map(({ productId, at }) => ({ productId, atMs: at.getTime() })),
      endedAtMs,
    ).flatMap((pin): ReplayMarker[] => {
      const stretch = stretchOf(pieces, pin);
      if (!stretch) return [];
      const at = { atSeconds: seconds(stretch.fromMs), untilSeconds: seconds(stretch.toMs) };
      return [{ kind: 'pin', ...at, productId: pin.productId, quantity: null }];
    });
    const mark = (
      kind: 'offer' | 'purchases',
      { at, productId, quantity = null }: { at: Date; productId: z.infer<typeof ProductId>; quantity?: number | null },
    ): ReplayMarker[] => {
      const position = positionOf(pieces, at.getTime());
      return position === null ? [] : [{ kind, atSeconds: seconds(position), untilSeconds: null, productId, quantity }];
    };
    return [
      ...pins,
      ...offers.flatMap((offer) => mark('offer', offer)),
      ...purchases.flatMap((bought) => mark('purchases', bought)),
    ].sort((a, b) => a.atSeconds - b.atSeconds);
  }

  /** The recording, if this person may look at it now. */
  async function watchable(principal: Principal, roomId: string): Promise<RecordingRow> {
    const room = await deps.room(roomId);
    await deps.admit(principal, roomId);
    const recording = await rows.read(roomId);
    const isMine = mayIn(principal, 'rooms:operate', room.orgPath);
    if (recording?.state !== 'ready' || (!recording.visible && !isMine)) throw new AppError('not_found');
    return recording;
  }
  async function managed(principal: StaffPrincipal, roomId: string, permission: 'rooms:operate' | 'rooms:write') {
    const room = await deps.room(roomId);
    requireScope(principal, permission, room.orgPath);
    return { room, recording: await rows.read(roomId) };
  }
  function ready(recording: RecordingRow | undefined): RecordingRow {
    if (recording?.state !== 'ready') throw new AppError('state_conflict', { facts: { state: stateOf(recording) } });
    return recording;
  }
  function cutOf(recording: RecordingRow, body: { fromSeconds: number; toSeconds: number }) {
    const fromMs = Math.round(body.fromSeconds * 1_000);
    const toMs = Math.min(Math.round(body.toSeconds * 1_000), recording.durationMs);
    if (toMs - fromMs < CLIP_MIN_SECONDS * 1_000 || toMs - fromMs > CLIP_MAX_SECONDS * 1_000) {
      throw new AppError('invalid_request', { issues: [{ path: '/toSeconds', issue: 'clip_length' }] });
    }
    return { fromMs, toMs };
  }
  /** A clip of another store is not there, whether it exists or not. */
  async function managedClip(principal: StaffPrincipal, clipId: string) {
    const clip = await rows.clip(clipId);
    if (!clip) throw new AppError('not_found');
    requireScope(principal, 'rooms:operate', clip.orgPath);
    return clip;
  }

  return {
    async get(principal: Principal, roomId: string): Promise<Replay> {
      const room = await deps.room(roomId);
      await deps.admit(principal, roomId);
      const recording = await rows.read(roomId);
      const state = stateOf(recording);
      const mayManage = mayIn(principal, 'rooms:operate', room.orgPath);
      const shows = recording && (state === 'ready' || (state === 'hidden' && mayManage));
      return {
        room: room.view,
        state,
        mayManage,
        durationSeconds: shows ? seconds(recording.durationMs) : 0,
        markers: shows ? await markersOf(roomId, recording) : [],
        clips: shows ? (await rows.clipsOfRoom(roomId)).map(toClip) : [],
        media: shows ? await grant(principal, roomId, null) : null,
        keepUntil: mayManage && recording?.endedAt ? keptUntil(recording.endedAt, deps.keepDays).toISOString() : null,
      };
    },

    async chat(principal: Principal, roomId: string, query: QueryOf<typeof replayChat>) {
      const afterSeq = fromCursor(query.cursor);
      const recording = await watchable(principal, roomId);
      const last = recording.pieces.at(-1);
      const first = recording.pieces[0];
      if (!first || !last) return { items: [], nextCursor: null };
      const found = await rows.chat(
        roomId,
        {
          at: new Date(clockOf(recording.pieces, Number(query.fromSeconds ?? 0) * 1_000)),
          until: new Date(last.atMs + last.durationMs),
          afterSeq,
        },
        clock.now(),
        query.limit,
      );
      const items = found.slice(0, query.limit);
      return {
        items: items.map(({ at, message }) => ({
          atSeconds: seconds(positionOf(recording.pieces, at.getTime()) ?? recording.durationMs),
          message,
        })),
        nextCursor: found.length > query.limit ? String(items.at(-1)?.seq ?? 0) : null,
      };
    },

    async clipsOfProduct(principal: Principal, productId: string) {
      const clips = await rows.clipsOfProduct(productId, CLIPS_OF_PRODUCT);
      const shut = await deps.shutRooms(principal, [...new Set(clips.map(({ roomId }) => roomId))]);
      return { items: clips.filter(({ roomId }) => !shut.has(roomId)).map(toClip) };
    },

    async playClip(principal: Principal, clipId: string) {
      const clip = await rows.clip(clipId);
      if (!clip || clip.deletedAt) throw new AppError('not_found');
      const recording = await watchable(principal, clip.roomId);
      return { clip: toClip(clip), media: await grant(principal, clip.roomId, rangeOf(recording, clip)) };
    },

    async createClip(principal: StaffPrincipal, roomId: string, body: BodyOf<typeof createClip>): Promise<Clip> {
      const recording = ready((await managed(principal, roomId, 'rooms:operate')).recording);
      const cut = cutOf(recording, body);
      const id = await db.transaction(async (tx) => {
        const mine = createReplaysRepository(tx);
        await mine.read(roomId, true);
        if ((await mine.countClips(roomId)) >= MAX_CLIPS) throw new AppError('limit_exceeded');
        const [product] = await tx`SELECT id FROM products WHERE id = ${body.productId}`;
        if (!product) throw new AppError('not_found');
        return mine.addClip({
          ...{ id: random.id(), roomId, productId: body.productId, ...cut },
          ...{ origin: 'guide', createdBy: principal.personId, at: clock.now() },
        });
      });
      const made = await rows.clip(id);
      if (!made) throw new AppError('not_found');
      return toClip(made);
    },

    async patchClip(principal: StaffPrincipal, clipId: string, body: { fromSeconds: number; toSeconds: number }) {
      const clip = await managedClip(principal, clipId);
      if (clip.deletedAt) throw new AppError('not_found');
      const { fromMs, toMs } = cutOf(ready(await rows.read(clip.roomId)), body);
      await rows.moveClip(clipId, fromMs, toMs).catch((error: unknown) => {
        // The same cut of the same product is there already.
        throw sqlState(error) === '23505' ? new AppError('state_conflict', { facts: { reason: 'same_cut' } }) : error;
      });
      return toClip({ ...clip, fromMs, toMs, origin: 'guide' });
    },

    async deleteClip(principal: StaffPrincipal, clipId: string): Promise<undefined> {
      await managedClip(principal, clipId);
      await rows.dropClip(clipId, clock.now());
      return undefined;
    },

    async file(principal: StaffPrincipal, roomId: string, clipId: string | null): Promise<File> {
      const managedRoom = await managed(principal, roomId, 'rooms:operate');
      const recording = ready(managedRoom.recording);
      const clip = clipId === null ? null : await rows.clip(clipId);
      if (clip === undefined || (clip && (clip.roomId !== roomId || clip.deletedAt))) throw new AppError('not_found');
      const range = clip && rangeOf(recording, clip);
      const made = await media.file(roomId, { range });
      if (made.state !== 'ready') return { ...made, url: null };
      const title = clip ? clip.productTitle : managedRoom.room.view.title;
      const { token } = await deps.tokens.replay({
        ...{ personId: principal.personId, roomId, right: 'download', range },
        fileName: `${title.replaceAll(/[/\\:*?"<>|]/g, ' ').trim()}.mp4`,
      });
      return { state: 'ready', bytes: made.bytes, url: `${origin}/replay/${roomId}/video.mp4?token=${token}` };
    },

    async setVisible(principal: StaffPrincipal, roomId: string, visible: boolean): Promise<{ state: ReplayState }> {
      const { room, recording } = await managed(principal, roomId, 'rooms:write');
      ready(recording);
      await db.transaction(async (tx) => {
        if (!(await createReplaysRepository(tx).setVisible(roomId, visible))) return;
        const action = visible ? 'replay:shown' : 'replay:hidden';
        const fact = { actorId: principal.personId, action, target: `room:${roomId}`, orgPath: room.orgPath };
        await writeAudit(tx, { clock, random }, fact);
      });
      return { state: stateOf(await rows.read(roomId)) };
    },

    /** Rule Z1: not before its time to be kept is over. The files go with the next turn of the job. */
    async remove(principal: StaffPrincipal, roomId: string, reason: string): Promise<{ state: ReplayState }> {
      const { recording } = await managed(principal, roomId, 'rooms:write');
      if (stateOf(recording) === 'gone') return { state: 'gone' };
      await db.transaction(async (tx) => {
        const before = keptUntil(clock.now(), -deps.keepDays);
        const [gone] = await createReplaysRepository(tx).beginDeletion(before, 1, roomId);
        if (!gone) {
          const keepUntil = recording?.endedAt ? keptUntil(recording.endedAt, deps.keepDays).toISOString() : null;
          throw new AppError('state_conflict', { facts: { state: stateOf(recording), keepUntil } });
        }
        await writeAudit(
          tx,
          { clock, random },
          {
            ...{ actorId: principal.personId, action: 'recording:deleted', target: `room:${roomId}` },
            ...{ orgPath: gone.orgPath, reason },
          },
        );
      });
      return { state: 'gone' };
    },
  };
}
export type ReplaysService = ReturnType<typeof createReplaysService>;

/** @throws AppError invalid_request */
function fromCursor(cursor: string | undefined): bigint {
  if (cursor === undefined) return 0n;
  if (!/^\d{1,15}$/.test(cursor)) {
    throw new AppError('invalid_request', { issues: [{ path: '/cursor', issue: 'not_a_cursor' }] });
  }
  return BigInt(cursor);
}
