/**
 * Tells the media server what to record, learns what became of it, deletes what is old.
 *
 * Model: facts of rooms (started, pointer moved, ended) come from the outbox and become spans of the recording's row; a
 * job sends every version that was not acknowledged, asks after those that are being finished, and carries out deletions.
 * Invariants: nothing is kept here, so a restart or a second process changes nothing; a fact seen twice makes no second
 * version; the whole order is sent each time and the media server ignores old ones; a deletion is in the audit log
 * before it happens.
 */
import type { RoomEventOf } from '@walnut-live/contracts';
import type { MediaControl } from '../../media-control/index.ts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import type { OutboxMessage, OutboxPublisher } from '../../platform/outbox.ts';
import type { MediaRecordings } from './media-recordings.ts';
import { clipOfPin, endSpans, keptUntil, movePointer, pinsOf, stretchOf } from './replays.policy.ts';
import { createReplaysRepository } from './replays.repository.ts';

export const RECORDINGS_JOB = 'recordings: follow';
export const RECORDING_RETENTION_JOB = 'recordings: retention';
export const RECORDING_HELP_JOB = 'recordings: tell helpers again';
const FOLLOW_EVERY_MS = 2_000;
const HELP_EVERY_MS = 60_000;
const RETENTION_EVERY_MS = 3_600_000;
const BATCH = 100;
/** Clips that follow from one live's pins. */
const MAX_PIN_CLIPS = 100;

export function followRecordings(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  outbox: Pick<OutboxPublisher, 'subscribe'>;
  mediaControl: Pick<MediaControl, 'onConnect'>;
  media: MediaRecordings;
  /** The stream the room shows now. */
  shownStream: (roomId: string) => Promise<string>;
  keepDays: number;
  deleteAfterDays: number;
}): () => void {
  const { db, clock, random, log, jobs, media } = deps;
  const rows = createReplaysRepository(db.sql);

  async function pointerMoved(roomId: string, { stage }: RoomEventOf<'stage:changed'>): Promise<void> {
    await db.transaction(async (tx) => {
      const mine = createReplaysRepository(tx);
      const recording = await mine.read(roomId, true);
      if (recording?.state !== 'recording') return;
      const spans = movePointer(recording.spans, stage.streamId, Date.parse(stage.since));
      if (spans) await mine.setSpans(roomId, spans, null);
    });
  }
  async function roomEnded(roomId: string, endedAt: Date): Promise<void> {
    await db.transaction(async (tx) => {
      const mine = createReplaysRepository(tx);
      const recording = await mine.read(roomId, true);
      if (recording?.state !== 'recording') return;
      await mine.setSpans(roomId, endSpans(recording.spans, endedAt.getTime()), endedAt);
    });
  }
  async function heard({ roomId, event }: OutboxMessage): Promise<boolean> {
    if (event.kind === 'room:started') await rows.begin(roomId, await deps.shownStream(roomId), new Date(event.at));
    else if (event.kind === 'stage:changed') await pointerMoved(roomId, event);
    else if (event.kind === 'room:ended') await roomEnded(roomId, new Date(event.at));
    else return false;
    return true;
  }

  /** The clips of its pins come with it, in one transaction. */
  async function finish(roomId: string): Promise<void> {
    const view = await media.view(roomId);
    const { state } = view;
    if (state === 'unknown') return rows.sendAgain(roomId);
    if (state !== 'ready' && state !== 'empty') return;
    await db.transaction(async (tx) => {
      const mine = createReplaysRepository(tx);
      if (!(await mine.finish(roomId, { ...view, state }))) return;
      const endedAtMs = (await mine.read(roomId))?.endedAt?.getTime() ?? 0;
      const changes = (await mine.pinChanges(roomId)).map(({ productId, at }) => ({ productId, atMs: at.getTime() }));
      let made = 0;
      for (const pin of pinsOf(changes, endedAtMs)) {
        const stretch = stretchOf(view.pieces, pin);
        const clip = stretch && clipOfPin(stretch, view.durationMs);
        if (!clip || made >= MAX_PIN_CLIPS) continue;
        made += 1;
        await mine.addClip({
          ...{ id: random.id(), roomId, productId: pin.productId, ...clip },
          ...{ origin: 'pin', createdBy: null, at: clock.now() },
        });
      }
    });
  }

  async function remove(roomId: string): Promise<void> {
    await media.remove(roomId);
    await rows.deleted(roomId, clock.now());
  }

  async function send({
    roomId,
    version,
    state,
    spans,
  }: Awaited<ReturnType<typeof rows.unsent>>[number]): Promise<void> {
    const order = { version, state: state === 'recording' ? ('recording' as const) : ('ended' as const), spans };
    if (await media.order(roomId, order)) await rows.sent(roomId, version);
  }

  async function sendVisibility({ roomId, version, visible }: { roomId: string; version: number; visible: boolean }) {
    await media.setHidden(roomId, !visible).catch((error: unknown) => {
      // What it does not have it cannot show either.
      if (!(error instanceof AppError && error.code === 'not_found')) throw error;
    });
    await rows.sent(roomId, version);
  }

  /** A room whose turn fails does not hold up the others. */
  async function each<T extends string | { roomId: string }>(rooms: readonly T[], work: (room: T) => Promise<void>) {
    for (const room of rooms) {
      const roomId = typeof room === 'string' ? room : room.roomId;
      await work(room).catch((error: unknown) => log.warn({ err: error, roomId }, 'recordings: will try again'));
    }
  }

  async function follow(): Promise<void> {
    await each(await rows.unsent(BATCH), send);
    await each(await rows.visibilityUnsent(BATCH), sendVisibility);
    await each(await rows.inState('processing', BATCH), finish);
    await each(await rows.inState('deleting', BATCH), remove);
  }

  jobs.every(RECORDINGS_JOB, FOLLOW_EVERY_MS, follow);
  if (media.hasHelpers) jobs.every(RECORDING_HELP_JOB, HELP_EVERY_MS, () => rows.sendAgain());
  const undoConnect = deps.mediaControl.onConnect(async () => {
    await rows.sendAgain();
    await jobs.runNow(RECORDINGS_JOB);
  });
  const undoOutbox = deps.outbox.subscribe(async (messages) => {
    let changed = false;
    for (const message of messages) changed = (await heard(message)) || changed;
    // Not awaited: what is published must not wait for the media server.
    if (changed) void jobs.runNow(RECORDINGS_JOB).catch(() => undefined);
  });

  jobs.every(RECORDING_RETENTION_JOB, RETENTION_EVERY_MS, async () => {
    // A policy of headquarters can only lengthen what the configuration says (rule Z1).
    const [policy] = await db.sql<{ days: number }>`SELECT keep_days AS days FROM retention_policies
      WHERE kind = 'replays' ORDER BY version DESC LIMIT 1`;
    const days = Math.max(deps.keepDays, deps.deleteAfterDays, policy?.days ?? 0);
    const before = keptUntil(clock.now(), -days);
    for (let count = BATCH; count === BATCH; ) {
      count = await db.transaction(async (tx) => {
        const gone = await createReplaysRepository(tx).beginDeletion(before, BATCH, null);
        for (const { roomId, orgPath } of gone) {
          await writeAudit(
            tx,
            { clock, random },
            {
              ...{ actorId: null, action: 'recording:deleted', target: `room:${roomId}`, orgPath },
              ...{ reason: 'retention policy', detail: { days } },
            },
          );
        }
        return gone.length;
      });
    }
    await each(await rows.inState('deleting', BATCH), remove);
  });

  return () => {
    undoConnect();
    undoOutbox();
  };
}
