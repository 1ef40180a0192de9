/**
 * Writes the state of a stream into the log of every room that shows it.
 *
 * The last `stream:changed` of each room is compared first, so a restart of api or of the media server adds nothing that
 * people know already. Comparisons run one after the other: two of them at once could write the older state last.
 */
import type { MediaControl, StreamView } from '../../media-control/index.ts';
import type { Sql } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import type { RoomLog } from '../../room-log/index.ts';

const same = (a: StreamView, b: StreamView): boolean =>
  a.state === b.state && a.hasVideo === b.hasVideo && a.hasAudio === b.hasAudio;

export function writeStreamStates(deps: {
  sql: Sql;
  log: Logger;
  roomLog: Pick<RoomLog, 'append'>;
  mediaControl: Pick<MediaControl, 'stateOf' | 'onChange'>;
}): () => void {
  const { sql, log, roomLog, mediaControl } = deps;
  let queue = Promise.resolve();
  let stopped = false;

  async function compare(changed: readonly string[] | 'all'): Promise<void> {
    if (stopped) return;
    const all = changed === 'all';
    const rooms = await sql<{ id: string; streamId: string; last: StreamView | null }>`
      SELECT r.id, r.stream_id AS "streamId", (
          SELECT e.event FROM room_events e WHERE e.room_id = r.id AND e.kind = 'stream:changed' ORDER BY e.seq DESC LIMIT 1
        ) AS last
      FROM rooms r WHERE r.state <> 'ended' AND (${all} OR r.stream_id::text = ANY(${all ? [] : [...changed]}::text[]))`;
    await Promise.all(
      rooms.map(async ({ id, streamId, last }) => {
        const { state, hasVideo, hasAudio } = mediaControl.stateOf(streamId);
        if (same(last ?? { state: 'idle', hasVideo: false, hasAudio: false }, { state, hasVideo, hasAudio })) return;
        await roomLog.append(id, { kind: 'stream:changed', state, hasVideo, hasAudio });
      }),
    );
  }

  const undo = mediaControl.onChange((changed) => {
    queue = queue
      .then(() => compare(changed))
      .catch((error: unknown) => log.error({ err: error }, 'rooms: the state of a stream could not be written'));
  });
  return () => {
    stopped = true;
    undo();
  };
}
