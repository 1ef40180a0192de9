/**
 * Writes the state of a stream into the log of every room that shows it.
 *
 * The last `stream:changed` of each room is compared first, so a restart of api or of the media server adds nothing that
 * people know already; until every media server has spoken only a live stream is news. Several api processes compare the same: the event's id is made
 * of what it follows on, so it is one event. When the log was away everything is compared again. Comparisons run one after the other: two of them at once could write the older state last.
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
  roomLog: Pick<RoomLog, 'append' | 'watch'>;
  mediaControl: Pick<MediaControl, 'stateOf' | 'onChange' | 'isComplete'>;
  /** Tells the rooms whose pointers have moved to another stream. */
  onMoved: (listener: (roomIds: readonly string[]) => void) => () => void;
}): () => void {
  const { sql, log, roomLog, mediaControl } = deps;
  let queue = Promise.resolve();
  let stopped = false;

  async function compare(changed: { streams: readonly string[] | 'all'; rooms: readonly string[] }): Promise<void> {
    if (stopped) return;
    const all = changed.streams === 'all';
    const rooms = await sql<{ id: string; streamId: string; last: StreamView | null; lastSeq: bigint | null }>`
      SELECT shown.id, shown.stream_id AS "streamId", told.event AS last, told.seq AS "lastSeq"
      FROM (
        SELECT r.id, CASE WHEN r.cut_in = 'on' THEN r.stream_id ELSE coalesce(s.stream_id, r.stream_id) END AS stream_id
        FROM rooms r LEFT JOIN rooms s ON s.id = r.relay_of WHERE r.state <> 'ended'
      ) AS shown
      LEFT JOIN LATERAL (
        SELECT e.event, e.seq FROM room_events e WHERE e.room_id = shown.id AND e.kind = 'stream:changed' ORDER BY e.seq DESC LIMIT 1
      ) AS told ON true
      WHERE ${all} OR shown.stream_id::text = ANY(${all ? [] : [...changed.streams]}::text[]) OR shown.id = ANY(${[...changed.rooms]}::uuid[])`;
    await Promise.all(
      rooms.map(async ({ id, streamId, last, lastSeq }) => {
        const { state, hasVideo, hasAudio } = mediaControl.stateOf(streamId);
        if (state !== 'live' && !mediaControl.isComplete) return;
        if (same(last ?? { state: 'idle', hasVideo: false, hasAudio: false }, { state, hasVideo, hasAudio })) return;
        const eventId = `stream:${lastSeq ?? 0}:${state}:${hasVideo}:${hasAudio}`;
        await roomLog.append(id, { kind: 'stream:changed', state, hasVideo, hasAudio }, { eventId });
      }),
    );
  }

  const enqueue = (changed: Parameters<typeof compare>[0]): void => {
    queue = queue
      .then(() => compare(changed))
      .catch((error: unknown) => log.error({ err: error }, 'rooms: the state of a stream could not be written'));
  };
  const undo = [
    mediaControl.onChange((streams) => enqueue({ streams, rooms: [] })),
    deps.onMoved((rooms) => enqueue({ streams: [], rooms })),
    roomLog.watch((isThere) => {
      if (isThere) enqueue({ streams: 'all', rooms: [] });
    }),
  ];
  return () => {
    stopped = true;
    for (const end of undo) end();
  };
}
